//! The oracle: a format as a test wrote it down, sized bit by bit.
//!
//! It shares nothing with the module but the grammar: its own tree, its own table, and a position that
//! counts bits and walks forward one at a time until it is where it should be.

use core::ffi::{c_int, c_long, c_longlong, c_short};
use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use crate::format::LongDouble;

/// An item as it is to be written: what is `None` is left out.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) shape: Vec<usize>,
    pub(super) order: Option<char>,
    pub(super) count: Option<usize>,
    pub(super) code: Code,
    pub(super) name: Option<String>,
    /// Chooses among the ways to write the same: order of prefixes, white space, redundancy.
    pub(super) noise: u8,
}

#[derive(Clone, Debug)]
pub(super) enum Code {
    Plain(&'static str),
    Pointer(Box<Item>),
    Struct(Vec<Item>),
    Function(Vec<Item>, Option<Box<Item>>),
}

pub(super) struct Sized {
    /// Bytes.
    pub(super) size: usize,
    pub(super) align: usize,
    /// The byte offset of every scalar that is not padding, in order.
    pub(super) offsets: Vec<usize>,
}

/// Sizes a whole format string.
pub(super) fn size(items: &[Item], padded: bool) -> Sized {
    body(items, &mut '@', padded)
}

fn body(items: &[Item], order: &mut char, padded: bool) -> Sized {
    let mut bit = 0;
    let mut body_align = 1;
    let mut offsets = Vec::new();
    let mut run_of = None;
    for item in items {
        if let Some(new) = item.order {
            *order = new;
        }
        if let Code::Plain("t") = item.code {
            let run = *order == '>' || *order == '!';
            if run_of != Some(run) {
                while bit % 8 != 0 {
                    bit += 1;
                }
            }
            run_of = Some(run);
            offsets.push(bit / 8);
            for _ in 0..item.count.unwrap_or(1) {
                bit += 1;
            }
            continue;
        }
        run_of = None;
        while bit % 8 != 0 {
            bit += 1;
        }
        let (one, aligning) = single(&item.code, order, padded);
        if aligning == '@' {
            while bit / 8 % one.align != 0 {
                bit += 8;
            }
            body_align = body_align.max(one.align);
        }
        let padding = matches!(item.code, Code::Plain("x")) && item.name.is_none();
        if !padding {
            offsets.extend(one.offsets.iter().map(|inner| bit / 8 + inner));
        }
        for _ in 0..item.shape.iter().product::<usize>() * item.count.unwrap_or(1) {
            bit += 8 * one.size;
        }
    }
    while bit % 8 != 0 {
        bit += 1;
    }
    if padded && *order == '@' {
        while bit / 8 % body_align != 0 {
            bit += 8;
        }
    }
    Sized {
        size: bit / 8,
        align: body_align,
        offsets,
    }
}

/// One of it, and the order that says whether it is aligned.
fn single(code: &Code, order: &mut char, padded: bool) -> (Sized, char) {
    let here = *order;
    let scalar = |size, align| Sized {
        size,
        align,
        offsets: [0].into(),
    };
    let pointer = || scalar(size_of::<*const u8>(), align_of::<*const u8>());
    match code {
        Code::Plain(code) => {
            let (size, align) = plain(code, matches!(here, '@' | '^'));
            (scalar(size, align), here)
        }
        Code::Struct(items) => (body(items, order, padded), *order),
        Code::Pointer(target) => {
            follow(target, order);
            (pointer(), here)
        }
        Code::Function(arguments, result) => {
            arguments.iter().for_each(|item| follow(item, order));
            result.iter().for_each(|item| follow(item, order));
            (pointer(), here)
        }
    }
}

/// Which order is in force behind an item that takes no room itself.
fn follow(item: &Item, order: &mut char) {
    if let Some(new) = item.order {
        *order = new;
    }
    if !matches!(item.code, Code::Plain(_)) {
        single(&item.code, order, false);
    }
}

fn plain(code: &str, native: bool) -> (usize, usize) {
    let by_order =
        |standard: usize, of_type: (usize, usize)| if native { of_type } else { (standard, 1) };
    let long_double = (LongDouble::SIZE, LongDouble::ALIGN);
    match code {
        "x" | "c" | "b" | "B" | "?" | "s" | "p" => (1, 1),
        "h" | "H" => by_order(2, of::<c_short>()),
        "i" | "I" => by_order(4, of::<c_int>()),
        "l" | "L" => by_order(4, of::<c_long>()),
        "q" | "Q" => by_order(8, of::<c_longlong>()),
        "e" | "u" => (2, 2),
        "f" | "w" => (4, 4),
        "d" => of::<f64>(),
        "Ze" => (4, 2),
        "F" | "Zf" => (8, 4),
        "D" | "Zd" => (16, of::<f64>().1),
        "g" => long_double,
        "G" | "Zg" => (2 * long_double.0, long_double.1),
        "n" | "N" | "O" | "P" | "z" | "Z" => of::<*const u8>(),
        other => panic!("the oracle does not know {other}"),
    }
}

fn of<T>() -> (usize, usize) {
    (size_of::<T>(), align_of::<T>())
}

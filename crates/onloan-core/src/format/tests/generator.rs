//! Random formats, and every odd way to write them.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::boxed::Box;
use std::fmt::Write as _;
use std::string::{String, ToString};
use std::vec::Vec;

use super::oracle::{Code, Item};

const ORDERS: [char; 6] = ['@', '=', '<', '>', '!', '^'];

/// `n` and `N` are left out: they are refused under some orders. So is `t`, which has rules of its own.
const CODES: [&str; 31] = [
    "x", "c", "b", "B", "?", "h", "H", "i", "I", "l", "L", "q", "Q", "e", "f", "d", "g", "F", "D",
    "G", "Ze", "Zf", "Zd", "Zg", "s", "p", "u", "w", "O", "P", "z",
];

/// A list of items, nested a few levels deep.
pub(super) fn items() -> impl Strategy<Value = Vec<Item>> {
    vec(nested(true), 1..5)
}

/// The same without codes of which reading and writing keeps the meaning but not every byte.
pub(super) fn lossless_items() -> impl Strategy<Value = Vec<Item>> {
    vec(nested(false), 1..5)
}

fn nested(lossy: bool) -> impl Strategy<Value = Item> {
    let codes: Vec<&str> = CODES
        .into_iter()
        .filter(|code| lossy || !matches!(*code, "?" | "p" | "g" | "G" | "Zg" | "O"))
        .collect();
    let plain = prop_oneof![
        12 => (prefixes(), select(codes)).prop_map(|(item, code)| item.with(Code::Plain(code))),
        1 => (prefixes(), name()).prop_map(|(item, name)| Item {
            name: Some(name),
            ..item.with(Code::Plain("Z"))
        }),
        1 => (prefixes(), select(&["n", "N"][..])).prop_map(|(item, code)| Item {
            order: Some('@'),
            ..item.with(Code::Plain(code))
        }),
        2 => (prefixes(), 1..=64_usize).prop_map(|(item, width)| Item {
            shape: Vec::new(),
            count: Some(width),
            ..item.with(Code::Plain("t"))
        }),
    ];
    plain.prop_recursive(4, 24, 4, |inner| {
        let addressable = inner.clone().prop_map(|item| match item.code {
            Code::Plain("t") => item.with(Code::Plain("B")),
            _ => item,
        });
        prop_oneof![
            4 => (prefixes(), vec(inner.clone(), 0..5))
                .prop_map(|(item, items)| item.with(Code::Struct(items))),
            1 => (prefixes(), addressable).prop_map(|(item, target)| {
                // Behind a pointer a name would be the pointer's; a lone Z needs one.
                let code = match target.code {
                    Code::Plain("Z") => Code::Plain("z"),
                    code => code,
                };
                item.with(Code::Pointer(Box::new(Item { code, name: None, ..target })))
            }),
            1 => (prefixes(), vec(inner.clone(), 0..3), option::of(inner))
                .prop_map(|(item, arguments, result)| {
                    item.with(Code::Function(arguments, result.map(Box::new)))
                }),
        ]
    })
}

impl Item {
    fn with(self, code: Code) -> Self {
        Self { code, ..self }
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-zé} <0]{0,3}"
}

fn prefixes() -> impl Strategy<Value = Item> {
    (
        prop_oneof![3 => Just(Vec::new()), 1 => vec(0..4_usize, 1..3)],
        option::weighted(0.4, select(&ORDERS[..])),
        option::weighted(0.3, 0..5_usize),
        option::of(name()),
        any::<u8>(),
    )
        .prop_map(|(shape, order, count, name, noise)| Item {
            shape,
            order,
            count,
            code: Code::Plain("x"),
            name,
            noise,
        })
}

/// The items as a format string, as oddly as their noise says.
pub(super) fn write(items: &[Item]) -> String {
    let mut out = String::new();
    items.iter().for_each(|item| write_item(item, &mut out));
    out
}

fn write_item(item: &Item, out: &mut String) {
    let says = |bit: u8| item.noise >> bit & 1 == 1;
    let space = if says(0) { " \n" } else { "" };
    let extents: Vec<String> = item.shape.iter().map(ToString::to_string).collect();
    let order = item.order.map_or(String::new(), |order| {
        // An order that another one follows has no effect.
        if says(1) {
            std::format!(">{space}{order}")
        } else {
            order.to_string()
        }
    });
    let shape = match extents.as_slice() {
        [] => String::new(),
        // One extent after the other, and the first as a count.
        [first, rest @ ..] if says(2) => rest.iter().fold(first.clone(), |all, extent| {
            std::format!("{all}{space}({extent})")
        }),
        all => std::format!("({})", all.join(if says(0) { " , " } else { "," })),
    };
    let count = item.count.map_or(String::new(), |count| count.to_string());
    // A bare number before the count would run into it.
    let adjacent = shape.ends_with(|last: char| last.is_ascii_digit()) && !count.is_empty();
    if says(3) && !adjacent {
        write!(out, "{space}{order}{space}{shape}{space}{count}{space}").unwrap();
    } else if says(4) || adjacent && order.is_empty() {
        let shape = std::format!("({})", extents.join(","));
        let shape = if extents.is_empty() {
            String::new()
        } else {
            shape
        };
        write!(out, "{shape}{count}{space}{order}").unwrap();
    } else {
        write!(out, "{shape}{space}{order}{count}").unwrap();
    }
    match &item.code {
        Code::Plain(code) => code
            .chars()
            .for_each(|letter| write!(out, "{letter}{space}").unwrap()),
        Code::Pointer(target) => {
            out.push('&');
            write_item(target, out);
        }
        Code::Struct(items) => {
            write!(out, "T{{{}{space}}}", write(items)).unwrap();
        }
        Code::Function(arguments, result) => {
            write!(out, "X{space}{{{}", write(arguments)).unwrap();
            if let Some(result) = result {
                out.push_str("->");
                write_item(result, out);
            }
            out.push('}');
        }
    }
    if let Some(name) = &item.name {
        write!(out, "{space}:{name}:").unwrap();
    }
}

//! Bytes in C order, and as hexadecimal text.

use alloc::{borrow::Cow, format, string::String};
use core::ops::ControlFlow;

use super::*;
use crate::kernel::{Separator, bytes_raw, hex_raw, visit_bytes_raw, write_hex_raw};
use crate::layout::Order;

/// The oracle: whether a separator stands before a byte, by counting from the end that counts.
fn hex_byte_by_byte(bytes: &[u8], separator: char, every: isize) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let counted = if every > 0 { bytes.len() - at } else { at };
        if at > 0 && every != 0 && counted % every.unsigned_abs() == 0 {
            text.push(separator);
        }
        text += &format!("{byte:02x}");
    }
    text
}

fn hex(real: &Real, separator: Option<Separator>) -> String {
    // SAFETY: `build` made the memory.
    unsafe { hex_raw(real.buf, &real.layout, separator) }.unwrap()
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn bytes_come_in_c_order(shape in shapes(), itemsize in itemsizes(), axes in axes(9)) {
        let real = Real::new(laid(&shape, itemsize, &axes), 1);
        let expected = real.items().concat();
        // SAFETY: `build` made the memory.
        let bytes = unsafe { bytes_raw(real.buf, &real.layout) }.unwrap();
        prop_assert_eq!(&*bytes, &*expected, "{:?}", real.layout);
        let borrowed = real.layout.is_contiguous_in(Order::C) || bytes.is_empty();
        prop_assert_eq!(matches!(bytes, Cow::Borrowed(_)), borrowed);
        let mut pieces = Vec::new();
        let mut visit = |piece: &[u8]| {
            pieces.extend_from_slice(piece);
            ControlFlow::Continue(())
        };
        // SAFETY: `build` made the memory.
        let whole = unsafe { visit_bytes_raw(real.buf, &real.layout, &mut visit) };
        prop_assert!(whole.is_continue());
        prop_assert_eq!(pieces, expected);
    }

    #[test]
    fn hexadecimal_text_is_that_of_each_byte(
        shape in shapes(), itemsize in itemsizes(), axes in axes(9),
        every in prop_oneof![3 => -20_isize..20, 1 => any::<isize>()],
    ) {
        let real = Real::new(laid(&shape, itemsize, &axes), 1);
        let bytes = real.items().concat();
        prop_assert_eq!(hex(&real, None), hex_byte_by_byte(&bytes, ' ', 0));
        let mut written = vec![b'-'; 2 * bytes.len() + 1];
        // SAFETY: `build` made the memory, and there are two bytes for each.
        unsafe { write_hex_raw(real.buf, &real.layout, written.as_mut_ptr()) };
        prop_assert_eq!(String::from_utf8(written).unwrap(), hex(&real, None) + "-");
        let separated = hex(&real, Separator::new(':', every));
        prop_assert_eq!(separated, hex_byte_by_byte(&bytes, ':', every), "{} bytes", bytes.len());
    }
}

#[test]
fn groups_of_every_size_are_separated_in_text_of_every_length() {
    for length in (0..40).chain([511, 512, 513, 1024, 1500]) {
        let real = Real::new(Layout::vector(length, 1).unwrap(), 3);
        let bytes = real.items().concat();
        for every in (-18..=18).chain([256, 511, 512, -600, 1499, isize::MAX, isize::MIN]) {
            let separated = hex(&real, Separator::new('-', every));
            assert_eq!(
                separated,
                hex_byte_by_byte(&bytes, '-', every),
                "{length} {every}"
            );
        }
    }
}

#[test]
fn text_of_gathered_blocks_has_its_separators_where_the_whole_has_them() {
    let real = Real::new(Layout::strided(&[140_000], &[-2], 1).unwrap(), 3);
    let bytes = real.items().concat();
    for every in [1, 3, -7, 100] {
        let separated = hex(&real, Separator::new('-', every));
        assert!(separated == hex_byte_by_byte(&bytes, '-', every), "{every}");
    }
}

#[test]
fn a_separator_is_ascii() {
    assert!(Separator::new('\u{7f}', 1).is_some());
    assert!(Separator::new('\u{80}', 1).is_none());
    assert!(Separator::new('é', 1).is_none());
}

#[test]
fn a_visit_ends_where_it_breaks() {
    let real = Real::new(Layout::strided(&[300_000], &[2], 1).unwrap(), 3);
    let mut visits = 0;
    let mut visit = |_: &[u8]| {
        visits += 1;
        ControlFlow::Break(())
    };
    // SAFETY: `build` made the memory.
    assert!(unsafe { visit_bytes_raw(real.buf, &real.layout, &mut visit) }.is_break());
    assert_eq!(visits, 1);
}

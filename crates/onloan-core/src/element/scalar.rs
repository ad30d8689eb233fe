//! The numbers, `bool` and `char`.

use super::text::c_str;
use super::{AnyBits, Element};

#[cfg(target_endian = "little")]
macro_rules! in_native_order {
    ($code:literal) => {
        concat!("<", $code)
    };
}

#[cfg(target_endian = "big")]
macro_rules! in_native_order {
    ($code:literal) => {
        concat!(">", $code)
    };
}

macro_rules! scalar {
    ($($type:ty: $code:literal;)+) => {$(
        // SAFETY: a primitive number, `bool` or `char` (or two floats, `Complex` being `repr(C)`, or one `u16`, `f16` being
        // `repr(transparent)`): no padding, pointer or cell. The code's size is asserted below.
        unsafe impl Element for $type {
            type Item = Self;
            const SHAPE: &'static [usize] = &[];
            const FORMAT: &'static core::ffi::CStr = c_str(concat!($code, "\0"));
            const FIELD: &'static str = in_native_order!($code);
        }

        const _: () = assert!(size_of::<$type>() == standard_size($code), "the code has another size than the type");
    )+};
}

macro_rules! any_bits {
    ($($type:ty),+) => {$(
        // SAFETY: integers and IEEE floats have no invalid bit pattern.
        unsafe impl AnyBits for $type {}
    )+};
}

/// The size of a code under `<` and `>`. On every platform that CPython runs on, it is also the native size of these codes.
const fn standard_size(code: &str) -> usize {
    match code.as_bytes() {
        b"b" | b"B" | b"?" => 1,
        b"h" | b"H" | b"e" => 2,
        b"i" | b"I" | b"f" | b"w" => 4,
        b"q" | b"Q" | b"d" | b"Zf" => 8,
        b"Zd" => 16,
        _ => panic!("not a code of this module"),
    }
}

scalar! {
    u8: "B"; u16: "H"; u32: "I"; u64: "Q";
    i8: "b"; i16: "h"; i32: "i"; i64: "q";
    f32: "f"; f64: "d";
    bool: "?"; char: "w";
}
any_bits!(u8, u16, u32, u64, i8, i16, i32, i64, usize, isize, f32, f64);

// By width rather than as `N` and `n`, which have no standard size and which NumPy does not read inside structures.
#[cfg(target_pointer_width = "64")]
scalar! { usize: "Q"; isize: "q"; }
#[cfg(target_pointer_width = "32")]
scalar! { usize: "I"; isize: "i"; }

#[cfg(feature = "half")]
scalar! { half::f16: "e"; }
#[cfg(feature = "half")]
any_bits!(half::f16);

#[cfg(feature = "num-complex")]
scalar! { num_complex::Complex<f32>: "Zf"; num_complex::Complex<f64>: "Zd"; }
#[cfg(feature = "num-complex")]
any_bits!(num_complex::Complex<f32>, num_complex::Complex<f64>);

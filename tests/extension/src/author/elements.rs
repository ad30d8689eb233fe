//! Every type of element, each as items of a `Vec`, with what the compiler made of its fields.

use std::collections::BTreeMap;
use std::mem::offset_of;

use half::f16;
use num_complex::Complex;
use onloan::{BigEndian, ByteBool, Element, ExportCell, FixedBytes, LittleEndian, Padding};
use pyo3::prelude::*;

use super::lent::{Encode, Lent, encoded};

/// A field's place: offset and size.
type Fields = BTreeMap<&'static str, (usize, usize)>;

/// Every element: name, object that lends some, size, and for a structure its fields.
#[pyfunction]
pub(crate) fn elements() -> Vec<(&'static str, Lent, usize, Fields)> {
    let mut all = numbers();
    all.extend(others());
    all.extend(structures());
    all
}

fn of<T: Element + Encode>(
    name: &'static str,
    values: Vec<T>,
    fields: Fields,
) -> (&'static str, Lent, usize, Fields) {
    let cell = ExportCell::read_only(values);
    (
        name,
        Lent::new(cell, |items: &Vec<T>| encoded(items)),
        size_of::<T>(),
        fields,
    )
}

fn plain<T: Element + Encode>(
    name: &'static str,
    values: Vec<T>,
) -> (&'static str, Lent, usize, Fields) {
    of(name, values, Fields::new())
}

fn numbers() -> Vec<(&'static str, Lent, usize, Fields)> {
    vec![
        plain("u8", vec![0_u8, 1, u8::MAX]),
        plain("u16", vec![0_u16, 1, u16::MAX]),
        plain("u32", vec![0_u32, 1, u32::MAX]),
        plain("u64", vec![0_u64, 1, u64::MAX]),
        plain("usize", vec![0_usize, usize::MAX]),
        plain("i8", vec![i8::MIN, -1, i8::MAX]),
        plain("i16", vec![i16::MIN, -1, i16::MAX]),
        plain("i32", vec![i32::MIN, -1, i32::MAX]),
        plain("i64", vec![i64::MIN, -1, i64::MAX]),
        plain("isize", vec![isize::MIN, -1]),
        plain("f32", vec![0.5_f32, -1.0e30]),
        plain("f64", vec![0.1_f64, f64::INFINITY]),
        plain("f16", vec![f16::from_f32(0.5), f16::from_f32(-65504.0)]),
        plain(
            "Complex<f32>",
            vec![Complex::new(1.0_f32, -2.0), Complex::new(0.25, 0.0)],
        ),
        plain(
            "Complex<f64>",
            vec![Complex::new(1.0_f64, -2.0), Complex::new(0.1, 1e300)],
        ),
    ]
}

fn others() -> Vec<(&'static str, Lent, usize, Fields)> {
    vec![
        plain("bool", vec![true, false, true]),
        plain("ByteBool", vec![ByteBool::new(true), ByteBool::new(false)]),
        plain("char", vec!['a', 'ß', '𝄞']),
        plain("BigEndian<u16>", vec![BigEndian::new(0x0102_u16)]),
        plain("BigEndian<u32>", vec![BigEndian::new(1_u32)]),
        plain(
            "BigEndian<f64>",
            vec![BigEndian::new(1.5_f64), BigEndian::new(-0.0)],
        ),
        plain("LittleEndian<i64>", vec![LittleEndian::new(-2_i64)]),
        plain(
            "FixedBytes<5>",
            vec![
                FixedBytes::new(*b"abcde"),
                FixedBytes::try_from(&b"xy"[..]).expect("two of five"),
            ],
        ),
        plain("Padding<3>", vec![Padding::<3>::ZERO; 2]),
        plain("[f32; 3]", vec![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        plain("[[u8; 2]; 3]", vec![[[1_u8, 2], [3, 4], [5, 6]]]),
        plain("Celsius", vec![Celsius(36.6), Celsius(-273.15)]),
    ]
}

fn structures() -> Vec<(&'static str, Lent, usize, Fields)> {
    let mixed = |id| Mixed {
        id,
        _padding: Padding::ZERO,
        value: f64::from(id) / 4.0,
        span: [-1, 0, 1, 2],
    };
    let deep = Deep {
        kind: 7,
        flag: ByteBool::new(true),
        exact: true,
        _padding: Padding::ZERO,
        corners: [Point { x: 1.0, y: 2.0 }, Point { x: -1.0, y: 0.5 }],
        header: Header {
            magic: FixedBytes::new(*b"RIFF"),
            length: BigEndian::new(0x0102_0304),
            ratio: LittleEndian::new(0.5),
        },
        phase: Complex::new(0.0, 1.0),
        half: f16::from_f32(1.5),
        grid: [[1, 2, 3], [4, 5, 6]],
        letter: 'Ω',
    };
    vec![
        of(
            "Mixed",
            vec![mixed(1), mixed(u32::MAX)],
            Fields::from([
                ("id", (offset_of!(Mixed, id), 4)),
                ("value", (offset_of!(Mixed, value), 8)),
                ("peak to peak", (offset_of!(Mixed, span), 8)),
            ]),
        ),
        of(
            "Point",
            vec![Point { x: 0.5, y: -0.5 }],
            Fields::from([("x", (0, 4)), ("y", (offset_of!(Point, y), 4))]),
        ),
        of(
            "Header",
            vec![deep.header, deep.header],
            Fields::from([
                ("magic", (offset_of!(Header, magic), 4)),
                ("length", (offset_of!(Header, length), 4)),
                ("ratio", (offset_of!(Header, ratio), 4)),
            ]),
        ),
        of(
            "Packed",
            vec![Packed {
                tag: 9,
                value: 1 << 40,
                last: -5,
            }],
            Fields::from([
                ("tag", (offset_of!(Packed, tag), 1)),
                ("value", (offset_of!(Packed, value), 8)),
                ("last", (offset_of!(Packed, last), 2)),
            ]),
        ),
        of(
            "Pair",
            vec![Pair(1, 2.0), Pair(-1, 0.5)],
            Fields::from([
                ("f0", (offset_of!(Pair, 0), 4)),
                ("f1", (offset_of!(Pair, 1), 4)),
            ]),
        ),
        of(
            "Deep",
            vec![deep],
            Fields::from([
                ("kind", (offset_of!(Deep, kind), 1)),
                ("flag", (offset_of!(Deep, flag), 1)),
                ("exact", (offset_of!(Deep, exact), 1)),
                ("corners", (offset_of!(Deep, corners), 16)),
                ("header", (offset_of!(Deep, header), 12)),
                ("phase", (offset_of!(Deep, phase), 8)),
                ("half", (offset_of!(Deep, half), 2)),
                ("grid", (offset_of!(Deep, grid), 6)),
                ("letter", (offset_of!(Deep, letter), 4)),
            ]),
        ),
    ]
}

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Mixed {
    id: u32,
    _padding: Padding<4>,
    value: f64,
    #[element(name = "peak to peak")]
    span: [i16; 4],
}

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Point {
    x: f32,
    y: f32,
}

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Header {
    magic: FixedBytes<4>,
    length: BigEndian<u32>,
    ratio: LittleEndian<f32>,
}

#[derive(Clone, Copy, Element)]
#[repr(C, packed)]
struct Packed {
    tag: u8,
    value: u64,
    last: i16,
}

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Pair(i32, f32);

/// A degree more or less is a number to everybody else.
#[derive(Clone, Copy, Element)]
#[repr(transparent)]
struct Celsius(f64);

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Deep {
    kind: u8,
    flag: ByteBool,
    exact: bool,
    _padding: Padding<1>,
    corners: [Point; 2],
    header: Header,
    phase: Complex<f32>,
    half: f16,
    grid: [[u8; 3]; 2],
    letter: char,
}

macro_rules! encode_fields {
    ($($structure:ident { $($field:tt),+ })+) => {$(
        impl Encode for $structure {
            fn encode(&self, to: &mut Vec<u8>) {
                $({ self.$field }.encode(to);)+
            }
        }
    )+};
}

encode_fields! {
    Mixed { id, _padding, value, span }
    Point { x, y }
    Header { magic, length, ratio }
    Packed { tag, value, last }
    Pair { 0, 1 }
    Celsius { 0 }
    Deep { kind, flag, exact, _padding, corners, header, phase, half, grid, letter }
}

impl Encode for bool {
    fn encode(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }
}

impl Encode for ByteBool {
    fn encode(&self, to: &mut Vec<u8>) {
        self.get().encode(to);
    }
}

impl Encode for char {
    fn encode(&self, to: &mut Vec<u8>) {
        u32::from(*self).encode(to);
    }
}

impl<T: Encode> Encode for Complex<T> {
    fn encode(&self, to: &mut Vec<u8>) {
        self.re.encode(to);
        self.im.encode(to);
    }
}

impl<const N: usize> Encode for FixedBytes<N> {
    fn encode(&self, to: &mut Vec<u8>) {
        (**self).encode(to);
    }
}

impl<const N: usize> Encode for Padding<N> {
    fn encode(&self, to: &mut Vec<u8>) {
        [0_u8; N].encode(to);
    }
}

macro_rules! encode_in_order {
    ($($number:ty),+) => {$(
        impl Encode for BigEndian<$number> {
            fn encode(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.get().to_be_bytes());
            }
        }

        impl Encode for LittleEndian<$number> {
            fn encode(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.get().to_le_bytes());
            }
        }
    )+};
}

encode_in_order!(u16, u32, i64, f32, f64);

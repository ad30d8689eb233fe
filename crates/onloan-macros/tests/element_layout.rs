//! Derived formats as the grammar reads them: every field lies where the compiler put it.

use core::mem::offset_of;

use onloan_core::element::{BigEndian, ByteBool, Element as _, FixedBytes, Padding};
use onloan_core::format::{Format, Node, Reading};
use onloan_macros::Element;

/// The named fields of the struct `format`: name, offset, size.
fn fields_of(text: &str, itemsize: usize) -> Vec<(String, usize, usize)> {
    let format = Format::parse(text).unwrap();
    assert!(!format.is_ambiguous(), "{format}");
    assert_eq!(format.size(Reading::Unpadded), itemsize, "{format}");
    let plan = format.plan(Reading::Unpadded);
    let Node::Record(record) = plan.root() else {
        panic!("{format} is no struct");
    };
    record
        .fields()
        .iter()
        .map(|field| {
            (
                field.name().unwrap().to_owned(),
                field.offset(),
                field.node().size(),
            )
        })
        .collect()
}

/// Asserts that the format has these fields, at the offsets and of the sizes that the compiler gives them.
macro_rules! assert_fields {
    ($struct:ident { $($field:ident),+ }) => {{
        fn size_of_field<S, T>(_: fn(S) -> T) -> usize {
            size_of::<T>()
        }
        let expected = vec![$((
            stringify!($field).to_owned(),
            offset_of!($struct, $field),
            size_of_field(|value: $struct| value.$field),
        )),+];
        assert_eq!(fields_of($struct::FIELD, size_of::<$struct>()), expected);
        assert_eq!($struct::FORMAT.to_str().unwrap(), $struct::FIELD);
    }};
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(transparent)]
struct Grade(u8);

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
struct Measurement {
    valid: ByteBool,
    sealed: bool,
    channel: u16,
    _padding: Padding<4>,
    at: f64,
    axes: [[f32; 3]; 2],
    unit: FixedBytes<3>,
    grade: Grade,
    checksum: BigEndian<u32>,
}

#[test]
fn a_c_struct_lies_as_its_format_says() {
    assert_fields!(Measurement {
        valid,
        sealed,
        channel,
        at,
        axes,
        unit,
        grade,
        checksum
    });
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C, packed)]
struct Message {
    magic: FixedBytes<4>,
    flags: u8,
    length: u64,
    first: Measurement,
    rest: [Measurement; 2],
    end: u8,
}

#[test]
fn a_packed_struct_with_structs_inside_lies_as_its_format_says() {
    assert_fields!(Message {
        magic,
        flags,
        length,
        first,
        rest,
        end
    });
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C, align(32))]
struct CacheLine {
    _lead: Padding<2>,
    count: i16,
    _gap: [Padding<2>; 2],
    total: i64,
    _tail: Padding<16>,
}

#[test]
fn padding_moves_the_fields_after_it() {
    assert_fields!(CacheLine { count, total });
    assert_eq!(offset_of!(CacheLine, total), 8);
}

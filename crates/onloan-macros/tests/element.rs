//! Derived elements: formats, offsets, bounds; in a crate that forbids `unsafe` and that has names of its own for everything.
#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::mem::offset_of;

use onloan_core::element::{
    self as lib, AnyBits, BigEndian, ByteBool, FixedBytes, LittleEndian, Padding,
};
use onloan_macros::Element;

/// Asserts the format, written for a little-endian machine: elsewhere native fields have `>`.
#[track_caller]
fn assert_format<T: lib::Element>(little_endian: &str) {
    let expected = if cfg!(target_endian = "little") {
        little_endian.to_owned()
    } else {
        little_endian.replace('<', ">")
    };
    assert_eq!(T::FORMAT.to_str().unwrap(), expected);
    assert_eq!(T::FIELD, expected);
}

/// `Probe::<T>::ANY_BITS` finds the first impl's constant where `T: AnyBits`, and the trait's where not.
struct Probe<T>(PhantomData<T>);

impl<T: AnyBits> Probe<T> {
    const ANY_BITS: bool = true;
}

trait Otherwise {
    const ANY_BITS: bool = false;
}

impl<T> Otherwise for Probe<T> {}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
struct Sample {
    id: u32,
    _padding: Padding<4>,
    value: f64,
}

#[test]
fn a_struct_is_its_fields_in_order_with_padding_unnamed() {
    assert_format::<Sample>("T{<I:id:4x<d:value:}");
    assert_eq!(
        (
            offset_of!(Sample, id),
            offset_of!(Sample, value),
            size_of::<Sample>()
        ),
        (0, 8, 16)
    );
    assert!(<Sample as lib::Element>::SHAPE.is_empty());
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
pub(crate) struct Every {
    a: u8,
    b: i8,
    c: bool,
    d: ByteBool,
    e: char,
    f: u16,
    g: i16,
    h: f32,
    i: u64,
    j: i64,
    k: f64,
    l: u32,
    m: i32,
    n: FixedBytes<8>,
    o: [[f32; 3]; 2],
    p: Padding<1>,
    q: Padding<7>,
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
struct Ordered {
    big: BigEndian<u16>,
    little: LittleEndian<i32>,
    many: [BigEndian<f64>; 2],
}

#[test]
fn every_kind_of_field_has_its_format() {
    assert_format::<Every>(
        "T{<B:a:<b:b:<?:c:<?:d:<w:e:<H:f:<h:g:<f:h:<Q:i:<q:j:<d:k:<I:l:<i:m:8s:n:(2,3)<f:o:x7x}",
    );
    assert_eq!(
        <Ordered as lib::Element>::FIELD,
        "T{>H:big:<i:little:(2)>d:many:}"
    );
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
struct Track {
    label: FixedBytes<8>,
    samples: [Sample; 3],
    first: Sample,
    grid: [[Sample; 1]; 2],
}

#[test]
fn structs_nest_and_stand_in_arrays() {
    assert_format::<Track>(concat!(
        "T{8s:label:",
        "(3)T{<I:id:4x<d:value:}:samples:",
        "T{<I:id:4x<d:value:}:first:",
        "(2,1)T{<I:id:4x<d:value:}:grid:}"
    ));
    assert_format::<[Sample; 2]>("(2)T{<I:id:4x<d:value:}");
    assert_eq!(<[[Sample; 3]; 2] as lib::Element>::SHAPE, [2, 3]);
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C, packed)]
struct Packed {
    tag: u8,
    value: u64,
    last: u16,
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
#[repr(packed(2))]
struct PackedByTwo {
    tag: u16,
    value: u64,
}

#[test]
fn a_packed_struct_needs_no_padding() {
    assert_format::<Packed>("T{<B:tag:<Q:value:<H:last:}");
    assert_eq!((offset_of!(Packed, value), size_of::<Packed>()), (1, 11));
    assert_format::<PackedByTwo>("T{<H:tag:<Q:value:}");
    assert_eq!(offset_of!(PackedByTwo, value), 2);
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C, align(16))]
struct Aligned {
    values: [f32; 3],
    _padding: Padding<4>,
}

#[test]
fn an_aligned_struct_ends_with_its_padding_written_out() {
    assert_format::<Aligned>("T{(3)<f:values:4x}");
    assert_eq!(size_of::<Aligned>(), 16);
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
struct Point(f32, f32);

#[test]
fn the_fields_of_a_tuple_struct_are_numbered_as_numpy_does() {
    assert_format::<Point>("T{<f:f0:<f:f1:}");
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(transparent)]
struct Celsius(f32);

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(transparent)]
struct Matrix {
    rows: [[Celsius; 3]; 2],
}

#[test]
fn a_transparent_struct_is_lent_as_its_field() {
    assert_eq!(<Celsius as lib::Element>::FORMAT, c"f");
    assert_eq!(
        <Celsius as lib::Element>::FIELD,
        <f32 as lib::Element>::FIELD
    );
    assert_eq!(<Matrix as lib::Element>::FORMAT, c"(2,3)f");
    assert_eq!(<Matrix as lib::Element>::SHAPE, [2, 3]);
    assert_eq!(
        core::any::type_name::<<Matrix as lib::Element>::Item>(),
        core::any::type_name::<f32>()
    );
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
struct Named {
    r#type: u8,
    größe: u8,
    #[element(name = "peak to peak")]
    span: u8,
    #[element(name = "type}")]
    odd: u8,
}

#[test]
fn a_name_is_the_fields_own_without_r_or_the_given_one() {
    assert_format::<Named>("T{<B:type:<B:größe:<B:peak to peak:<B:type}:}");
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
struct Flagged {
    flag: bool,
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
struct HoldsFlagged {
    good: u8,
    nested: [Flagged; 2],
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(transparent)]
struct Flag(bool);

#[test]
fn a_struct_is_any_bits_exactly_when_all_of_its_fields_are() {
    macro_rules! any_bits {
        ($($type:ty),+) => { [$(Probe::<$type>::ANY_BITS),+] };
    }
    assert_eq!(any_bits![Sample, Track, Packed, Matrix, Ordered], [true; 5]);
    assert_eq!(any_bits![Every, Flagged, HoldsFlagged, Flag], [false; 4]);
}

macro_rules! declare {
    ($name:ident, $field:ident: $type:ty) => {
        #[derive(Clone, Copy, Element)]
        #[element(crate = onloan_core)]
        #[repr(C)]
        struct $name {
            $field: $type,
        }
    };
}

#[test]
fn a_struct_may_come_from_a_macro_and_stand_in_a_function() {
    declare!(Local, field: [u8; 2]);
    assert_format::<Local>("T{(2)<B:field:}");
}

/// Names that the expansion could stumble over.
mod hostile {
    #![allow(dead_code, non_camel_case_types, non_snake_case)]

    mod core {}
    mod onloan {}
    mod std {}
    struct str;
    struct usize;
    trait Element {}
    trait AnyBits {}
    struct Option;
    fn check_end() {}

    #[derive(Clone, Copy, onloan_macros::Element)]
    #[element(crate = onloan_core)]
    #[repr(C)]
    pub(super) struct Struct {
        pub(super) Field: u8,
        pub(super) index: u8,
    }
}

#[test]
fn the_expansion_depends_on_no_name_in_scope() {
    assert_format::<hostile::Struct>("T{<B:Field:<B:index:}");
}

#[derive(Clone, Copy, Element)]
#[element(crate = onloan_core)]
#[repr(C)]
struct Wide {
    a: [[Track; 7]; 11],
    b: [Track; 13],
    c: Track,
    d: [Track; 2],
    e: [Track; 3],
    f: [Track; 4],
    g: [Track; 5],
    h: [Track; 6],
    i: [Track; 7],
    j: [Track; 8],
}

#[test]
fn a_format_has_room_for_many_nested_fields() {
    let track = <Track as lib::Element>::FIELD;
    let format = <Wide as lib::Element>::FORMAT.to_str().unwrap();
    assert_eq!(format.matches(track).count(), 10);
    assert!(format.len() > 1024);
    assert!(format.ends_with(":j:}"));
}

//! Every element's format held against its size, by a sizer that knows only the formats written here.

use core::fmt::Debug;
use core::hash::{Hash, Hasher};
use std::collections::hash_map::DefaultHasher;
use std::format;
use std::string::ToString;
use std::vec::Vec;

use crate::format::{Format, Reading};

use super::text::{Composed, Spelled, Spelling};
use super::{
    AnyBits, BigEndian, ByteBool, Element, FixedBytes, LittleEndian, MultiByte, Padding, TooLong,
};

const ORDER: &str = if cfg!(target_endian = "little") {
    "<"
} else {
    ">"
};

/// The size of one scalar, string or sub-array: `(2,3)<I`, `8s`. The oracle.
fn size_of_format(format: &str) -> usize {
    if let Some((shape, item)) = format
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
    {
        return shape
            .split(',')
            .map(|extent| extent.parse::<usize>().unwrap())
            .product::<usize>()
            * size_of_format(item);
    }
    let rest = format.trim_start_matches(['<', '>']);
    let code = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = match &rest[..rest.len() - code.len()] {
        "" => 1,
        digits => digits.parse().unwrap(),
    };
    count
        * match code {
            "b" | "B" | "?" | "s" | "x" => 1,
            "h" | "H" | "e" => 2,
            "i" | "I" | "f" | "w" => 4,
            "q" | "Q" | "d" | "Zf" => 8,
            "Zd" => 16,
            _ => panic!("unknown code {code:?} in {format:?}"),
        }
}

/// Asserts both spellings, their sizes, and that the item and the shape add up.
#[track_caller]
fn assert_spelled<T: Element>(top: &str, field: &str) {
    assert_eq!(T::FORMAT.to_str().unwrap(), top);
    assert_eq!(T::FIELD, field);
    assert_eq!(size_of_format(top), size_of::<T>(), "size of {top}");
    assert_eq!(size_of_format(field), size_of::<T>(), "size of {field}");
    assert_read_alike(top, size_of::<T>());
    assert_read_alike(field, size_of::<T>());
    assert_eq!(
        T::SHAPE.iter().product::<usize>() * size_of::<T::Item>(),
        size_of::<T>()
    );
    assert!(<T::Item as Element>::SHAPE.is_empty());
}

/// Asserts that the grammar reads the format, gives it this size whoever reads trailing padding in which way, and would print it so.
#[track_caller]
fn assert_read_alike(format: &str, size: usize) {
    let parsed = Format::parse(format).unwrap();
    for reading in [Reading::Unpadded, Reading::Padded] {
        assert_eq!(parsed.size(reading), size, "{reading:?} of {format}");
    }
    assert_eq!(parsed.to_string(), format);
}

/// A number: the bare code by itself, the code with its order in a struct.
#[track_caller]
fn assert_number<T: Element>(code: &str) {
    assert_spelled::<T>(code, &format!("{ORDER}{code}"));
    assert_spelled::<[T; 3]>(&format!("(3){code}"), &format!("(3){ORDER}{code}"));
}

#[test]
fn a_number_is_a_bare_code_by_itself_and_has_its_order_in_a_struct() {
    assert_number::<u8>("B");
    assert_number::<u16>("H");
    assert_number::<u32>("I");
    assert_number::<u64>("Q");
    assert_number::<i8>("b");
    assert_number::<i16>("h");
    assert_number::<i32>("i");
    assert_number::<i64>("q");
    assert_number::<f32>("f");
    assert_number::<f64>("d");
    assert_number::<bool>("?");
    assert_number::<ByteBool>("?");
    assert_number::<char>("w");
}

#[test]
fn usize_is_spelled_as_the_integer_of_its_width() {
    let (unsigned, signed) = if cfg!(target_pointer_width = "64") {
        ("Q", "q")
    } else {
        ("I", "i")
    };
    assert_number::<usize>(unsigned);
    assert_number::<isize>(signed);
}

#[cfg(feature = "half")]
#[test]
fn f16_is_e() {
    assert_number::<half::f16>("e");
    assert_ordered(half::f16::from_f32(1.5), "e", &[0x3e, 0x00]);
}

#[cfg(feature = "num-complex")]
#[test]
fn complex_is_z_before_its_part_and_each_part_is_ordered_by_itself() {
    use num_complex::Complex;
    assert_number::<Complex<f32>>("Zf");
    assert_number::<Complex<f64>>("Zd");
    assert_ordered(
        Complex::new(1.0_f32, 2.0),
        "Zf",
        &[0x3f, 0x80, 0, 0, 0x40, 0, 0, 0],
    );
}

#[test]
fn nested_arrays_are_one_shape_outermost_first() {
    assert_spelled::<[[u32; 3]; 2]>("(2,3)I", &format!("(2,3){ORDER}I"));
    assert_eq!(<[[[u8; 4]; 3]; 2]>::SHAPE, [2, 3, 4]);
    assert_spelled::<[FixedBytes<4>; 2]>("(2)4s", "(2)4s");
    assert_spelled::<[[BigEndian<i16>; 1]; 10]>("(10,1)>h", "(10,1)>h");
}

#[test]
fn bytes_and_padding_are_counted() {
    assert_spelled::<FixedBytes<1>>("s", "s");
    assert_spelled::<FixedBytes<1234567890>>("1234567890s", "1234567890s");
    assert_spelled::<Padding<3>>("3x", "3x");
}

#[track_caller]
fn assert_ordered<T: MultiByte + PartialEq + Debug>(value: T, code: &str, big: &[u8]) {
    assert_spelled::<BigEndian<T>>(&format!(">{code}"), &format!(">{code}"));
    assert_spelled::<LittleEndian<T>>(&format!("<{code}"), &format!("<{code}"));
    assert_eq!(
        (align_of::<BigEndian<T>>(), align_of::<LittleEndian<T>>()),
        (1, 1)
    );
    assert_eq!(BigEndian::new(value).get(), value);
    assert_eq!(LittleEndian::new(value).get(), value);
    assert_eq!(bytes_of(&BigEndian::new(value)), big);
    // Each part by itself, so that complex numbers are turned part by part.
    let part = if code.starts_with('Z') {
        big.len() / 2
    } else {
        big.len()
    };
    let little: Vec<u8> = big
        .chunks(part)
        .flat_map(|part| part.iter().rev().copied())
        .collect();
    assert_eq!(bytes_of(&LittleEndian::new(value)), little);
}

/// The bytes of an element, which the trait promises to be initialised.
fn bytes_of<T: Element>(element: &T) -> &[u8] {
    let start = core::ptr::from_ref(element).cast::<u8>();
    // SAFETY: `element` is borrowed for as long as the slice, and `Element` says that all of its bytes are initialised.
    unsafe { core::slice::from_raw_parts(start, size_of::<T>()) }
}

#[test]
fn big_and_little_endian_store_the_bytes_in_the_order_of_their_format() {
    assert_ordered(0x0102_u16, "H", &[1, 2]);
    assert_ordered(0x0102_0304_u32, "I", &[1, 2, 3, 4]);
    assert_ordered(0x0102_0304_0506_0708_u64, "Q", &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_ordered(-2_i16, "h", &[0xff, 0xfe]);
    assert_ordered(-2_i32, "i", &[0xff, 0xff, 0xff, 0xfe]);
    assert_ordered(
        -2_i64,
        "q",
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
    );
    assert_ordered(1.0_f32, "f", &[0x3f, 0x80, 0, 0]);
    assert_ordered(1.0_f64, "d", &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_number_in_another_order_is_compared_and_hashed_by_value() {
    assert!(BigEndian::from(-1_i32) < BigEndian::from(256));
    assert!(BigEndian::from(f64::NAN) != BigEndian::from(f64::NAN));
    assert_eq!(BigEndian::from(0.0_f32), BigEndian::from(-0.0));
    assert_eq!(format!("{:?}", LittleEndian::from(7_u16)), "7");
    assert_eq!(hash(&LittleEndian::from(7_u16)), hash(&7_u16));
}

#[test]
fn a_byte_bool_is_true_unless_zero_and_compares_by_truth() {
    for byte in 0..=u8::MAX {
        let stored = ByteBool::from_byte(byte);
        assert_eq!((stored.get(), stored.to_byte()), (byte != 0, byte));
        assert_eq!(stored, ByteBool::new(byte != 0));
        assert_eq!(hash(&stored), hash(&ByteBool::new(byte != 0)));
    }
    assert_eq!(
        (
            ByteBool::new(true).to_byte(),
            ByteBool::new(false).to_byte()
        ),
        (1, 0)
    );
}

#[test]
fn padding_is_zero_and_takes_no_part_in_equality() {
    assert_eq!(bytes_of(&Padding::<3>::default()), [0; 3]);
    assert_eq!(hash(&Padding::<3>::ZERO), hash(&()));
    assert_eq!(format!("{:?}", Padding::<3>::ZERO), "Padding<3>");
}

#[test]
fn fixed_bytes_fill_up_with_nul_and_refuse_what_is_too_long() {
    let code = FixedBytes::<4>::try_from(&b"a\0b"[..]).unwrap();
    assert_eq!((*code, code.trimmed()), (*b"a\0b\0", &b"a\0b"[..]));
    assert_eq!(FixedBytes::<4>::default().trimmed(), b"");
    assert_eq!(
        FixedBytes::<4>::try_from(&b"abcd"[..]).unwrap().trimmed(),
        b"abcd"
    );
    let refused = FixedBytes::<4>::try_from(&b"abcde"[..]).unwrap_err();
    assert_eq!(refused, TooLong { len: 5, room: 4 });
    assert_eq!(
        format!("{refused}"),
        "5 bytes given, but FixedBytes<4> takes 4 at most"
    );
    assert_eq!(format!("{code:?}"), r#"b"a\x00b\x00""#);
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// `Probe::<T>::ANY_BITS` finds the constant of the first impl where `T: AnyBits`, and the trait's where not.
struct Probe<T>(core::marker::PhantomData<T>);

impl<T: AnyBits> Probe<T> {
    const ANY_BITS: bool = true;
}

trait Otherwise {
    const ANY_BITS: bool = false;
}

impl<T> Otherwise for Probe<T> {}

#[test]
fn an_element_is_any_bits_unless_it_holds_a_bool_or_a_char() {
    macro_rules! any_bits {
        ($($type:ty),+) => { [$((stringify!($type), Probe::<$type>::ANY_BITS)),+] };
    }
    for (name, any_bits) in any_bits![
        u8,
        u16,
        u32,
        u64,
        usize,
        i8,
        i16,
        i32,
        i64,
        isize,
        f32,
        f64,
        ByteBool,
        [[i64; 2]; 3],
        FixedBytes<2>,
        Padding<2>,
        BigEndian<f32>,
        LittleEndian<i64>
    ] {
        assert!(any_bits, "{name}");
    }
    for (name, any_bits) in any_bits![bool, char, [bool; 2], [[char; 1]; 1]] {
        assert!(!any_bits, "{name}");
    }
}

/// A format of `N` bytes.
struct Long<const N: usize>;

impl Spelled for Long<15> {
    const SPELLING: Spelling = Spelling::SubArray {
        shape: &[1_000_000_000],
        item: "abc",
    };
}
impl Spelled for Long<16> {
    const SPELLING: Spelling = Spelling::SubArray {
        shape: &[1_000_000_000],
        item: "abcd",
    };
}
impl Spelled for Long<127> {
    const SPELLING: Spelling = Spelling::SubArray {
        shape: &[1; 63],
        item: "",
    };
}
impl Spelled for Long<129> {
    const SPELLING: Spelling = Spelling::SubArray {
        shape: &[1; 64],
        item: "",
    };
}

#[test]
fn a_format_of_any_length_is_whole_and_ends_with_a_nul() {
    assert_eq!(Composed::<Long<15>>::STR, "(1000000000)abc");
    assert_eq!(Composed::<Long<16>>::STR, "(1000000000)abcd");
    for (format, extents, len) in [
        (Composed::<Long<127>>::C_STR, 63, 127),
        (Composed::<Long<129>>::C_STR, 64, 129),
    ] {
        assert_eq!(format.to_bytes().len(), len);
        assert_eq!(format.to_str().unwrap().matches('1').count(), extents);
        assert_eq!(format.to_bytes_with_nul().last(), Some(&0));
    }
}

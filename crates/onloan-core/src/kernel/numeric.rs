//! Equality of numbers of different formats, without making a value of each.
//!
//! Both sides are widened, some at a time, to a type that holds every number of their format exactly;
//! six comparisons of these types are enough for all pairs:
//!
//! ```text
//!   bool, 8 … 32-bit integers   i64, or f64 beside a float      i64  = i64     u64 = u64
//!   64-bit integers             i64, u64                        f64  = f64     i64 = u64
//!   half, single, double        f64                             i64  = f64     u64 = f64
//! ```
//!
//! Each step is a loop without branches over a few hundred numbers in the innermost cache, which the
//! compiler makes vector instructions of. Equal formats skip the widening.

use core::ops::BitOr;

use super::swap::turn_around;
use super::vector::widest;
use crate::format::{Endian, Kind, Scalar};

/// Numbers that are widened at once.
const PIECE: usize = 256;

/// Numbers before the first look at whether all were equal so far. There are [`MORE`] times as many before each look
/// that follows, up to [`MOST`]: so a difference is soon found, and a long way without one has few looks.
const FIRST: usize = 64;
const MORE: usize = 4;
const MOST: usize = 4096;

/// Vectors that lie across two cache lines take twice as long to be read.
const VECTOR: usize = 32;

/// A number that is compared here: integers, bools, halves, singles, doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    kind: NumberKind,
    size: usize,
    swapped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberKind {
    Bool,
    Signed,
    Unsigned,
    Float,
}

/// What a number is widened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wide {
    Signed,
    Unsigned,
    Float,
}

impl Number {
    /// The number that a scalar is, if it is one of these.
    pub(super) fn of(scalar: Scalar) -> Option<Self> {
        let kind = match scalar.kind() {
            Kind::Bool => NumberKind::Bool,
            Kind::Signed => NumberKind::Signed,
            Kind::Unsigned | Kind::Pointer => NumberKind::Unsigned,
            Kind::Float => NumberKind::Float,
            _ => return None,
        };
        Some(Self::new(kind, scalar.size(), scalar.endian()))
    }

    /// The parts of a complex number.
    pub(super) fn part_of(scalar: Scalar) -> Option<Self> {
        match scalar.kind() {
            Kind::Complex => Some(Self::new(
                NumberKind::Float,
                scalar.size() / 2,
                scalar.endian(),
            )),
            _ => None,
        }
    }

    fn new(kind: NumberKind, size: usize, endian: Endian) -> Self {
        Self {
            kind,
            size,
            swapped: size > 1 && endian != Endian::NATIVE,
        }
    }

    /// Its bytes.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Whether two of these are equal exactly when their bytes are.
    pub(super) fn is_integer(self) -> bool {
        matches!(self.kind, NumberKind::Signed | NumberKind::Unsigned)
    }

    fn wide_beside(self, other: Self) -> Wide {
        match (self.kind, self.size) {
            (NumberKind::Float, _) => Wide::Float,
            (NumberKind::Unsigned, 8) => Wide::Unsigned,
            (NumberKind::Signed, 8) => Wide::Signed,
            _ if other.kind == NumberKind::Float => Wide::Float,
            _ => Wide::Signed,
        }
    }
}

/// Whether all numbers of one side equal those of the other. Both have whole numbers, and as many.
pub(super) fn all_equal(one: Number, ones: &[u8], two: Number, twos: &[u8]) -> bool {
    if one == two {
        return match (one.kind, one.size) {
            (NumberKind::Float, 2) => same_halves(ones, twos, one.swapped),
            (NumberKind::Float, 4) => same_singles(ones, twos, one.swapped),
            (NumberKind::Float, _) => same_doubles(ones, twos, one.swapped),
            (NumberKind::Bool, _) => same_bools(ones, twos),
            _ => ones == twos,
        };
    }
    let pieces = ones
        .chunks(PIECE * one.size)
        .zip(twos.chunks(PIECE * two.size));
    let wide = [one.wide_beside(two), two.wide_beside(one)];
    let mut buffers = [[0; PIECE]; 2];
    for (ones, twos) in pieces {
        let [first, second] = &mut buffers;
        let first = widen(one, ones, wide[0], first);
        let second = widen(two, twos, wide[1], second);
        let equal = match wide {
            [Wide::Signed, Wide::Signed] | [Wide::Unsigned, Wide::Unsigned] => first == second,
            [Wide::Float, Wide::Float] => floats(first, second),
            [Wide::Signed, Wide::Unsigned] => signed_unsigned(first, second),
            [Wide::Unsigned, Wide::Signed] => signed_unsigned(second, first),
            [Wide::Signed, Wide::Float] => signed_floats(first, second),
            [Wide::Float, Wide::Signed] => signed_floats(second, first),
            [Wide::Unsigned, Wide::Float] => unsigned_floats(first, second),
            [Wide::Float, Wide::Unsigned] => unsigned_floats(second, first),
        };
        if !equal {
            return false;
        }
    }
    true
}

/// Whether all numbers are 0.
pub(super) fn all_zero(number: Number, bytes: &[u8]) -> bool {
    let zeros = [0; 8 * PIECE];
    bytes
        .chunks(zeros.len())
        .all(|bytes| all_equal(number, bytes, number, &zeros[..bytes.len()]))
}

/// The bits of up to [`PIECE`] numbers, widened.
fn widen<'b>(number: Number, bytes: &[u8], wide: Wide, buffer: &'b mut [u64; PIECE]) -> &'b [u64] {
    let count = bytes.len() / number.size;
    let mut native = [0; 8 * PIECE];
    let bytes = if number.swapped {
        let native = &mut native[..bytes.len()];
        native.copy_from_slice(bytes);
        turn_around(native, number.size);
        native
    } else {
        bytes
    };
    let buffer = &mut buffer[..count];
    match wide {
        Wide::Float => to_floats(number, bytes, buffer),
        Wide::Signed | Wide::Unsigned => to_integers(number, bytes, buffer),
    }
    buffer
}

widest! {
    fn to_integers(number: Number, bytes: &[u8], out: &mut [u64]) {
        match (number.kind, number.size) {
            (NumberKind::Bool, _) => each(bytes, out, |[byte]| u64::from(byte != 0)),
            (NumberKind::Signed, 1) => each(bytes, out, |b| i8::from_ne_bytes(b) as u64),
            (NumberKind::Signed, 2) => each(bytes, out, |b| i16::from_ne_bytes(b) as u64),
            (NumberKind::Signed, 4) => each(bytes, out, |b| i32::from_ne_bytes(b) as u64),
            (_, 1) => each(bytes, out, |[byte]| u64::from(byte)),
            (_, 2) => each(bytes, out, |b| u16::from_ne_bytes(b).into()),
            (_, 4) => each(bytes, out, |b| u32::from_ne_bytes(b).into()),
            _ => each(bytes, out, u64::from_ne_bytes),
        }
    }

    fn to_floats(number: Number, bytes: &[u8], out: &mut [u64]) {
        match (number.kind, number.size) {
            (NumberKind::Float, 2) => each(bytes, out, |b| bits(half_to_single(u16::from_ne_bytes(b)))),
            (NumberKind::Float, 4) => each(bytes, out, |b| bits(f32::from_ne_bytes(b))),
            (NumberKind::Float, _) => each(bytes, out, u64::from_ne_bytes),
            (NumberKind::Bool, _) => each(bytes, out, |[byte]| bits(u8::from(byte != 0))),
            (NumberKind::Signed, 1) => each(bytes, out, |b| bits(i8::from_ne_bytes(b))),
            (NumberKind::Signed, 2) => each(bytes, out, |b| bits(i16::from_ne_bytes(b))),
            (NumberKind::Signed, _) => each(bytes, out, |b| bits(i32::from_ne_bytes(b))),
            (NumberKind::Unsigned, 1) => each(bytes, out, |b| bits(u8::from_ne_bytes(b))),
            (NumberKind::Unsigned, 2) => each(bytes, out, |b| bits(u16::from_ne_bytes(b))),
            (NumberKind::Unsigned, _) => each(bytes, out, |b| bits(u32::from_ne_bytes(b))),
        }
    }

    fn floats(ones: &[u64], twos: &[u64]) -> bool {
        all(ones, twos, |one, two| f64::from_bits(one) == f64::from_bits(two))
    }

    fn signed_unsigned(ones: &[u64], twos: &[u64]) -> bool {
        all(ones, twos, |one, two| (one as i64 >= 0) & (one == two))
    }

    fn signed_floats(ones: &[u64], twos: &[u64]) -> bool {
        all(ones, twos, |one, two| {
            // Both without the sign of the integer.
            let sign = (one as i64 >> 63) as u64;
            let magnitude = (one ^ sign).wrapping_sub(sign);
            is_worth(magnitude, f64::from_bits(two ^ (sign & 1 << 63)))
        })
    }

    fn unsigned_floats(ones: &[u64], twos: &[u64]) -> bool {
        all(ones, twos, |one, two| is_worth(one, f64::from_bits(two)))
    }

    fn same_doubles(ones: &[u8], twos: &[u8], swapped: bool) -> bool {
        same(ones, twos, swapped, |one, two| f64::from_ne_bytes(one) == f64::from_ne_bytes(two))
    }

    fn same_singles(ones: &[u8], twos: &[u8], swapped: bool) -> bool {
        same(ones, twos, swapped, |one, two| f32::from_ne_bytes(one) == f32::from_ne_bytes(two))
    }

    /// By bits: the same and no NaN, or both zeros of whatever sign.
    fn same_halves(ones: &[u8], twos: &[u8], swapped: bool) -> bool {
        same(ones, twos, swapped, |one, two| {
            let (one, two) = (u16::from_ne_bytes(one), u16::from_ne_bytes(two));
            ((one == two) & (one & 0x7fff <= 0x7c00)) | ((one | two) & 0x7fff == 0)
        })
    }

    fn same_bools(ones: &[u8], twos: &[u8]) -> bool {
        all(ones, twos, |one, two| (one != 0) == (two != 0))
    }
}

/// Whether an integer equals a float, without a conversion that rounds.
///
/// The upper half of the integer is a double exactly. What is left of the float without it is exact too
/// if it is as large as the lower half: then the two are within a factor of 2, or the upper half is
/// 0. If it is not exact, it is larger than any lower half, or negative.
#[inline(always)]
fn is_worth(integer: u64, float: f64) -> bool {
    const TWO_32: f64 = 4_294_967_296.0;
    let (upper, lower) = (integer >> 32, integer & 0xffff_ffff);
    float - exact(upper) * TWO_32 == exact(lower)
}

/// An integer of 32 bits as a double: as the fraction of a number from 2⁵² on, less 2⁵². There are
/// vector instructions for that, and not everywhere for the cast.
#[inline(always)]
fn exact(integer: u64) -> f64 {
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    f64::from_bits(integer | TWO_52.to_bits()) - TWO_52
}

/// Whether `same` holds for all pairs of numbers, with their bytes turned around first if need be.
#[inline(always)]
fn same<const SIZE: usize>(
    ones: &[u8],
    twos: &[u8],
    swapped: bool,
    same: impl Fn([u8; SIZE], [u8; SIZE]) -> bool,
) -> bool {
    let (ones, twos) = (ones.as_chunks().0, twos.as_chunks().0);
    let turned = |mut bytes: [u8; SIZE]| {
        bytes.reverse();
        bytes
    };
    if swapped {
        all(ones, twos, |one, two| same(turned(one), turned(two)))
    } else {
        all(ones, twos, same)
    }
}

#[inline(always)]
fn each<const SIZE: usize>(bytes: &[u8], out: &mut [u64], widen: impl Fn([u8; SIZE]) -> u64) {
    for (out, number) in out.iter_mut().zip(bytes.as_chunks::<SIZE>().0) {
        *out = widen(*number);
    }
}

#[inline(always)]
fn bits(number: impl Into<f64>) -> u64 {
    number.into().to_bits()
}

/// Whether `same` holds for all pairs.
#[inline(always)]
fn all<T: Copy>(ones: &[T], twos: &[T], same: impl Fn(T, T) -> bool) -> bool {
    let (mut ones, mut twos) = (ones, twos);
    // The first run ends where vectors begin, if numbers lie like that.
    let astray = ones.as_ptr().addr().wrapping_neg() % VECTOR;
    let mut run = match astray % size_of::<T>() {
        0 => astray / size_of::<T>(),
        _ => FIRST,
    };
    let mut next = FIRST;
    while !ones.is_empty() && !twos.is_empty() {
        let (one, two);
        (one, ones) = ones.split_at(run.min(ones.len()));
        (two, twos) = twos.split_at(run.min(twos.len()));
        // What is gathered is as wide as the numbers are, so that no vector has to be narrowed.
        let differ = match size_of::<T>() {
            1 => differ::<T, u8>(one, two, &same) != 0,
            2 => differ::<T, u16>(one, two, &same) != 0,
            4 => differ::<T, u32>(one, two, &same) != 0,
            _ => differ::<T, u64>(one, two, &same) != 0,
        };
        if differ {
            return false;
        }
        run = next;
        next = MOST.min(next * MORE);
    }
    true
}

/// 0 if `same` holds for all pairs. Without a way out, so that it becomes vector instructions.
#[inline(always)]
fn differ<T: Copy, W: BitOr<Output = W> + From<bool>>(
    ones: &[T],
    twos: &[T],
    same: impl Fn(T, T) -> bool,
) -> W {
    let pairs = ones.iter().zip(twos);
    pairs.fold(W::from(false), |all, (one, two)| {
        all | W::from(!same(*one, *two))
    })
}

/// A half as a single, which holds every half exactly.
///
/// Moved to the place of a single's fraction and exponent it is too small by 2¹¹², the difference
/// of the exponents' biases; that product is exact, also for subnormal halves.
#[must_use]
#[inline(always)]
pub fn half_to_single(bits: u16) -> f32 {
    const SCALE: f32 = f32::from_bits((127 + 112) << 23);
    let moved = u32::from(bits & 0x7fff) << 13;
    let finite = f32::from_bits(moved) * SCALE;
    let beyond = f32::from_bits(moved | 0x7f80_0000);
    let magnitude = if bits & 0x7c00 == 0x7c00 {
        beyond
    } else {
        finite
    };
    if bits & 0x8000 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

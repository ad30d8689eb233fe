//! C's `long double`: kept whole, converted only when asked.
//!
//! Rust has no type for it, and a double does not hold it: 64 or 113 significant bits against 53.
//! Reading it as a double would make *read, then write back* change the memory. So a value of code
//! `g` is its bits, and [`LongDouble::to_f64`] says in its name what it does. Every double fits into
//! every `long double`, so writing takes plain doubles as well.
//!
//! What it is depends on the target:
//!
//! | target                                             | encoding      | size | of which used |
//! |----------------------------------------------------|---------------|------|---------------|
//! | x86-64 except MSVC and Android                     | x87 extended  | 16   | 10            |
//! | x86 except MSVC and Android                        | x87 extended  | 12 (16 on macOS) | 10 |
//! | Windows with MSVC, ARM32, Apple ARM64, x86 Android | double        | 8    | 8             |
//! | 64-bit POWER                                       | pair of doubles | 16 | 16            |
//! | other 64-bit targets, x86-64 Android, WebAssembly  | binary128     | 16   | 16            |
//!
//! On 64-bit POWER a distribution may have chosen binary128 instead; nothing in the target says so, and
//! there [`LongDouble::to_f64`] may be wrong while the bytes are still right.

use core::fmt;

use super::binary::{self, BINARY128, DOUBLE, Magnitude, Number, Packed, X87};
use super::order::Endian;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    X87,
    Double,
    Pair,
    Binary128,
}

const ENCODING: Encoding = {
    let android = cfg!(target_os = "android");
    let double = cfg!(target_env = "msvc")
        || cfg!(target_arch = "arm")
        || (cfg!(target_arch = "x86") && android)
        || (cfg!(target_arch = "aarch64") && cfg!(any(target_vendor = "apple", windows)));
    if double {
        Encoding::Double
    } else if cfg!(target_arch = "x86") || (cfg!(target_arch = "x86_64") && !android) {
        Encoding::X87
    } else if cfg!(target_arch = "powerpc64") {
        Encoding::Pair
    } else if cfg!(any(target_pointer_width = "64", target_family = "wasm")) {
        Encoding::Binary128
    } else {
        Encoding::Double
    }
};

/// One `long double`, bit for bit.
///
/// Equality is that of the bits that count: two NaNs of the same bits are equal, and `0.0` and
/// `-0.0` differ. Compare [`to_f64`](Self::to_f64) for equality of numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LongDouble(u128);

impl LongDouble {
    /// `sizeof(long double)`: 8, 12 or 16.
    pub const SIZE: usize = match ENCODING {
        Encoding::Double => 8,
        Encoding::X87 if cfg!(target_arch = "x86") && !cfg!(target_vendor = "apple") => 12,
        Encoding::X87 | Encoding::Pair | Encoding::Binary128 => 16,
    };

    /// `alignof(long double)`: 4, 8 or 16.
    pub const ALIGN: usize = match Self::SIZE {
        8 => align_of::<core::ffi::c_double>(),
        12 => 4,
        _ => 16,
    };

    /// The bits, in the target's encoding, least significant bit first; unused ones are zero.
    #[must_use]
    pub fn to_bits(self) -> u128 {
        self.0
    }

    /// The nearest double, ties to even; an infinity beyond the largest.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        decode(self.0, ENCODING)
    }

    /// The `long double` that equals `value`; there always is one.
    #[must_use]
    pub fn from_f64(value: f64) -> Self {
        Self(encode(value, ENCODING))
    }

    /// The `long double` that equals `value`, if there is one.
    #[must_use]
    pub fn from_integer(value: i128) -> Option<Self> {
        from_integer(value, ENCODING).map(Self)
    }

    /// Whether both are the same number: the zeros equal each other, and a NaN equals nothing.
    #[must_use]
    pub fn equals(self, other: Self) -> bool {
        equal(self.0, other.0, ENCODING)
    }

    /// From `SIZE` bytes of memory.
    pub(super) fn read(bytes: &[u8], endian: Endian) -> Self {
        let mut all = [0; 16];
        all[..bytes.len()].copy_from_slice(bytes);
        if endian == Endian::Big {
            all[..bytes.len()].reverse();
        }
        let bits = u128::from_le_bytes(all);
        Self(match ENCODING {
            // The six (or two) bytes after the number are padding.
            Encoding::X87 => bits & ((1 << 80) - 1),
            Encoding::Pair => halves(bits, endian),
            Encoding::Double | Encoding::Binary128 => bits,
        })
    }

    /// Into `SIZE` bytes of memory; padding becomes zero.
    pub(super) fn write(self, bytes: &mut [u8], endian: Endian) {
        let bits = match ENCODING {
            Encoding::Pair => halves(self.0, endian),
            _ => self.0,
        };
        let length = bytes.len();
        bytes.copy_from_slice(&bits.to_le_bytes()[..length]);
        if endian == Endian::Big {
            bytes.reverse();
        }
    }
}

/// The larger of the pair comes first in memory in either byte order; here it is the upper half.
fn halves(bits: u128, endian: Endian) -> u128 {
    match endian {
        Endian::Little => bits.rotate_left(64),
        Endian::Big => bits,
    }
}

fn decode(bits: u128, encoding: Encoding) -> f64 {
    match encoding {
        Encoding::X87 => binary::to_f64(bits, X87),
        Encoding::Binary128 => binary::to_f64(bits, BINARY128),
        Encoding::Double => f64::from_bits(bits as u64),
        // The larger half is the sum rounded to a double, by definition of the encoding.
        Encoding::Pair => f64::from_bits((bits >> 64) as u64),
    }
}

fn encode(value: f64, encoding: Encoding) -> u128 {
    let shape = match encoding {
        Encoding::X87 => X87,
        Encoding::Binary128 => BINARY128,
        Encoding::Double => DOUBLE,
        Encoding::Pair => return u128::from(value.to_bits()) << 64,
    };
    // Wider in range and precision: nothing overflows.
    binary::from_f64(value, shape).unwrap_or_default()
}

fn from_integer(value: i128, encoding: Encoding) -> Option<u128> {
    let nearest = value as f64;
    let shape = match encoding {
        Encoding::X87 => X87,
        Encoding::Binary128 => BINARY128,
        Encoding::Double => DOUBLE,
        Encoding::Pair => {
            // What the nearest double lacks; 2¹²⁷ is one step beyond the range and wraps around.
            let whole = match nearest < 0.0 {
                true => nearest as i128,
                false => nearest as u128 as i128,
            };
            let rest = value.wrapping_sub(whole);
            let exact = rest as f64 as i128 == rest;
            let pair = u128::from(nearest.to_bits()) << 64 | u128::from((rest as f64).to_bits());
            return exact.then_some(pair);
        }
    };
    let magnitude = value.unsigned_abs();
    let above = magnitude.leading_zeros();
    let number = Number {
        negative: value < 0,
        magnitude: match magnitude {
            0 => Magnitude::Zero,
            _ => Magnitude::Finite {
                exponent: 127 - above as i32,
                significand: magnitude << above,
            },
        },
    };
    match binary::pack(number, shape) {
        Packed::Fits(bits) if binary::unpack(bits, shape) == number => Some(bits),
        _ => None,
    }
}

fn equal(one: u128, two: u128, encoding: Encoding) -> bool {
    let shape = match encoding {
        Encoding::X87 => X87,
        Encoding::Binary128 => BINARY128,
        Encoding::Double => DOUBLE,
        Encoding::Pair => {
            let halves = |bits: u128| [bits >> 64, bits].map(|half| f64::from_bits(half as u64));
            return halves(one) == halves(two);
        }
    };
    let [one, two] = [one, two].map(|bits| binary::unpack(bits, shape));
    match (one.magnitude, two.magnitude) {
        (Magnitude::NotANumber { .. }, _) => false,
        (Magnitude::Zero, Magnitude::Zero) => true,
        _ => one == two,
    }
}

impl fmt::Debug for LongDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LongDouble({:?}, {:#x})", self.to_f64(), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCODINGS: [Encoding; 4] = [
        Encoding::X87,
        Encoding::Double,
        Encoding::Pair,
        Encoding::Binary128,
    ];

    #[test]
    fn every_encoding_holds_every_double() {
        for value in [
            0.0,
            -0.0,
            1.0,
            -2.5,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::from_bits(0x7ff0_0000_0000_0001),
        ] {
            for encoding in ENCODINGS {
                let back = decode(encode(value, encoding), encoding);
                assert_eq!(
                    back.to_bits(),
                    value.to_bits(),
                    "{value:e} through {encoding:?}"
                );
            }
        }
    }

    #[test]
    fn known_bits_of_the_wide_encodings() {
        assert_eq!(encode(1.0, Encoding::X87), 0x3fff_8000_0000_0000_0000);
        assert_eq!(encode(-2.0, Encoding::X87), 0xc000_8000_0000_0000_0000);
        assert_eq!(encode(1.0, Encoding::Binary128), 0x3fff << 112);
        assert_eq!(
            encode(f64::INFINITY, Encoding::X87),
            0x7fff_8000_0000_0000_0000
        );
    }

    #[test]
    fn a_wide_number_becomes_the_nearest_double() {
        // 1 + 2^-53 is half way between two doubles, 1 + 2^-53 + 2^-63 above it.
        assert_eq!(decode(0x3fff_8000_0000_0000_0400, Encoding::X87), 1.0);
        assert_eq!(
            decode(0x3fff_8000_0000_0000_0401, Encoding::X87),
            1.0 + f64::EPSILON
        );
        // The largest exponent is far beyond a double's, the smallest far below.
        assert_eq!(
            decode(0x7ffe_8000_0000_0000_0000, Encoding::X87),
            f64::INFINITY
        );
        assert_eq!(
            decode(0xfffe_8000_0000_0000_0000, Encoding::X87),
            f64::NEG_INFINITY
        );
        assert_eq!(decode(0x0001_8000_0000_0000_0000, Encoding::X87), 0.0);
        // An "unnormal" is no number to the processor.
        assert!(decode(0x3fff_0000_0000_0000_0001, Encoding::X87).is_nan());
    }

    #[test]
    fn an_integer_is_held_exactly_or_not_at_all() {
        let held = [
            (53, [true, true, true, true]),
            (64, [true, false, true, true]),
            (100, [false, false, true, true]),
        ];
        for (bits, encodings) in held {
            for value in [(1_i128 << (bits - 1)) + 1, -(1_i128 << (bits - 1)) - 1] {
                for (encoding, held) in ENCODINGS.into_iter().zip(encodings) {
                    let found = from_integer(value, encoding);
                    assert_eq!(found.is_some(), held, "{value} as {encoding:?}");
                    if let Some(found) = found {
                        assert_eq!(decode(found, encoding), value as f64);
                        assert!(equal(found, found, encoding));
                        let near = from_integer(value + 2, encoding).unwrap();
                        assert!(!equal(found, near, encoding), "{value} as {encoding:?}");
                    }
                }
            }
        }
        for encoding in ENCODINGS {
            assert_eq!(from_integer(0, encoding), Some(encode(0.0, encoding)));
            assert_eq!(from_integer(-3, encoding), Some(encode(-3.0, encoding)));
        }
        let pair = u128::from(2f64.powi(127).to_bits()) << 64 | u128::from((-1f64).to_bits());
        assert_eq!(from_integer(i128::MAX, Encoding::Pair), Some(pair));
    }

    #[test]
    fn long_doubles_are_equal_as_numbers_are() {
        let values = [0.0, -0.0, 1.5, -1.5, f64::INFINITY, f64::NAN, 5e-324];
        for encoding in ENCODINGS {
            for one in values {
                for two in values {
                    let [a, b] = [one, two].map(|value| encode(value, encoding));
                    assert_eq!(
                        equal(a, b, encoding),
                        one == two,
                        "{one} {two} {encoding:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn padding_is_neither_read_nor_left_behind() {
        let mut bytes = [0xa5; LongDouble::SIZE];
        LongDouble::from_f64(1.5).write(&mut bytes, Endian::NATIVE);
        let clean = bytes;
        if ENCODING == Encoding::X87 {
            bytes[10..].fill(0xff);
        }
        let read = LongDouble::read(&bytes, Endian::NATIVE);
        assert_eq!(read.to_f64(), 1.5);
        read.write(&mut bytes, Endian::NATIVE);
        assert_eq!(bytes, clean);
    }
}

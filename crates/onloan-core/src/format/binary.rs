//! Conversion between binary floating-point formats, once for all of them.
//!
//! Every format here is *sign, exponent, fraction*, so one pair of functions serves half, single,
//! double, the x87 extended format and binary128: [`unpack`] lifts the bits into a [`Number`] with a
//! left-justified 128-bit significand, which holds every one of them exactly; [`pack`] rounds it
//! once, half to even, into the format that is asked for. Rounding once is the point: half through
//! single would round twice and be wrong in the last place.
//!
//! NaNs keep their sign and as much of their payload as fits, signalling ones too: an item that is
//! read and written back holds the same bits.

/// The shape of a format: `1 + exponent_bits + fraction_bits`, and for x87 a leading bit that is stored.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) exponent_bits: u32,
    /// Bits after the binary point.
    pub(super) fraction_bits: u32,
    /// Whether the bit before the binary point is stored (x87) or implied (IEEE).
    pub(super) stored_leading_bit: bool,
}

const fn ieee(exponent_bits: u32, fraction_bits: u32) -> Shape {
    Shape {
        exponent_bits,
        fraction_bits,
        stored_leading_bit: false,
    }
}

pub(super) const HALF: Shape = ieee(5, 10);
pub(super) const SINGLE: Shape = ieee(8, 23);
pub(super) const DOUBLE: Shape = ieee(11, 52);
pub(super) const BINARY128: Shape = ieee(15, 112);
pub(super) const X87: Shape = Shape {
    exponent_bits: 15,
    fraction_bits: 63,
    stored_leading_bit: true,
};

impl Shape {
    fn bias(self) -> i32 {
        (1 << (self.exponent_bits - 1)) - 1
    }

    fn highest_exponent(self) -> i32 {
        (1 << self.exponent_bits) - 1
    }

    fn significand_bits(self) -> u32 {
        self.fraction_bits + u32::from(self.stored_leading_bit)
    }
}

/// A number apart from any format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) negative: bool,
    pub(super) magnitude: Magnitude,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Magnitude {
    Zero,
    /// `significand / 2^127 * 2^exponent`, with the top bit of the significand set.
    Finite {
        exponent: i32,
        significand: u128,
    },
    Infinite,
    /// The fraction, left-justified; the top bit is the quiet bit.
    NotANumber {
        payload: u128,
    },
}

/// What became of the magnitude when it was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    Fits(u128),
    /// A finite number that rounds to something beyond the largest finite one.
    Overflows,
}

pub(super) fn unpack(bits: u128, shape: Shape) -> Number {
    let stored = shape.significand_bits();
    let negative = bits >> (stored + shape.exponent_bits) & 1 == 1;
    let exponent = (bits >> stored) as i32 & shape.highest_exponent();
    let significand = bits & ((1 << stored) - 1);
    let fraction = significand & ((1 << shape.fraction_bits) - 1);
    let leading = if shape.stored_leading_bit {
        significand >> shape.fraction_bits == 1
    } else {
        exponent != 0
    };
    let payload = fraction << (128 - shape.fraction_bits);
    let magnitude = if exponent == shape.highest_exponent() {
        if fraction == 0 {
            Magnitude::Infinite
        } else {
            Magnitude::NotANumber { payload }
        }
    } else if exponent != 0 && !leading {
        // An x87 "unnormal": the processor treats it as an invalid operand.
        Magnitude::NotANumber { payload: 1 << 127 }
    } else {
        let whole = fraction | u128::from(leading) << shape.fraction_bits;
        if whole == 0 {
            Magnitude::Zero
        } else {
            let above = whole.leading_zeros();
            let point = 127 - shape.fraction_bits;
            Magnitude::Finite {
                exponent: exponent.max(1) - shape.bias() + point as i32 - above as i32,
                significand: whole << above,
            }
        }
    };
    Number {
        negative,
        magnitude,
    }
}

pub(super) fn pack(number: Number, shape: Shape) -> Packed {
    let stored = shape.significand_bits();
    let highest = shape.highest_exponent() as u128;
    let leading = u128::from(shape.stored_leading_bit) << shape.fraction_bits;
    let magnitude = match number.magnitude {
        Magnitude::Zero => 0,
        Magnitude::Infinite => highest << stored | leading,
        Magnitude::NotANumber { payload } => {
            let kept = payload >> (128 - shape.fraction_bits);
            let quiet = 1 << (shape.fraction_bits - 1);
            // A payload whose bits all fall off would read as infinity.
            highest << stored | leading | if kept == 0 { quiet } else { kept }
        }
        Magnitude::Finite {
            exponent,
            significand,
        } => match round(exponent, significand, shape) {
            Some(bits) => bits,
            None => return Packed::Overflows,
        },
    };
    let sign = u128::from(number.negative) << (stored + shape.exponent_bits);
    Packed::Fits(sign | magnitude)
}

/// Exponent and significand fields of the nearest number, ties to even; `None` beyond the largest.
fn round(exponent: i32, significand: u128, shape: Shape) -> Option<u128> {
    let biased = exponent + shape.bias();
    // Below the smallest normal exponent each step costs a bit.
    let lost = 127 - shape.fraction_bits + (1 - biased).max(0) as u32;
    let mut kept = significand.checked_shr(lost).unwrap_or(0);
    // What was cut off, left-justified, so that half a unit is the top bit.
    let rest = match lost {
        0..=128 => significand.checked_shl(128 - lost).unwrap_or(0),
        _ => 1,
    };
    let half = 1 << 127;
    if rest > half || (rest == half && kept & 1 == 1) {
        kept += 1;
    }
    // Rounding may carry into the next exponent, also from the subnormals into the normals.
    let unit = 1u128 << shape.fraction_bits;
    let mut field = biased.max(1);
    if kept == unit << 1 {
        kept = unit;
        field += 1;
    }
    if kept < unit {
        field = 0;
    }
    if field >= shape.highest_exponent() {
        return None;
    }
    let stored = if shape.stored_leading_bit {
        kept
    } else {
        kept & (unit - 1)
    };
    Some((field as u128) << shape.significand_bits() | stored)
}

/// A number of format `shape` as a double. Exact for half and single; for wider formats the
/// nearest double, or infinity beyond the largest.
pub(super) fn to_f64(bits: u128, shape: Shape) -> f64 {
    let number = unpack(bits, shape);
    match pack(number, DOUBLE) {
        Packed::Fits(bits) => f64::from_bits(bits as u64),
        Packed::Overflows if number.negative => f64::NEG_INFINITY,
        Packed::Overflows => f64::INFINITY,
    }
}

/// The nearest number of format `shape`, or `None` where a finite double is beyond its largest.
pub(super) fn from_f64(value: f64, shape: Shape) -> Option<u128> {
    match pack(unpack(value.to_bits().into(), DOUBLE), shape) {
        Packed::Fits(bits) => Some(bits),
        Packed::Overflows => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The value of a finite half, from its definition.
    fn half_by_definition(bits: u16) -> f64 {
        let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
        let exponent = i32::from(bits >> 10 & 31);
        let fraction = f64::from(bits & 1023) / 1024.0;
        if exponent == 0 {
            sign * fraction * 2f64.powi(-14)
        } else {
            sign * (1.0 + fraction) * 2f64.powi(exponent - 15)
        }
    }

    fn finite_halves() -> impl Iterator<Item = u16> {
        (0..=u16::MAX).filter(|bits| bits >> 10 & 31 != 31)
    }

    #[test]
    fn every_half_has_the_value_of_its_definition() {
        for bits in finite_halves() {
            let value = to_f64(bits.into(), HALF);
            assert_eq!(
                value.to_bits(),
                half_by_definition(bits).to_bits(),
                "{bits:#x}"
            );
        }
    }

    #[test]
    fn every_half_survives_the_way_through_double() {
        for bits in 0..=u16::MAX {
            let back = from_f64(to_f64(bits.into(), HALF), HALF);
            assert_eq!(back, Some(bits.into()), "{bits:#x}");
        }
    }

    #[test]
    fn between_two_halves_the_nearer_wins_and_the_even_one_in_the_middle() {
        for low in 0..0x7bff_u16 {
            let (below, above) = (half_by_definition(low), half_by_definition(low + 1));
            let middle = (below + above) / 2.0;
            let even = if low % 2 == 0 { low } else { low + 1 };
            for (value, expected) in [
                (middle.next_down(), low),
                (middle, even),
                (middle.next_up(), low + 1),
            ] {
                assert_eq!(from_f64(value, HALF), Some(expected.into()), "{value:e}");
                let negative = expected | 0x8000;
                assert_eq!(from_f64(-value, HALF), Some(negative.into()), "{value:e}");
            }
        }
    }

    #[test]
    fn halves_overflow_where_rounding_would_leave_the_range() {
        assert_eq!(from_f64(65504.0, HALF), Some(0x7bff));
        assert_eq!(from_f64(65520f64.next_down(), HALF), Some(0x7bff));
        assert_eq!(from_f64(65520.0, HALF), None);
        assert_eq!(from_f64(-1e300, HALF), None);
        assert_eq!(from_f64(f64::INFINITY, HALF), Some(0x7c00));
        assert_eq!(from_f64(5e-324, HALF), Some(0));
    }

    #[test]
    fn a_nan_stays_one_when_its_payload_does_not_fit() {
        let faint = f64::from_bits(0x7ff0_0000_0000_0001);
        assert_eq!(from_f64(faint, HALF), Some(0x7e00));
        assert_eq!(from_f64(faint, SINGLE), Some(0x7fc0_0000));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4096, ..ProptestConfig::default() })]

        #[test]
        fn singles_agree_with_the_processor(bits: u32) {
            let single = f32::from_bits(bits);
            let ours = to_f64(bits.into(), SINGLE);
            if single.is_nan() {
                prop_assert!(ours.is_nan());
            } else {
                prop_assert_eq!(ours.to_bits(), f64::from(single).to_bits());
            }
            prop_assert_eq!(from_f64(ours, SINGLE), Some(bits.into()));
        }

        #[test]
        fn rounding_to_single_agrees_with_the_processor(bits: u64, near in 0u64..0x1000) {
            // Half of the cases have an exponent that a single has too.
            for bits in [bits, bits & !(0x7ff << 52) | ((0x360 + near % 0x140) << 52)] {
                let value = f64::from_bits(bits);
                prop_assume!(!value.is_nan());
                let single = value as f32;
                let expected = (single.is_finite() || value.is_infinite()).then(|| single.to_bits().into());
                prop_assert_eq!(from_f64(value, SINGLE), expected, "{:e}", value);
            }
        }

        #[test]
        fn doubles_survive_the_wider_formats(bits: u64) {
            for shape in [X87, BINARY128] {
                let wide = from_f64(f64::from_bits(bits), shape).unwrap();
                prop_assert_eq!(to_f64(wide, shape).to_bits(), bits);
            }
        }
    }
}

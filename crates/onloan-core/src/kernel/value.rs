//! Equality of values, as Python has it: the slow way, to which the fast ones answer.
//!
//! Numbers are compared by what they are worth, exactly, whatever they are stored as: 2⁵³ + 1 is not equal
//! to the double 2⁵³. NaN equals nothing, `-0.0` equals `0.0`, `True` equals 1, a complex number
//! without imaginary part equals its real part, and an address is the integer that `struct` makes of it.

use crate::format::{LongDouble, Value};

/// Whether two values are equal: those of Python's `==`.
///
/// Tuples and lists are equal when all their values are: what `struct` unpacks from `3i` is a tuple, and
/// here it is a list. The names of fields do not count.
#[must_use]
pub fn equal_values(one: &Value, two: &Value) -> bool {
    if let (Some(one), Some(two)) = (Number::of(one), Number::of(two)) {
        return one.re.equals(two.re) && one.im.equals(two.im);
    }
    match (one, two) {
        (Value::Bytes(one), Value::Bytes(two)) => one == two,
        (Value::Text(one), Value::Text(two)) => one == two,
        (Value::Units(one), Value::Units(two)) => one == two,
        _ => match (Sequence::of(one), Sequence::of(two)) {
            (Some(one), Some(two)) => {
                one.len() == two.len()
                    && (0..one.len()).all(|at| equal_values(one.get(at), two.get(at)))
            }
            _ => false,
        },
    }
}

/// Values that hold values.
#[derive(Clone, Copy)]
enum Sequence<'v> {
    List(&'v [Value]),
    Tuple(&'v [(Option<alloc::sync::Arc<str>>, Value)]),
}

impl<'v> Sequence<'v> {
    fn of(value: &'v Value) -> Option<Self> {
        match value {
            Value::List(values) => Some(Self::List(values)),
            Value::Tuple(fields) => Some(Self::Tuple(fields)),
            _ => None,
        }
    }

    fn len(self) -> usize {
        match self {
            Self::List(values) => values.len(),
            Self::Tuple(fields) => fields.len(),
        }
    }

    fn get(self, at: usize) -> &'v Value {
        match self {
            Self::List(values) => &values[at],
            Self::Tuple(fields) => &fields[at].1,
        }
    }
}

/// A number, real if `im` is 0.
struct Number {
    re: Real,
    im: Real,
}

#[derive(Clone, Copy)]
enum Real {
    /// From at most 64 bits.
    Integer(i128),
    Float(f64),
    Long(LongDouble),
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        let real = |re: Real| Self {
            re,
            im: Real::Integer(0),
        };
        Some(match value {
            Value::Int(value) => real(Real::Integer((*value).into())),
            Value::UInt(value) => real(Real::Integer((*value).into())),
            Value::Bool(value) => real(Real::Integer((*value).into())),
            Value::Pointer(value) => real(Real::Integer(*value as i128)),
            Value::Float(value) => real(Real::Float(*value)),
            Value::LongDouble(value) => real(Real::Long(*value)),
            Value::Complex { re, im } => Self {
                re: Real::Float(*re),
                im: Real::Float(*im),
            },
            Value::LongComplex { re, im } => Self {
                re: Real::Long(*re),
                im: Real::Long(*im),
            },
            _ => return None,
        })
    }
}

impl Real {
    fn equals(self, other: Self) -> bool {
        match (self, other) {
            (Self::Integer(one), Self::Integer(two)) => one == two,
            (Self::Float(one), Self::Float(two)) => one == two,
            // Casts to integers cut off the fraction and stop at the ends of the range, which no
            // integer of 64 bits reaches; NaN becomes 0.
            (Self::Integer(one), Self::Float(two)) | (Self::Float(two), Self::Integer(one)) => {
                two as i128 == one && one as f64 == two
            }
            (Self::Long(one), Self::Long(two)) => one.equals(two),
            (Self::Long(one), Self::Float(two)) | (Self::Float(two), Self::Long(one)) => {
                one.equals(LongDouble::from_f64(two))
            }
            (Self::Long(one), Self::Integer(two)) | (Self::Integer(two), Self::Long(one)) => {
                LongDouble::from_integer(two).is_some_and(|two| one.equals(two))
            }
        }
    }
}

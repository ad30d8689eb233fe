//! A value to look for, turned into bytes that items can be compared with.
//!
//! What a format can hold of a value is nearly always one pattern of bytes, some of which do not matter:
//!
//! ```text
//!   T{<h:a:2x<f:b:}  =  (7, 0.0)
//!   bytes   07 00  ·· ··  00 00 00 00
//!   mask    ff ff  00 00  ff ff ff 7f        padding is anything, and so is the sign of a zero
//! ```
//!
//! A pattern is compared at the speed of memory. Where one pattern is not enough (true is any byte but 0;
//! long doubles, bit fields, Pascal strings) items are read and their values compared.

use smallvec::SmallVec;

use super::value::equal_values;
use crate::format::{Array, Endian, Kind, Node, Plan, Record, Scalar, Value};

/// A value to look for in items of one format.
#[derive(Clone, Debug)]
pub struct Needle {
    pub(super) itemsize: usize,
    pub(super) means: Means,
}

#[derive(Clone, Debug)]
pub(super) enum Means {
    /// No item equals the value.
    Nothing,
    /// The items that have these bytes under the mask, or those that have not.
    Bytes(Pattern),
    /// To be read and compared.
    Value(Plan, Value),
}

#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Zero where the mask is.
    pub(super) bytes: SmallVec<[u8; 16]>,
    pub(super) mask: SmallVec<[u8; 16]>,
    pub(super) negated: bool,
}

/// Why a value is no pattern.
enum NoPattern {
    /// No item equals it.
    Nothing,
    /// More than one pattern would do.
    ByValue,
    /// Every item but those of the pattern that was written.
    Others,
}

impl Needle {
    /// `value` as items of this format hold it; found are those that equal it as
    /// [`equal_values`] has it.
    #[must_use]
    pub fn of(plan: &Plan, value: &Value) -> Self {
        let size = plan.size();
        let mut pattern = Pattern {
            bytes: SmallVec::from_elem(0, size),
            mask: SmallVec::from_elem(0, size),
            negated: false,
        };
        let means = match pattern.lay(plan.root(), value, plan.offset()) {
            Ok(()) => Means::Bytes(pattern),
            Err(NoPattern::Nothing) => Means::Nothing,
            Err(NoPattern::Others) if plan.as_scalar().is_some() => {
                pattern.negated = true;
                Means::Bytes(pattern)
            }
            Err(_) => Means::Value(plan.clone(), value.clone()),
        };
        Self {
            itemsize: size,
            means,
        }
    }
}

impl Pattern {
    fn lay(&mut self, node: &Node, value: &Value, at: usize) -> Result<(), NoPattern> {
        match node {
            Node::Scalar(scalar) => self.lay_scalar(*scalar, value, at),
            Node::Record(record) => self.lay_record(record, value, at),
            Node::Array(array) => self.lay_array(array.shape(), array, value, at),
        }
    }

    fn lay_record(&mut self, record: &Record, value: &Value, at: usize) -> Result<(), NoPattern> {
        let count = record.fields().len();
        self.lay_parts(count, value, |pattern, place, value| {
            let field = &record.fields()[place];
            pattern.lay(field.node(), value, at + field.offset())
        })
    }

    fn lay_array(
        &mut self,
        shape: &[usize],
        array: &Array,
        value: &Value,
        at: usize,
    ) -> Result<(), NoPattern> {
        let [extent, inner @ ..] = shape else {
            return self.lay(array.element(), value, at);
        };
        let stride = inner.iter().product::<usize>() * array.element().size();
        self.lay_parts(*extent, value, |pattern, place, value| {
            pattern.lay_array(inner, array, value, at + place * stride)
        })
    }

    /// Lays the parts of a list or tuple; that there is nothing to find outweighs all else.
    fn lay_parts(
        &mut self,
        count: usize,
        value: &Value,
        mut lay: impl FnMut(&mut Self, usize, &Value) -> Result<(), NoPattern>,
    ) -> Result<(), NoPattern> {
        let parts: SmallVec<[&Value; 8]> = match value {
            Value::Tuple(fields) => fields.iter().map(|(_, value)| value).collect(),
            Value::List(values) => values.iter().collect(),
            _ => return Err(NoPattern::Nothing),
        };
        if parts.len() != count {
            return Err(NoPattern::Nothing);
        }
        let mut outcome = Ok(());
        for (place, value) in parts.into_iter().enumerate() {
            match lay(self, place, value) {
                Ok(()) => {}
                Err(NoPattern::Nothing) => return Err(NoPattern::Nothing),
                Err(_) => outcome = Err(NoPattern::ByValue),
            }
        }
        outcome
    }

    fn lay_scalar(&mut self, scalar: Scalar, value: &Value, at: usize) -> Result<(), NoPattern> {
        let bytes = &mut self.bytes[at..at + scalar.size()];
        let mask = &mut self.mask[at..at + scalar.size()];
        match scalar.kind() {
            Kind::Object => return Err(NoPattern::Nothing),
            Kind::LongDouble | Kind::LongComplex | Kind::Pascal | Kind::Bits { .. } => {
                return Err(NoPattern::ByValue);
            }
            _ if matches!(value, Value::LongDouble(_) | Value::LongComplex { .. }) => {
                return Err(NoPattern::ByValue);
            }
            _ => {}
        }
        let held = candidates(value).into_iter().flatten().any(|candidate| {
            scalar.write(&candidate, bytes).is_ok()
                && scalar
                    .read(bytes)
                    .is_ok_and(|held| equal_values(&held, value))
        });
        if !held {
            return Err(NoPattern::Nothing);
        }
        mask.fill(0xff);
        match scalar.kind() {
            Kind::Bool if bytes[0] != 0 => {
                bytes.fill(0);
                return Err(NoPattern::Others);
            }
            Kind::Float => free_sign_of_zero(bytes, mask, scalar.endian()),
            Kind::Complex => {
                let half = bytes.len() / 2;
                let parts = bytes.chunks_mut(half).zip(mask.chunks_mut(half));
                parts.for_each(|(bytes, mask)| free_sign_of_zero(bytes, mask, scalar.endian()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The value, and equal ones that other formats hold: a real one for a complex number without imaginary
/// part, an integer for a float without fraction and for an address.
fn candidates(value: &Value) -> [Option<Value>; 3] {
    let real = match value {
        Value::Complex { re, im } if *im == 0.0 => Some(*re),
        Value::Float(re) => Some(*re),
        _ => None,
    };
    let integer = match (value, real) {
        (Value::Pointer(address), _) => Some(Value::UInt(*address as u64)),
        (_, Some(real)) if real < 0.0 => Some(Value::Int(real as i64)),
        (_, Some(real)) => Some(Value::UInt(real as u64)),
        _ => None,
    };
    [Some(value.clone()), real.map(Value::Float), integer]
}

/// Takes the sign of a number out of the mask if the number is 0.
fn free_sign_of_zero(bytes: &mut [u8], mask: &mut [u8], endian: Endian) {
    let highest = match endian {
        Endian::Big => 0,
        Endian::Little => bytes.len() - 1,
    };
    let sign = bytes[highest] & 0x80;
    bytes[highest] ^= sign;
    if bytes.iter().all(|byte| *byte == 0) {
        mask[highest] = 0x7f;
    } else {
        bytes[highest] ^= sign;
    }
}

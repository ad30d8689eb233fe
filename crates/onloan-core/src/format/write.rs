//! Writing: a value becomes the bytes of one item.
//!
//! A record or an array is gone through twice with the same function: first without the bytes, which
//! finds every reason to refuse, then with them. So an item is written whole or left alone.
//!
//! Padding keeps what it held. Integers are checked against their width, floats are rounded once, to
//! even, and a finite one never becomes infinite (`struct` lets it for the native `f`). Byte strings and
//! text that are shorter than their room are filled with NULs; longer ones are refused, where
//! `struct` and NumPy cut them off without a word.

use alloc::sync::Arc;

use super::LongDouble;
use super::binary::{self, HALF, SINGLE};
use super::order::Endian;
use super::plan::{Array, Node, Plan, Record, Scalar};
use super::read::{bit_shift, bit_word};
use super::table::Kind;
use super::value::Value;
use super::write_error::{WriteError, WriteErrorKind};

type Outcome = Result<(), WriteErrorKind>;

impl Plan {
    /// Writes `value` into the bytes of an item. `struct.pack_into`, for the formats that `struct`
    /// knows, except that padding is left as it is.
    ///
    /// What [`read`](Self::read) gives is always taken, but for `O`. Further: any integer or bool for any
    /// integer, bool or address that can hold it, numbers for floats, floats for complex numbers and
    /// long doubles, lists for tuples and the other way round, names or none in tuples.
    ///
    /// # Errors
    /// The first part that does not fit, with its path; then no byte has been changed.
    pub fn write(&self, value: &Value, bytes: &mut [u8]) -> Result<(), WriteError> {
        if bytes.len() != self.size() {
            return Err(WriteError::new(WriteErrorKind::Size {
                needed: self.size(),
                given: bytes.len(),
            }));
        }
        let (root, offset) = (self.root(), self.offset());
        let part = &mut bytes[offset..offset + root.size()];
        if !matches!(root, Node::Scalar(_)) {
            write_node(root, value, None)?;
        }
        write_node(root, value, Some(part))
    }

    /// Everything that [`write`](Self::write) checks, without writing.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn check(&self, value: &Value) -> Result<(), WriteError> {
        write_node(self.root(), value, None)
    }
}

impl Scalar {
    /// Writes a single scalar. See [`Plan::write`].
    ///
    /// # Errors
    /// The value does not fit, or `bytes` has not exactly [`size`](Self::size) bytes.
    pub fn write(self, value: &Value, bytes: &mut [u8]) -> Result<(), WriteError> {
        if bytes.len() != self.size() {
            return Err(WriteError::new(WriteErrorKind::Size {
                needed: self.size(),
                given: bytes.len(),
            }));
        }
        write_scalar(self, value, Some(bytes)).map_err(WriteError::new)
    }
}

/// `out` is the node's bytes, or nothing when only checking.
fn write_node(node: &Node, value: &Value, out: Option<&mut [u8]>) -> Result<(), WriteError> {
    match node {
        Node::Scalar(scalar) => write_scalar(*scalar, value, out).map_err(WriteError::new),
        Node::Array(Array { shape, element }) => write_array(shape, element, value, out),
        Node::Record(record) => write_record(record, value, out),
    }
}

fn write_record(
    record: &Record,
    value: &Value,
    mut out: Option<&mut [u8]>,
) -> Result<(), WriteError> {
    let parts = Parts::of(value, "a tuple", record.fields.len())?;
    for (position, field) in record.fields.iter().enumerate() {
        let (given, value) = parts.get(position);
        if let Some(given) = given
            && field.name() != Some(given)
        {
            return Err(WriteError::new(WriteErrorKind::Name {
                expected: field.name().map(Into::into),
                given: given.into(),
            }));
        }
        let range = field.offset..field.offset + field.node.size();
        let out = out.as_deref_mut().map(|out| &mut out[range]);
        write_node(&field.node, value, out)
            .map_err(|error| error.inside(field.name(), position))?;
    }
    Ok(())
}

fn write_array(
    shape: &[usize],
    element: &Node,
    value: &Value,
    mut out: Option<&mut [u8]>,
) -> Result<(), WriteError> {
    let [extent, inner @ ..] = shape else {
        return write_node(element, value, out);
    };
    let parts = Parts::of(value, "a list", *extent)?;
    for index in 0..*extent {
        let out = out.as_deref_mut().map(|out| {
            let stride = out.len() / extent;
            &mut out[index * stride..][..stride]
        });
        let (_, value) = parts.get(index);
        write_array(inner, element, value, out).map_err(|error| error.at_index(index))?;
    }
    Ok(())
}

/// What a tuple or a list is made of.
enum Parts<'v> {
    Named(&'v [(Option<Arc<str>>, Value)]),
    Plain(&'v [Value]),
}

impl<'v> Parts<'v> {
    /// `count` parts, or a refusal.
    fn of(value: &'v Value, expected: &'static str, count: usize) -> Result<Self, WriteError> {
        let (parts, given) = match value {
            Value::Tuple(tuple) => (Self::Named(tuple), tuple.len()),
            Value::List(list) => (Self::Plain(list), list.len()),
            other => return Err(WriteError::new(mismatch(expected, other))),
        };
        if given == count {
            Ok(parts)
        } else {
            Err(WriteError::new(WriteErrorKind::Count {
                expected: count,
                given,
            }))
        }
    }

    fn get(&self, index: usize) -> (Option<&'v str>, &'v Value) {
        match self {
            Self::Named(parts) => (parts[index].0.as_deref(), &parts[index].1),
            Self::Plain(parts) => (None, &parts[index]),
        }
    }
}

fn mismatch(expected: &'static str, given: &Value) -> WriteErrorKind {
    WriteErrorKind::Type {
        expected,
        given: given.kind_name(),
    }
}

fn write_scalar(scalar: Scalar, value: &Value, out: Option<&mut [u8]>) -> Outcome {
    let (size, endian) = (scalar.size(), scalar.endian());
    match scalar.kind() {
        Kind::Signed | Kind::Unsigned | Kind::Pointer => {
            put(out, integer(scalar, value)? as u64, endian);
        }
        Kind::Bool => {
            let number = whole(value).ok_or_else(|| mismatch("a bool", value))?;
            put(out, u64::from(number != 0), endian);
        }
        Kind::Float => put(out, float(real(value)?, size)?, endian),
        Kind::Complex => {
            let (re, im) = match value {
                Value::Complex { re, im } => (*re, *im),
                other => (
                    real(other).map_err(|_| mismatch("a complex number", other))?,
                    0.0,
                ),
            };
            let (re, im) = (float(re, size / 2)?, float(im, size / 2)?);
            if let Some(out) = out {
                let (first, second) = out.split_at_mut(size / 2);
                put(Some(first), re, endian);
                put(Some(second), im, endian);
            }
        }
        Kind::LongDouble => {
            let number = long_double(value)?;
            if let Some(out) = out {
                number.write(out, endian);
            }
        }
        Kind::LongComplex => {
            let (re, im) = match value {
                Value::LongComplex { re, im } => (*re, *im),
                Value::Complex { re, im } => (LongDouble::from_f64(*re), LongDouble::from_f64(*im)),
                other => (long_double(other)?, LongDouble::from_f64(0.0)),
            };
            if let Some(out) = out {
                let (first, second) = out.split_at_mut(size / 2);
                re.write(first, endian);
                im.write(second, endian);
            }
        }
        Kind::Char => {
            let bytes = byte_string(value)?;
            if bytes.len() != 1 {
                return Err(WriteErrorKind::Count {
                    expected: 1,
                    given: bytes.len(),
                });
            }
            fill(out, bytes);
        }
        Kind::Opaque | Kind::Bytes => {
            let bytes = byte_string(value)?;
            expect_room(size, bytes.len())?;
            fill(out, bytes);
        }
        Kind::Pascal => {
            let bytes = byte_string(value)?;
            expect_room(size.saturating_sub(1).min(255), bytes.len())?;
            if let Some((length, rest)) = out.and_then(<[u8]>::split_first_mut) {
                *length = bytes.len() as u8;
                fill(Some(rest), bytes);
            }
        }
        Kind::Text { unit } => write_text(value, usize::from(unit), size, endian, out)?,
        Kind::Object => return Err(WriteErrorKind::Object),
        Kind::Bits { bit, width } => {
            let number = integer(scalar, value)? as u64;
            if let Some(out) = out {
                let shift = bit_shift(out.len(), bit, width, endian);
                let mask = u128::from(u64::MAX >> (64 - width)) << shift;
                let word = bit_word(out, endian) & !mask | u128::from(number) << shift;
                put_wide(out, word, endian);
            }
        }
    }
    Ok(())
}

/// The low bytes of `number`, as many as there is room for.
fn put(out: Option<&mut [u8]>, number: u64, endian: Endian) {
    if let Some(out) = out {
        put_wide(out, number.into(), endian);
    }
}

fn put_wide(out: &mut [u8], number: u128, endian: Endian) {
    let length = out.len();
    out.copy_from_slice(&number.to_le_bytes()[..length]);
    if endian == Endian::Big {
        out.reverse();
    }
}

fn fill(out: Option<&mut [u8]>, bytes: &[u8]) {
    if let Some(out) = out {
        let (head, tail) = out.split_at_mut(bytes.len());
        head.copy_from_slice(bytes);
        tail.fill(0);
    }
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Int(number) => Some((*number).into()),
        Value::UInt(number) => Some((*number).into()),
        Value::Bool(truth) => Some((*truth).into()),
        _ => None,
    }
}

/// A number within the range of `scalar`.
fn integer(scalar: Scalar, value: &Value) -> Result<i128, WriteErrorKind> {
    let given = match value {
        Value::Pointer(address) if scalar.kind() == Kind::Pointer => Some(*address as i128),
        other => whole(other),
    };
    let expected = match scalar.kind() {
        Kind::Pointer => "an address",
        _ => "an integer",
    };
    let given = given.ok_or_else(|| mismatch(expected, value))?;
    match scalar.integer_range() {
        Some((least, greatest)) if !(least..=greatest).contains(&given) => {
            Err(WriteErrorKind::Range {
                given,
                least,
                greatest,
            })
        }
        _ => Ok(given),
    }
}

/// A number as a double; integers are rounded as Python's `float()` does.
fn real(value: &Value) -> Result<f64, WriteErrorKind> {
    match value {
        Value::Float(number) => Ok(*number),
        Value::Int(number) => Ok(*number as f64),
        Value::UInt(number) => Ok(*number as f64),
        Value::Bool(truth) => Ok(f64::from(*truth)),
        other => Err(mismatch("a float", other)),
    }
}

fn long_double(value: &Value) -> Result<LongDouble, WriteErrorKind> {
    match value {
        Value::LongDouble(number) => Ok(*number),
        other => real(other).map(LongDouble::from_f64),
    }
}

/// The bits of the float of `size` bytes that is nearest to `given`.
fn float(given: f64, size: usize) -> Result<u64, WriteErrorKind> {
    let (shape, greatest) = match size {
        2 => (HALF, 65504.0),
        4 => (SINGLE, f64::from(f32::MAX)),
        _ => return Ok(given.to_bits()),
    };
    binary::from_f64(given, shape)
        .map(|bits| bits as u64)
        .ok_or(WriteErrorKind::FloatRange { given, greatest })
}

fn byte_string(value: &Value) -> Result<&[u8], WriteErrorKind> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        other => Err(mismatch("bytes", other)),
    }
}

fn expect_room(greatest: usize, given: usize) -> Outcome {
    if given <= greatest {
        Ok(())
    } else {
        Err(WriteErrorKind::Length { greatest, given })
    }
}

fn write_text(
    value: &Value,
    unit: usize,
    size: usize,
    endian: Endian,
    out: Option<&mut [u8]>,
) -> Outcome {
    match value {
        Value::Text(text) if unit == 2 => {
            write_units(text.encode_utf16().map(u32::from), unit, size, endian, out)
        }
        Value::Text(text) => write_units(text.chars().map(u32::from), unit, size, endian, out),
        Value::Units(units) => {
            let greatest = u32::MAX >> (32 - 8 * unit);
            if let Some(&given) = units.iter().find(|&&unit| unit > greatest) {
                return Err(WriteErrorKind::Unit { given, greatest });
            }
            write_units(units.iter().copied(), unit, size, endian, out)
        }
        other => Err(mismatch("text", other)),
    }
}

fn write_units(
    units: impl Iterator<Item = u32> + Clone,
    unit: usize,
    size: usize,
    endian: Endian,
    out: Option<&mut [u8]>,
) -> Outcome {
    expect_room(size / unit, units.clone().count())?;
    if let Some(out) = out {
        let filled = units.chain(core::iter::repeat(0));
        for (place, number) in out.chunks_exact_mut(unit).zip(filled) {
            put(Some(place), number.into(), endian);
        }
    }
    Ok(())
}

//! Reading: the bytes of one item become a value.
//!
//! All decisions were taken when the plan was made, so reading fails only when it is handed the wrong
//! number of bytes. Nothing needs to be aligned.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::LongDouble;
use super::binary::{self, HALF, SINGLE};
use super::order::Endian;
use super::plan::{Node, Plan, Scalar};
use super::table::Kind;
use super::value::Value;

/// The bytes are not those of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Bytes an item has.
    pub needed: usize,
    /// Bytes that were given.
    pub given: usize,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { needed, given } = self;
        write!(f, "an item has {needed} bytes, not {given}")
    }
}

impl core::error::Error for ReadError {}

impl Plan {
    /// The value of the item whose bytes these are. `struct.unpack`, for the formats that `struct` knows.
    ///
    /// # Errors
    /// `bytes` has not exactly [`size`](Self::size) bytes.
    pub fn read(&self, bytes: &[u8]) -> Result<Value, ReadError> {
        if bytes.len() != self.size() {
            return Err(ReadError {
                needed: self.size(),
                given: bytes.len(),
            });
        }
        let (root, offset) = (self.root(), self.offset());
        Ok(read_node(root, &bytes[offset..offset + root.size()]))
    }
}

impl Scalar {
    /// The value of this scalar in `bytes`: for single fields, with [`FlatField`](super::FlatField).
    ///
    /// # Errors
    /// `bytes` has not exactly [`size`](Self::size) bytes.
    pub fn read(self, bytes: &[u8]) -> Result<Value, ReadError> {
        if bytes.len() == self.size() {
            Ok(read_scalar(self, bytes))
        } else {
            Err(ReadError {
                needed: self.size(),
                given: bytes.len(),
            })
        }
    }
}

fn read_node(node: &Node, bytes: &[u8]) -> Value {
    match node {
        Node::Scalar(scalar) => read_scalar(*scalar, bytes),
        Node::Array(array) => read_array(array.shape(), array.element(), bytes),
        Node::Record(record) => {
            let field = |field: &super::Field| {
                let end = field.offset + field.node.size();
                let value = read_node(&field.node, &bytes[field.offset..end]);
                (field.name.clone(), value)
            };
            Value::Tuple(record.fields.iter().map(field).collect())
        }
    }
}

fn read_array(shape: &[usize], element: &Node, bytes: &[u8]) -> Value {
    let [extent, inner @ ..] = shape else {
        return read_node(element, bytes);
    };
    let stride = bytes.len().checked_div(*extent).unwrap_or(0);
    let one = |index: usize| read_array(inner, element, &bytes[index * stride..][..stride]);
    Value::List((0..*extent).map(one).collect())
}

fn read_scalar(scalar: Scalar, bytes: &[u8]) -> Value {
    let endian = scalar.endian();
    match scalar.kind() {
        Kind::Signed => Value::Int(signed(bytes, endian)),
        Kind::Unsigned => Value::UInt(unsigned(bytes, endian)),
        Kind::Bool => Value::Bool(bytes.iter().any(|&byte| byte != 0)),
        Kind::Float => Value::Float(float(bytes, endian)),
        Kind::Complex => {
            let (re, im) = bytes.split_at(bytes.len() / 2);
            Value::Complex {
                re: float(re, endian),
                im: float(im, endian),
            }
        }
        Kind::LongDouble => Value::LongDouble(LongDouble::read(bytes, endian)),
        Kind::LongComplex => {
            let (re, im) = bytes.split_at(bytes.len() / 2);
            Value::LongComplex {
                re: LongDouble::read(re, endian),
                im: LongDouble::read(im, endian),
            }
        }
        Kind::Opaque | Kind::Char | Kind::Bytes => Value::Bytes(bytes.into()),
        Kind::Pascal => {
            let (&length, rest) = bytes.split_first().unwrap_or((&0, &[]));
            Value::Bytes(rest[..rest.len().min(length.into())].into())
        }
        Kind::Text { unit } => text(bytes, unit, endian),
        Kind::Object | Kind::Pointer => Value::Pointer(unsigned(bytes, endian) as usize),
        Kind::Bits { bit, width } => Value::UInt(bit_field(bytes, bit, width, endian)),
    }
}

/// Up to 8 bytes as a number.
pub(super) fn unsigned(bytes: &[u8], endian: Endian) -> u64 {
    let mut all = [0; 8];
    match endian {
        Endian::Little => {
            all[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(all)
        }
        Endian::Big => {
            all[8 - bytes.len()..].copy_from_slice(bytes);
            u64::from_be_bytes(all)
        }
    }
}

fn signed(bytes: &[u8], endian: Endian) -> i64 {
    let unused = 64 - 8 * bytes.len();
    (unsigned(bytes, endian) << unused) as i64 >> unused
}

fn float(bytes: &[u8], endian: Endian) -> f64 {
    let bits = unsigned(bytes, endian);
    match bytes.len() {
        2 => binary::to_f64(bits.into(), HALF),
        4 => binary::to_f64(bits.into(), SINGLE),
        _ => f64::from_bits(bits),
    }
}

fn text(bytes: &[u8], unit: u8, endian: Endian) -> Value {
    let unit = usize::from(unit);
    let units = || {
        bytes
            .chunks_exact(unit)
            .map(|unit| unsigned(unit, endian) as u32)
    };
    let decoded: Option<String> = if unit == 2 {
        char::decode_utf16(units().map(|unit| unit as u16))
            .map(Result::ok)
            .collect()
    } else {
        units().map(char::from_u32).collect()
    };
    decoded.map_or_else(|| Value::Units(units().collect::<Vec<u32>>()), Value::Text)
}

/// `width` bits beginning at bit `bit`, from at most nine bytes.
fn bit_field(bytes: &[u8], bit: u8, width: u8, endian: Endian) -> u64 {
    let word = bit_word(bytes, endian);
    (word >> bit_shift(bytes.len(), bit, width, endian)) as u64 & (u64::MAX >> (64 - width))
}

/// The bytes of a bit field as one number, its first bit at the end that `endian` counts from.
pub(super) fn bit_word(bytes: &[u8], endian: Endian) -> u128 {
    let mut all = [0; 16];
    all[..bytes.len()].copy_from_slice(bytes);
    if endian == Endian::Big {
        all[..bytes.len()].reverse();
    }
    u128::from_le_bytes(all)
}

/// How far the field stands above the lowest bit of that number.
pub(super) fn bit_shift(length: usize, bit: u8, width: u8, endian: Endian) -> usize {
    match endian {
        Endian::Little => bit.into(),
        Endian::Big => 8 * length - usize::from(bit) - usize::from(width),
    }
}

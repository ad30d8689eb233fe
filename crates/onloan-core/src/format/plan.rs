//! A format worked out: a tree in which every value has its place, width and byte order.
//!
//! ```text
//! Format  T{b:tag:(2)<h:pair:}  read as Padded
//! Plan    Record, 5 bytes
//!           tag   at 0   Scalar signed, 1 byte
//!           pair  at 1   Array (2) of Scalar signed, 2 bytes, little-endian
//! ```
//!
//! Padding is gone (it is what no field covers), orders are resolved to byte orders, native letters to
//! widths: `i` and `<i` are the same plan on a little-endian machine, `l` and `q` where a long has 8
//! bytes. Two plans are equal when they hold the same values at the same places under the same names;
//! [`Plan::same_representation`] leaves the names aside.
//!
//! What the top of the plan is follows `struct` and `memoryview`: one item without a name is that
//! item (`i`, `3xi`, `T{…}`), anything else is a record (`ib`, `i:a:`, and `3x`, a record of nothing).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::Format;
use super::item::{Body, Code, Item};
use super::order::Endian;
use super::place::{Cursor, Place, Reading};
use super::table::Kind;

/// How to read and write items of one format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    size: usize,
    offset: usize,
    root: Node,
}

/// A part of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// One value.
    Scalar(Scalar),
    /// Values side by side, each its own kind.
    Record(Record),
    /// Values side by side, all of one kind.
    Array(Array),
}

/// One value: how its bytes are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scalar {
    kind: Kind,
    size: usize,
    endian: Endian,
}

/// The fields of a structure; those of padding without a name are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub(super) fields: Box<[Field]>,
    pub(super) size: usize,
}

/// A field of a [`Record`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub(super) name: Option<Arc<str>>,
    pub(super) offset: usize,
    pub(super) node: Node,
}

/// A sub-array in C order, without gaps between its elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    pub(super) shape: Box<[usize]>,
    pub(super) element: Box<Node>,
}

impl Plan {
    pub(super) fn new(format: &Format, reading: Reading) -> Self {
        let size = format.size(reading);
        let Record { fields, .. } = record(format.body(), reading);
        match <[Field; 1]>::try_from(fields.into_vec()) {
            Ok(
                [
                    Field {
                        name: None,
                        offset,
                        node,
                    },
                ],
            ) => Self {
                size,
                offset,
                root: node,
            },
            Ok(one) => Self::of_record(Box::new(one), size),
            Err(fields) => Self::of_record(fields.into(), size),
        }
    }

    fn of_record(fields: Box<[Field]>, size: usize) -> Self {
        Self {
            size,
            offset: 0,
            root: Node::Record(Record { fields, size }),
        }
    }

    /// Bytes an item has, padding included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where [`root`](Self::root) begins: 0, except where padding precedes a single item.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The value that an item is.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The scalar that an item is, if it is one and fills the item.
    #[must_use]
    pub fn as_scalar(&self) -> Option<Scalar> {
        match self.root {
            Node::Scalar(scalar) if scalar.size == self.size => Some(scalar),
            _ => None,
        }
    }

    /// As [`as_scalar`](Self::as_scalar), in the byte order of the target only: what can be read in place.
    #[must_use]
    pub fn as_native_scalar(&self) -> Option<Scalar> {
        self.as_scalar()
            .filter(|scalar| scalar.endian == Endian::NATIVE)
    }

    /// Whether the same bytes have the same meaning in both: same values at the same places, whatever
    /// they are called. `<i` and `i`, or `T{i:a:}` and `T{i:b:}`, but not `i` and `T{i}`.
    #[must_use]
    pub fn same_representation(&self, other: &Self) -> bool {
        self.size == other.size && self.offset == other.offset && self.root.same(&other.root)
    }
}

impl Node {
    /// Bytes that the part takes.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Scalar(scalar) => scalar.size,
            Self::Record(record) => record.size,
            // Within the size of the item, which was computed without overflow.
            Self::Array(array) => array.shape.iter().product::<usize>() * array.element.size(),
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scalar(one), Self::Scalar(two)) => one == two,
            (Self::Array(one), Self::Array(two)) => {
                one.shape == two.shape && one.element.same(&two.element)
            }
            (Self::Record(one), Self::Record(two)) => {
                let both = || one.fields.iter().zip(&two.fields);
                one.size == two.size
                    && one.fields.len() == two.fields.len()
                    && both().all(|(one, two)| one.offset == two.offset && one.node.same(&two.node))
            }
            _ => false,
        }
    }
}

impl Scalar {
    /// A scalar of `size` bytes. Where one byte follows the other without an order (bytes, text of
    /// one-byte units, integers of one byte) `endian` makes no difference and is not kept.
    pub(super) fn new(kind: Kind, size: usize, endian: Endian) -> Self {
        let ordered = match kind {
            Kind::Opaque | Kind::Char | Kind::Bool | Kind::Bytes | Kind::Pascal => false,
            Kind::Signed | Kind::Unsigned => size > 1,
            _ => true,
        };
        Self {
            kind,
            size,
            endian: if ordered { endian } else { Endian::NATIVE },
        }
    }

    /// What the bytes mean.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// How many bytes there are; for a bit field, how many it touches.
    #[must_use]
    pub fn size(self) -> usize {
        self.size
    }

    /// The smallest and the largest integer it holds, for integers, bit fields and addresses.
    #[must_use]
    pub fn integer_range(self) -> Option<(i128, i128)> {
        let bits = match self.kind {
            Kind::Signed | Kind::Unsigned | Kind::Pointer => 8 * self.size as u32,
            Kind::Bits { width, .. } => width.into(),
            _ => return None,
        };
        if self.kind == Kind::Signed {
            let half = 1 << (bits - 1);
            Some((-half, half - 1))
        } else {
            Some((0, (1 << bits) - 1))
        }
    }

    /// Their order; [`Endian::NATIVE`] where there is none.
    #[must_use]
    pub fn endian(self) -> Endian {
        self.endian
    }
}

impl fmt::Display for Scalar {
    /// In words: `signed 32-bit, big-endian`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = 8 * self.size;
        match self.kind {
            Kind::Opaque => write!(f, "{} opaque bytes", self.size)?,
            Kind::Char => f.write_str("one byte")?,
            Kind::Signed => write!(f, "signed {bits}-bit")?,
            Kind::Unsigned => write!(f, "unsigned {bits}-bit")?,
            Kind::Bool => f.write_str("bool")?,
            Kind::Float => write!(f, "float {bits}-bit")?,
            Kind::LongDouble => f.write_str("long double")?,
            Kind::Complex => write!(f, "complex of 2 × {}-bit", bits / 2)?,
            Kind::LongComplex => f.write_str("complex of 2 × long double")?,
            Kind::Bytes => write!(f, "byte string of {}", self.size)?,
            Kind::Pascal => write!(f, "Pascal string in {} bytes", self.size)?,
            Kind::Text { unit } => {
                let units = self.size / usize::from(unit);
                write!(f, "text of {units} × {}-bit", 8 * unit)?;
            }
            Kind::Object => f.write_str("Python object")?,
            Kind::Pointer => f.write_str("pointer")?,
            Kind::Bits { width, .. } => write!(f, "bit field of {width}")?,
        }
        match self.endian {
            endian if endian == Endian::NATIVE => Ok(()),
            Endian::Little => f.write_str(", little-endian"),
            Endian::Big => f.write_str(", big-endian"),
        }
    }
}

impl Record {
    /// The fields in the order of the format, which is that of their offsets.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Bytes that the record takes, trailing padding included where the reading has it.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }
}

impl Field {
    /// The name, if the format gives one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Bytes from the start of the record.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What the field holds.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }
}

impl Array {
    /// The extents, outermost first; never empty.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Bytes from one element to the next along each extent.
    #[must_use]
    pub fn strides(&self) -> Vec<usize> {
        let mut stride = self.element.size();
        let mut strides = alloc::vec![0; self.shape.len()];
        for (axis, extent) in self.shape.iter().enumerate().rev() {
            strides[axis] = stride;
            stride = stride.saturating_mul(*extent);
        }
        strides
    }

    /// What is repeated; never itself an array.
    #[must_use]
    pub fn element(&self) -> &Node {
        &self.element
    }
}

fn record(body: &Body, reading: Reading) -> Record {
    let mut cursor = Cursor::new(reading);
    let mut fields = Vec::new();
    for item in body.items() {
        // Placed without fail when the body was built.
        let Some(Place { offset, bit }) = cursor.place(item) else {
            break;
        };
        if !item.is_padding() {
            fields.push(Field {
                name: item.shared_name(),
                offset,
                node: node(item, bit, reading),
            });
        }
    }
    Record {
        fields: fields.into(),
        size: body.size(reading),
    }
}

fn node(item: &Item, bit: u8, reading: Reading) -> Node {
    let element = match item.code() {
        Code::Plain(symbol) => {
            // A code without a size under its order was refused when the item was built.
            let unit = symbol.size(item.order()).unwrap_or_default();
            let (kind, size) = match symbol.kind() {
                Kind::Bits { .. } => {
                    let width = item.count() as u8;
                    let size = (usize::from(bit) + item.count()).div_ceil(8);
                    (Kind::Bits { bit, width }, size)
                }
                kind if kind.counts_length() => (kind, unit * item.count()),
                kind => (kind, unit),
            };
            Node::Scalar(Scalar::new(kind, size, item.order().endian()))
        }
        Code::Pointer(_) | Code::Function(_) => {
            let endian = item.order().endian();
            Node::Scalar(Scalar::new(Kind::Pointer, size_of::<usize>(), endian))
        }
        Code::Struct(body) => Node::Record(record(body, reading)),
    };
    let shape = item.dimensions();
    if shape.is_empty() {
        return element;
    }
    Node::Array(Array {
        shape: shape.into(),
        element: Box::new(element),
    })
}

//! The tree that a format string is: items, their codes, and the bodies that hold them.
//!
//! ```text
//! (2,3)<4i:name:     shape (2,3), order Little, count 4, code i, name
//! &(2)<h             order Native, code Pointer to an item of shape (2), order Little, code h
//! T{<I:id:<d:score:} code Struct of two items
//! ```
//!
//! Every item carries the order that was in force where its code stood, so an item means the same
//! without its neighbours. Sizes are computed once, when an item is made, in both readings.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::order::Order;
use super::place::{Cursor, Measure, Reading};
use super::table::{Kind, Symbol};

/// One item of a format: what is repeated, how, and under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    prefix: Prefix,
    code: Code,
    name: Option<Arc<str>>,
    measure: Measure,
}

/// What stands before a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) shape: Vec<usize>,
    pub(super) order: Order,
    pub(super) count: usize,
}

/// What an item is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// A letter of the table, or two.
    Plain(Symbol),
    /// `&`: the address of what follows.
    Pointer(Box<Item>),
    /// `T{…}`: the members one after the other.
    Struct(Body),
    /// `X{…}`: the address of a function.
    Function(Signature),
}

/// The items between two braces, or of the whole string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    items: Vec<Item>,
    closing: Order,
    measure: Measure,
}

/// What `X{…}` says of a function; all of it is optional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub(super) arguments: Vec<Item>,
    pub(super) result: Option<Box<Item>>,
    pub(super) closing: Order,
}

/// Why an item cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Larger than the address space allows.
    TooLarge,
    /// Out of all proportion more values than bytes, such as `(1000000000,0)i`.
    Hollow,
    /// No size under this order.
    NoStandardSize,
}

impl Item {
    pub(super) fn build(prefix: Prefix, code: Code) -> Result<Self, Unfit> {
        let single = code.measure(prefix.order)?;
        let counted = match &code {
            Code::Plain(symbol) if symbol.kind().counts_length() => {
                let bits = matches!(symbol.kind(), Kind::Bits { .. });
                let units = if bits {
                    prefix.count.div_ceil(8)
                } else {
                    prefix.count
                };
                Measure {
                    values: 1,
                    ..single.repeat(units)?
                }
            }
            _ if prefix.count == 1 => single,
            _ => single.repeat(prefix.count)?,
        };
        let mut measure = counted;
        for &extent in prefix.shape.iter().rev() {
            measure = measure.repeat(extent)?;
        }
        in_proportion(measure)?;
        Ok(Self {
            prefix,
            code,
            name: None,
            measure,
        })
    }

    pub(super) fn with_name(self, name: Arc<str>) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// The extents of the sub-array, outermost first, without the count: `(2,3)` before the code.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.prefix.shape
    }

    /// The order in force at the code; for a struct, at its opening brace.
    #[must_use]
    pub fn order(&self) -> Order {
        self.prefix.order
    }

    /// The count before the code, 1 where none is written.
    #[must_use]
    pub fn count(&self) -> usize {
        self.prefix.count
    }

    /// What is repeated.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// The name after the code. `::` is an empty name, not none.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) fn shared_name(&self) -> Option<Arc<str>> {
        self.name.clone()
    }

    /// Every extent of the value's sub-array, outermost first: the shape, then the count where it
    /// repeats (`3i` is a sub-array as `(3)i` is) and not where it is a length (`3s`).
    #[must_use]
    pub fn dimensions(&self) -> Vec<usize> {
        let mut all = self.prefix.shape.clone();
        if self.prefix.count != 1 && !self.code.counts_length() {
            all.push(self.prefix.count);
        }
        all
    }

    /// Bytes that the item takes with all its repetitions, without the padding before it.
    #[must_use]
    pub fn size(&self, reading: Reading) -> usize {
        self.measure.size(reading)
    }

    /// Whether it is padding and nothing else: `x` without a name.
    #[must_use]
    pub fn is_padding(&self) -> bool {
        let opaque = matches!(&self.code, Code::Plain(symbol) if symbol.kind() == Kind::Opaque);
        opaque && self.name.is_none()
    }

    pub(super) fn measure(&self) -> Measure {
        self.measure
    }

    /// The order in force behind the item.
    pub(super) fn closing(&self) -> Order {
        match &self.code {
            Code::Plain(_) => self.prefix.order,
            Code::Pointer(target) => target.closing(),
            Code::Struct(body) => body.closing,
            Code::Function(signature) => signature.closing,
        }
    }
}

impl Code {
    fn counts_length(&self) -> bool {
        matches!(self, Self::Plain(symbol) if symbol.kind().counts_length())
    }

    /// One of it, aligned if `order` (for a struct: the order at its end) aligns.
    fn measure(&self, order: Order) -> Result<Measure, Unfit> {
        let (size, align) = match self {
            Self::Plain(symbol) => {
                let size = symbol.size(order).ok_or(Unfit::NoStandardSize)?;
                (size, symbol.align())
            }
            Self::Pointer(_) | Self::Function(_) => (size_of::<usize>(), align_of::<usize>()),
            Self::Struct(body) => {
                let aligns = body.closing.aligns();
                return Ok(Measure {
                    align: if aligns { body.measure.align } else { 1 },
                    ..body.measure
                });
            }
        };
        Ok(Measure {
            unpadded: size,
            padded: size,
            align: if order.aligns() { align } else { 1 },
            values: 1,
        })
    }
}

impl Body {
    /// `opening` is the order in force before the first item.
    pub(super) fn build(items: Vec<Item>, opening: Order) -> Result<Self, Unfit> {
        let closing = items.last().map_or(opening, Item::closing);
        let mut unpadded = Cursor::new(Reading::Unpadded);
        let mut padded = Cursor::new(Reading::Padded);
        let mut values = 1_usize;
        for item in &items {
            unpadded.place(item).ok_or(Unfit::TooLarge)?;
            padded.place(item).ok_or(Unfit::TooLarge)?;
            values = values
                .checked_add(item.measure.values)
                .ok_or(Unfit::Hollow)?;
        }
        let measure = Measure {
            unpadded: unpadded.finish(closing).ok_or(Unfit::TooLarge)?,
            padded: padded.finish(closing).ok_or(Unfit::TooLarge)?,
            align: padded.align(),
            values,
        };
        in_proportion(measure)?;
        Ok(Self {
            items,
            closing,
            measure,
        })
    }

    /// The items in the order in which they are written, padding included.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The order in force at the end, which decides whether the end is padded.
    #[must_use]
    pub fn closing(&self) -> Order {
        self.closing
    }

    /// Bytes that the body takes.
    #[must_use]
    pub fn size(&self, reading: Reading) -> usize {
        self.measure.size(reading)
    }

    /// The largest alignment of a member under `@`, 1 where there is none.
    #[must_use]
    pub fn align(&self) -> usize {
        self.measure.align
    }

    /// Whether the two readings place or size anything in it differently.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        let inner = |item: &Item| matches!(&item.code, Code::Struct(body) if body.is_ambiguous());
        self.measure.unpadded != self.measure.padded || self.items.iter().any(inner)
    }
}

impl Signature {
    /// The arguments, in order.
    #[must_use]
    pub fn arguments(&self) -> &[Item] {
        &self.arguments
    }

    /// What stands behind `->`.
    #[must_use]
    pub fn result(&self) -> Option<&Item> {
        self.result.as_deref()
    }
}

/// A short string must not make a reader build a million empty lists: the number of values is bounded
/// by the bytes that they come from, with room for every format that means something.
fn in_proportion(measure: Measure) -> Result<(), Unfit> {
    let bound = measure.unpadded.saturating_mul(256).saturating_add(1 << 16);
    if measure.values <= bound {
        Ok(())
    } else {
        Err(Unfit::Hollow)
    }
}

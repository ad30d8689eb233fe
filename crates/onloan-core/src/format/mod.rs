//! Format strings: what the bytes of one item mean.
//!
//! An exporter says with a string such as `T{<I:id:<d:score:3x}` what each item holds: `struct`'s
//! letters, to which PEP 3118 adds structures, sub-arrays, names, pointers and more. The PEP leaves much
//! open and every producer filled the gaps in its own way, so this module reads what *any* of them
//! writes (CPython, ctypes, NumPy) and writes what *all* of them read.
//!
//! ```text
//!   "T{<I:id:<d:score:3x}"
//!        │ Format::parse                the tree, as written (item.rs, table.rs, order.rs)
//!        ▼
//!   Format ── Display ─▶ canonical string
//!        │ .fit(itemsize)               which reading of trailing padding fits
//!        │ .plan(reading)               offsets, widths and byte orders, worked out once
//!        ▼
//!   Plan ── .fields() ─▶ id at 0, score at 4
//!        │ .read(&bytes)    ▲ .write(&value, &mut bytes)
//!        ▼                  │
//!   Value::Tuple([("id", 7), ("score", 0.5)])
//! ```
//!
//! **Promised.** No string makes the parser panic, recurse without bound or allocate more than in
//! proportion to its length. A format that was parsed has a size in both readings and needs no
//! further checks. Printing and parsing again gives an equal format. Reading and writing back gives
//! the same bytes for every code, with these exceptions: padding inside a `long double` becomes zero,
//! so does what a Pascal string leaves unused, and a bool that is neither 0 nor 1 becomes 1.
//!
//! **Not promised.** That a format says the truth: NumPy writes `(2)T{=i:x:b:y:}` for an array of
//! *aligned* records of 8 bytes and makes up for the difference afterwards, ctypes writes `<u` for a
//! `wchar_t` of 4 bytes and nothing at all for a union. The item size shows most of such lies
//! ([`Format::fit`]).

mod binary;
mod code;
mod explicit;
mod field;
mod item;
mod long_double;
mod order;
mod parse;
mod parse_error;
mod place;
mod plan;
mod print;
mod read;
mod table;
mod value;
mod write;
mod write_error;

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

pub use field::FlatField;
pub use item::{Body, Code, Item, Signature};
pub use long_double::LongDouble;
pub use order::{Endian, Order};
pub use parse::{MAX_DEPTH, MAX_DIMENSIONS};
pub use parse_error::{Found, ParseError, ParseErrorKind};
pub use place::Reading;
pub use plan::{Array, Field, Node, Plan, Record, Scalar};
pub use read::ReadError;
pub use table::{Kind, Symbol};
pub use value::Value;
pub use write_error::{WriteError, WriteErrorKind};

/// A format string, read and found to be one.
///
/// ```
/// use onloan_core::format::{Format, Value};
///
/// let format = Format::parse("T{ <I:id: <d:score: 3x }")?;
/// assert_eq!(format.to_string(), "T{<I:id:d:score:3x}");
///
/// let plan = format.plan_for(15).expect("4 + 8 + 3 bytes");
/// let score = &plan.fields()[1];
/// assert_eq!((score.path.as_str(), score.offset), ("score", 4));
///
/// let mut item = [0; 15];
/// let value = Value::List(vec![Value::UInt(7), Value::Float(0.5)]);
/// plan.write(&value, &mut item).expect("both are in range");
/// assert_eq!(item[..4], 7u32.to_le_bytes());
/// # Ok::<(), onloan_core::format::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    body: Body,
}

/// No reading of a format gives the item size of its exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeMismatch {
    format: String,
    itemsize: usize,
    unpadded: usize,
    padded: usize,
}

impl Format {
    /// Reads a format string.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its position.
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        Self::parse_bytes(source.as_bytes())
    }

    /// Reads the bytes of a C string, without its terminator. Only names may be other than ASCII, and
    /// they must be UTF-8, as NumPy writes them.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_bytes(source: &[u8]) -> Result<Self, ParseError> {
        let body = parse::parse(source)?;
        Ok(Self { body })
    }

    /// The items, padding included, in the order in which they are written.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.body.items()
    }

    /// The whole as the body of a structure, which it is but for the braces.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Bytes an item takes in one reading of trailing padding.
    ///
    /// [`Reading::Unpadded`] is `struct.calcsize`, for every format that `struct` knows.
    #[must_use]
    pub fn size(&self, reading: Reading) -> usize {
        self.body.size(reading)
    }

    /// The multiple of bytes at which an item wants to begin: the largest natural alignment under
    /// `@`, 1 where nothing is under `@`.
    #[must_use]
    pub fn align(&self) -> usize {
        self.body.align()
    }

    /// Whether the two readings of trailing padding differ, in any size or offset.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.body.is_ambiguous()
    }

    /// The reading under which an item has `itemsize` bytes. Where both do, [`Reading::Padded`]: it
    /// places members as a C compiler does.
    ///
    /// # Errors
    /// Neither does; the error names both sizes.
    pub fn fit(&self, itemsize: usize) -> Result<Reading, SizeMismatch> {
        [Reading::Padded, Reading::Unpadded]
            .into_iter()
            .find(|&reading| self.size(reading) == itemsize)
            .ok_or_else(|| SizeMismatch {
                format: alloc::format!("{self}"),
                itemsize,
                unpadded: self.size(Reading::Unpadded),
                padded: self.size(Reading::Padded),
            })
    }

    /// Everything that reading and writing an item needs, worked out once.
    #[must_use]
    pub fn plan(&self, reading: Reading) -> Plan {
        Plan::new(self, reading)
    }

    /// The plan for items of `itemsize` bytes: [`fit`](Self::fit), then [`plan`](Self::plan).
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn plan_for(&self, itemsize: usize) -> Result<Plan, SizeMismatch> {
        Ok(self.plan(self.fit(itemsize)?))
    }

    /// The letter, if the format is one native letter of `struct` (`i`, `@i`) and nothing else. That is what
    /// `memoryview` takes for item access, casts and hashes.
    #[must_use]
    pub fn native_letter(&self) -> Option<char> {
        let [item] = self.items() else { return None };
        let bare = item.name().is_none() && item.count() == 1 && item.shape().is_empty();
        match item.code() {
            Code::Plain(symbol) if bare && item.order() == Order::Native => {
                let text = symbol.text();
                "cbB?hHiIlLqQnNefdP"
                    .contains(text)
                    .then(|| text.chars().next())
                    .flatten()
            }
            _ => None,
        }
    }

    fn from_items(items: Vec<Item>) -> Option<Self> {
        let body = Body::build(items, Order::default()).ok()?;
        Some(Self { body })
    }
}

/// `B`, unsigned bytes: what an exporter means that gives no format.
impl Default for Format {
    fn default() -> Self {
        Self::parse("B").unwrap_or_else(|_| unreachable!("`B` is a format"))
    }
}

impl FromStr for Format {
    type Err = ParseError;

    fn from_str(source: &str) -> Result<Self, ParseError> {
        Self::parse(source)
    }
}

impl TryFrom<&[u8]> for Format {
    type Error = ParseError;

    fn try_from(source: &[u8]) -> Result<Self, ParseError> {
        Self::parse_bytes(source)
    }
}

impl SizeMismatch {
    /// The item size that was asked for.
    #[must_use]
    pub fn itemsize(&self) -> usize {
        self.itemsize
    }

    /// What the format says.
    #[must_use]
    pub fn size(&self, reading: Reading) -> usize {
        match reading {
            Reading::Unpadded => self.unpadded,
            Reading::Padded => self.padded,
        }
    }
}

impl fmt::Display for SizeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            format,
            itemsize,
            unpadded,
            padded,
        } = self;
        write!(f, "format `{format}` has {unpadded} bytes")?;
        if padded != unpadded {
            write!(f, ", {padded} with trailing padding")?;
        }
        write!(f, "; the item size is {itemsize}")
    }
}

impl core::error::Error for SizeMismatch {}

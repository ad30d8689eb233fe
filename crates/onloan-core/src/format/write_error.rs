//! Why a value does not go into an item.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

/// A refusal: which part of the item, and why. The item's bytes are as they were.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteError {
    path: String,
    kind: WriteErrorKind,
}

/// The rule that was broken.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// The buffer has not the size of an item.
    Size {
        /// Bytes an item has.
        needed: usize,
        /// Bytes that were given.
        given: usize,
    },
    /// A value of another sort: a type error.
    Type {
        /// What would be taken.
        expected: &'static str,
        /// What was given.
        given: &'static str,
    },
    /// An integer beyond the width.
    Range {
        /// What was given.
        given: i128,
        /// The smallest that fits.
        least: i128,
        /// The largest that fits.
        greatest: i128,
    },
    /// A finite float that rounds to something beyond the largest finite one of its width.
    FloatRange {
        /// What was given.
        given: f64,
        /// The largest finite number of the width.
        greatest: f64,
    },
    /// More bytes or code units than there is room for. (`struct` and NumPy cut them off.)
    Length {
        /// What there is room for.
        greatest: usize,
        /// What was given.
        given: usize,
    },
    /// Another number of elements or fields, or for `c` of bytes, than there are.
    Count {
        /// How many there are.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// A field of another name.
    Name {
        /// The field's name, if it has one.
        expected: Option<String>,
        /// The name that was given.
        given: String,
    },
    /// Not text that fits into 16-bit units.
    Unit {
        /// The code unit that does not fit.
        given: u32,
        /// The largest that does.
        greatest: u32,
    },
    /// `O`: writing an address there would bypass the reference count.
    Object,
}

impl WriteError {
    pub(super) fn new(kind: WriteErrorKind) -> Self {
        Self {
            path: String::new(),
            kind,
        }
    }

    /// The same, seen from one level further out.
    pub(super) fn inside(mut self, field: Option<&str>, position: usize) -> Self {
        let field = field.map_or_else(|| position.to_string(), String::from);
        self.path = if self.path.is_empty() || self.path.starts_with('[') {
            field + &self.path
        } else {
            format!("{field}.{}", self.path)
        };
        self
    }

    pub(super) fn at_index(mut self, index: usize) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("[{index}]{dot}{}", self.path);
        self
    }

    /// Where in the item, such as `points[1].x`; empty for the item itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The rule that was broken.
    #[must_use]
    pub fn kind(&self) -> &WriteErrorKind {
        &self.kind
    }

    /// Whether Python calls it a `TypeError`; it is a `ValueError` otherwise.
    #[must_use]
    pub fn is_type_error(&self) -> bool {
        matches!(
            self.kind,
            WriteErrorKind::Type { .. } | WriteErrorKind::Object
        )
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        match &self.kind {
            WriteErrorKind::Size { needed, given } => {
                write!(f, "an item has {needed} bytes, not {given}")
            }
            WriteErrorKind::Type { expected, given } => {
                write!(f, "needs {expected}, not {given}")
            }
            WriteErrorKind::Range {
                given,
                least,
                greatest,
            } => write!(
                f,
                "argument out of range: {given}, needs {least} <= number <= {greatest}"
            ),
            WriteErrorKind::FloatRange { given, greatest } => write!(
                f,
                "argument out of range: {given:e}, needs -{greatest:e} <= number <= {greatest:e}"
            ),
            WriteErrorKind::Length { greatest, given } => {
                write!(f, "too long: {given}, has room for {greatest}")
            }
            WriteErrorKind::Count { expected, given } => {
                write!(f, "needs exactly {expected}, not {given}")
            }
            WriteErrorKind::Name { expected, given } => match expected {
                Some(expected) => write!(f, "the field is `{expected}`, not `{given}`"),
                None => write!(f, "the field has no name, not `{given}`"),
            },
            WriteErrorKind::Unit { given, greatest } => write!(
                f,
                "argument out of range: code unit {given:#x}, needs at most {greatest:#x}"
            ),
            WriteErrorKind::Object => f.write_str(
                "a reference to a Python object is not written as bytes, for its count would be wrong",
            ),
        }
    }
}

impl core::error::Error for WriteError {}

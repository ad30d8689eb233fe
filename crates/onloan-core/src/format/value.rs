//! What an item holds, as a value of its own.
//!
//! Each code has one variant, wide enough for all of it:
//!
//! | codes                | variant                                     |
//! |----------------------|---------------------------------------------|
//! | `b h i l q n`        | `Int`                                       |
//! | `B H I L Q N`, `t`   | `UInt`                                      |
//! | `?`                  | `Bool`                                      |
//! | `e f d`              | `Float`; every half and single is a double  |
//! | `F D Ze Zf Zd`       | `Complex`                                   |
//! | `g`, `G Zg`          | `LongDouble`, `LongComplex`; see [`LongDouble`] |
//! | `c s p`, named `x`   | `Bytes`                                     |
//! | `u w`                | `Text`, or `Units` where it is not Unicode  |
//! | `O P z Z & X`        | `Pointer`                                   |
//! | `T{}`, several items | `Tuple`                                     |
//! | `(2,3)`, counts      | `List`                                      |
//!
//! `3i` is a list of three as `(3)i` is, which is NumPy's view of it; `struct` would put three values
//! into the tuple around it.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::LongDouble;

/// The value of an item, or of a part of it. It owns all it has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// From a signed integer of any width.
    Int(i64),
    /// From an unsigned integer of any width, or a bit field.
    UInt(u64),
    /// From `?`.
    Bool(bool),
    /// From a half, a single or a double. NaNs keep their sign and payload.
    Float(f64),
    /// From a complex of any of these.
    Complex {
        /// The real part.
        re: f64,
        /// The imaginary part.
        im: f64,
    },
    /// From `g`.
    LongDouble(LongDouble),
    /// From a complex of two `long double`s.
    LongComplex {
        /// The real part.
        re: LongDouble,
        /// The imaginary part.
        im: LongDouble,
    },
    /// From `c` (one byte), `s` (all of them, trailing NULs too), `p` (as many as its length byte says)
    /// and `x` with a name.
    Bytes(Vec<u8>),
    /// From `u` and `w`, all units, trailing NULs too. Surrogate pairs in `u` are one character.
    Text(String),
    /// From `u` and `w` when the code units are not Unicode text (a lone surrogate, a number beyond
    /// U+10FFFF): the units as they are.
    Units(Vec<u32>),
    /// An address. From `O` it is that of the object, with no reference to it.
    Pointer(usize),
    /// The fields of a structure, in order, with their names.
    Tuple(Vec<(Option<Arc<str>>, Self)>),
    /// The elements of a sub-array along its first extent.
    List(Vec<Self>),
}

impl Value {
    /// What it is, for messages.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Int(_) | Self::UInt(_) => "an integer",
            Self::Bool(_) => "a bool",
            Self::Float(_) => "a float",
            Self::Complex { .. } => "a complex number",
            Self::LongDouble(_) => "a long double",
            Self::LongComplex { .. } => "a long complex number",
            Self::Bytes(_) => "bytes",
            Self::Text(_) => "text",
            Self::Units(_) => "code units",
            Self::Pointer(_) => "an address",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
        }
    }
}

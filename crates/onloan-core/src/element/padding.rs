//! The bytes between fields, made explicit.

use core::ffi::CStr;
use core::fmt;
use core::hash::{Hash, Hasher};

use super::text::{Composed, Spelled, Spelling, of_some_bytes};
use super::{AnyBits, Element};

/// `N` bytes between the fields of a struct, lent as `Nx`: they are there, they are zero, and they mean nothing.
///
/// The padding that the compiler puts between fields is uninitialised memory, which Rust may not let anybody read. A struct
/// with such padding is refused by `#[derive(Element)]`; with this field in its place it is not:
///
/// ```text
///     #[repr(C)] struct Sample {        offset 0    4           8
///         id: u32,                             │id  │▒▒▒▒▒▒▒▒▒▒▒│value      │
///         _padding: Padding<4>,                     └ Padding<4>
///         value: f64,                   format T{<I:id:4x<d:value:}
///     }
/// ```
///
/// All paddings are equal. The bytes are initialised, to zero unless a consumer wrote there, and a copy keeps them.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Padding<const N: usize>([u8; N]);

impl<const N: usize> Padding<N> {
    /// `N` zero bytes.
    pub const ZERO: Self = Self([0; N]);
}

// SAFETY: `N` initialised bytes (`repr(transparent)`), lent as that many `x`, which is one byte without alignment in any order.
unsafe impl<const N: usize> Element for Padding<N> {
    type Item = Self;
    const SHAPE: &'static [usize] = &[];
    const FORMAT: &'static CStr = of_some_bytes::<Self>(Composed::<Self>::C_STR);
    const FIELD: &'static str = Composed::<Self>::STR;
}

// SAFETY: any bytes are a value.
unsafe impl<const N: usize> AnyBits for Padding<N> {}

impl<const N: usize> Spelled for Padding<N> {
    const SPELLING: Spelling = Spelling::Counted {
        count: N,
        code: "x",
    };
}

impl<const N: usize> Default for Padding<N> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<const N: usize> PartialEq for Padding<N> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<const N: usize> Eq for Padding<N> {}

impl<const N: usize> Hash for Padding<N> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl<const N: usize> fmt::Debug for Padding<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Padding<{N}>")
    }
}

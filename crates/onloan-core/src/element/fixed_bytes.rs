//! A field of so many bytes.

use core::ffi::CStr;
use core::fmt;
use core::ops::{Deref, DerefMut};

use super::text::{Composed, Spelled, Spelling, of_some_bytes};
use super::{AnyBits, Element};

/// `N` bytes that belong together, lent as `Ns`: a `bytes` object to `struct`, an `S` string to NumPy.
///
/// `[u8; N]` is lent as `N` numbers instead. A shorter text is filled up with NULs, as `struct.pack` and NumPy do it:
///
/// ```
/// use onloan_core::element::FixedBytes;
///
/// let code = FixedBytes::<4>::try_from(&b"EUR"[..])?;
/// assert_eq!(*code, *b"EUR\0");
/// assert_eq!(code.trimmed(), b"EUR");
/// # Ok::<(), onloan_core::element::TooLong>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct FixedBytes<const N: usize>([u8; N]);

impl<const N: usize> FixedBytes<N> {
    /// The bytes as they are.
    #[must_use]
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes up to the last that is not NUL: what NumPy shows of an `S` item.
    #[must_use]
    pub fn trimmed(&self) -> &[u8] {
        let end = self
            .0
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        &self.0[..end]
    }
}

// SAFETY: `N` initialised bytes (`repr(transparent)`), lent as `Ns`, which is `N` bytes without alignment in any order.
unsafe impl<const N: usize> Element for FixedBytes<N> {
    type Item = Self;
    const SHAPE: &'static [usize] = &[];
    const FORMAT: &'static CStr = of_some_bytes::<Self>(Composed::<Self>::C_STR);
    const FIELD: &'static str = Composed::<Self>::STR;
}

// SAFETY: any bytes are a value.
unsafe impl<const N: usize> AnyBits for FixedBytes<N> {}

impl<const N: usize> Spelled for FixedBytes<N> {
    const SPELLING: Spelling = Spelling::Counted {
        count: N,
        code: "s",
    };
}

impl<const N: usize> Default for FixedBytes<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Deref for FixedBytes<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> DerefMut for FixedBytes<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> From<[u8; N]> for FixedBytes<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> From<FixedBytes<N>> for [u8; N] {
    fn from(bytes: FixedBytes<N>) -> Self {
        bytes.0
    }
}

impl<const N: usize> TryFrom<&[u8]> for FixedBytes<N> {
    type Error = TooLong;

    /// The bytes, filled up with NULs.
    fn try_from(bytes: &[u8]) -> Result<Self, TooLong> {
        let mut filled = Self::default();
        filled
            .0
            .get_mut(..bytes.len())
            .ok_or(TooLong {
                len: bytes.len(),
                room: N,
            })?
            .copy_from_slice(bytes);
        Ok(filled)
    }
}

impl<const N: usize> fmt::Debug for FixedBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// More bytes than a [`FixedBytes`] has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The bytes given.
    pub len: usize,
    /// The bytes that there is room for.
    pub room: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes given, but FixedBytes<{}> takes {} at most",
            self.len, self.room, self.room
        )
    }
}

impl core::error::Error for TooLong {}

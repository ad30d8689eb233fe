//! A truth value in one byte, of which every byte is one.

use core::ffi::CStr;
use core::fmt;
use core::hash::{Hash, Hasher};

use super::{AnyBits, Element};

/// A truth value that may be lent writable: one byte, lent as `?`, true unless zero.
///
/// A `bool` is only ever the byte 0 or 1, and Rust relies on it. A consumer who is lent memory for writing may write any byte, as
/// NumPy does after `array.view(bool)`, and C's truth is anything but zero. `ByteBool` takes that as it comes.
/// Values are compared and hashed by their truth, not by their byte.
///
/// ```
/// use onloan_core::element::ByteBool;
///
/// let mut seen = ByteBool::from(false);
/// seen.set(true);
/// assert!(seen.get());
/// assert_eq!(seen, ByteBool::from_byte(0xff));
/// ```
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct ByteBool(u8);

impl ByteBool {
    /// The byte 1 for true and 0 for false.
    #[must_use]
    pub const fn new(truth: bool) -> Self {
        Self(truth as u8)
    }

    /// Any byte; true unless zero.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte as it is stored.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        self.0
    }

    /// Its truth.
    #[must_use]
    pub const fn get(self) -> bool {
        self.0 != 0
    }

    /// Stores 1 for true and 0 for false.
    pub const fn set(&mut self, truth: bool) {
        *self = Self::new(truth);
    }
}

// SAFETY: one `u8` (`repr(transparent)`), and `?` is one byte without alignment in any order.
unsafe impl Element for ByteBool {
    type Item = Self;
    const SHAPE: &'static [usize] = &[];
    const FORMAT: &'static CStr = bool::FORMAT;
    const FIELD: &'static str = bool::FIELD;
}

// SAFETY: any `u8` is a value.
unsafe impl AnyBits for ByteBool {}

impl From<bool> for ByteBool {
    fn from(truth: bool) -> Self {
        Self::new(truth)
    }
}

impl From<ByteBool> for bool {
    fn from(stored: ByteBool) -> Self {
        stored.get()
    }
}

impl PartialEq for ByteBool {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for ByteBool {}

impl Hash for ByteBool {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.get().hash(state);
    }
}

impl fmt::Debug for ByteBool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

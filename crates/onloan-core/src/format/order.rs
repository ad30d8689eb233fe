//! Byte order: the prefix characters `@ = < > ! ^` and what each of them decides.
//!
//! A prefix decides three things at once, which is why [`Order`] is more than an [`Endian`]:
//!
//! | prefix | byte order | sizes    | alignment |
//! |--------|------------|----------|-----------|
//! | `@`    | native     | native   | natural   |
//! | `^`    | native     | native   | none      |
//! | `=`    | native     | standard | none      |
//! | `<`    | little     | standard | none      |
//! | `>` `!`| big        | standard | none      |

/// Which end of a number comes first in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endian {
    /// The least significant byte first.
    Little,
    /// The most significant byte first.
    Big,
}

impl Endian {
    /// The byte order of the target.
    pub const NATIVE: Self = if cfg!(target_endian = "big") {
        Self::Big
    } else {
        Self::Little
    };
}

/// A byte-order prefix, in force from where it stands until the next one.
///
/// `!` (network order) is read as [`Order::Big`], which it means, and printed as `>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// `@`: native order, native sizes, natural alignment. In force at the start of every format.
    #[default]
    Native,
    /// `^`: native order, native sizes, no alignment. PEP 3118 only; `struct` does not know it.
    NativeUnaligned,
    /// `=`: native order, standard sizes, no alignment.
    Standard,
    /// `<`: little-endian, standard sizes, no alignment.
    Little,
    /// `>` or `!`: big-endian, standard sizes, no alignment.
    Big,
}

impl Order {
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            b'@' => Self::Native,
            b'^' => Self::NativeUnaligned,
            b'=' => Self::Standard,
            b'<' => Self::Little,
            b'>' | b'!' => Self::Big,
            _ => return None,
        })
    }

    /// The prefix character; `>` for both spellings of big-endian.
    #[must_use]
    pub fn as_char(self) -> char {
        match self {
            Self::Native => '@',
            Self::NativeUnaligned => '^',
            Self::Standard => '=',
            Self::Little => '<',
            Self::Big => '>',
        }
    }

    /// The byte order that the prefix stands for on this target.
    #[must_use]
    pub fn endian(self) -> Endian {
        match self {
            Self::Native | Self::NativeUnaligned | Self::Standard => Endian::NATIVE,
            Self::Little => Endian::Little,
            Self::Big => Endian::Big,
        }
    }

    /// Whether numbers have the sizes of the C compiler (`@`, `^`) and not the standard ones.
    #[must_use]
    pub fn has_native_sizes(self) -> bool {
        matches!(self, Self::Native | Self::NativeUnaligned)
    }

    /// Whether members are aligned as the C compiler aligns them: `@` alone.
    #[must_use]
    pub fn aligns(self) -> bool {
        self == Self::Native
    }
}

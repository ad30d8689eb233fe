//! What a format string is refused for, and where.

use alloc::string::String;
use core::fmt;

/// A refusal: at which byte, what stands there, what could have stood there.
///
/// `Display` is one line; [`caret`](Self::caret) draws the place under the string:
///
/// ```
/// # use onloan_core::format::Format;
/// let error = Format::parse("T{i:a:k}").unwrap_err();
/// assert_eq!(error.to_string(), "byte 6: found `k`, expected a type code");
/// assert_eq!(error.caret("T{i:a:k}").to_string(), "T{i:a:k}\n      ^ found `k`, expected a type code");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub(super) position: usize,
    pub(super) found: Found,
    pub(super) kind: ParseErrorKind,
}

/// What stands where the parser stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The string ends.
    End,
    /// A character.
    Char(char),
    /// A byte that begins no UTF-8 character.
    Byte(u8),
}

/// The rule that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Something else must stand here.
    Unexpected(&'static str),
    /// Nothing closes what was opened at the byte given: `T{`, `X{`, `(` or a name.
    Unclosed {
        /// What would close it.
        closer: char,
        /// Where it was opened.
        opened: usize,
    },
    /// No item at all. NumPy reads the empty string as items of size 0.
    Empty,
    /// A number beyond `isize::MAX`.
    NumberTooLarge,
    /// The item that begins here, or the body that ends here, exceeds `isize::MAX` bytes.
    TooLarge,
    /// Hugely more values than bytes, such as `(1000000000,0)i`.
    Hollow,
    /// More levels of `T{`, `X{` and `&` than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
    /// More dimensions, one inside the other, than [`MAX_DIMENSIONS`](super::MAX_DIMENSIONS).
    TooManyDimensions,
    /// `n` or `N` under an order of standard sizes.
    NoStandardSize,
    /// A bit field of no bits or of more than 64.
    BitFieldWidth,
    /// A sub-array of bit fields or a pointer to one: they have no address.
    BitFieldAddress,
    /// A name that is not UTF-8.
    NameNotUtf8,
}

impl ParseError {
    /// The byte of the string at which reading stopped; its length where the string ended too early.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// What stands there.
    #[must_use]
    pub fn found(&self) -> Found {
        self.found
    }

    /// The rule that was broken.
    #[must_use]
    pub fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// The string with a caret under the place and the reason behind it: two lines.
    #[must_use]
    pub fn caret(&self, source: &str) -> impl fmt::Display {
        let before = source.get(..self.position).unwrap_or(source);
        let indent: String = before
            .chars()
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let (found, kind) = (self.found, self.kind);
        let source = String::from(source);
        Shown(move |f: &mut fmt::Formatter<'_>| {
            write!(f, "{source}\n{indent}^ found {found}, expected {kind}")
        })
    }
}

struct Shown<F>(F);

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Shown<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            position,
            found,
            kind,
        } = self;
        write!(f, "byte {position}: found {found}, expected {kind}")
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("the end"),
            Self::Char(c) if c.is_control() => write!(f, "`{}`", c.escape_default()),
            Self::Char(c) => write!(f, "`{c}`"),
            Self::Byte(byte) => write!(f, "byte {byte:#04x}"),
        }
    }
}

impl fmt::Display for ParseErrorKind {
    /// What was expected, so that it reads on behind "expected".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected(expected) => f.write_str(expected),
            Self::Unclosed { closer, opened } => {
                write!(f, "`{closer}` to close what byte {opened} opens")
            }
            Self::Empty => f.write_str("at least one item"),
            Self::NumberTooLarge => write!(f, "a number up to {}", isize::MAX),
            Self::TooLarge => write!(f, "an item of at most {} bytes", isize::MAX),
            Self::Hollow => f.write_str("an item that has not hugely more values than bytes"),
            Self::TooDeep => write!(
                f,
                "at most {} levels of `T{{`, `X{{` and `&`",
                super::MAX_DEPTH
            ),
            Self::TooManyDimensions => {
                write!(f, "at most {} dimensions", super::MAX_DIMENSIONS)
            }
            Self::NoStandardSize => {
                f.write_str("`@` or `^` before a code that has only a native size")
            }
            Self::BitFieldWidth => f.write_str("a bit field of 1 to 64 bits"),
            Self::BitFieldAddress => {
                f.write_str("a code with an address; bit fields have no sub-arrays and no pointers")
            }
            Self::NameNotUtf8 => f.write_str("a name in UTF-8"),
        }
    }
}

impl core::error::Error for ParseError {}

//! The table of type codes: what each letter means and how large it is.
//!
//! ```text
//! code   meaning              standard (= < >)   native (@ ^)
//! x      padding              1                  1
//! c      one byte             1                  1
//! b B    signed, unsigned     1                  1
//! ?      bool                 1                  1
//! h H    short                2                  c_short
//! i I    int                  4                  c_int
//! l L    long                 4                  c_long
//! q Q    long long            8                  c_longlong
//! n N    ssize_t, size_t      refused            isize, usize
//! e      half                 2                  2
//! f d    float, double        4, 8               c_float, c_double
//! g      long double          as native          16, 12 or 8
//! F D G  complex of f d g     as Zf Zd Zg        as Zf Zd Zg
//! Ze Zf Zd Zg  complex        twice the part     twice the part
//! s p    bytes, Pascal string 1 a count          1 a count
//! u w    UCS-2, UCS-4 text    2, 4 a count       2, 4 a count
//! t      bit field            count is in bits   count is in bits
//! O P z Z      pointers       as native          pointer size
//! ```
//!
//! *As native*: these have no standard size, but ctypes emits `<P`, `<O`, `<z`, `<Z` and `<g`
//! for what is really native, so they are read that way under every order. `n` and `N` are emitted
//! by nobody under a standard order and refused by `struct` there, and so by us.

use core::ffi::{c_double, c_float, c_int, c_long, c_longlong, c_short};
use core::fmt;

use super::long_double::LongDouble;
use super::order::Order;

/// What the bytes of a scalar mean. Width and byte order stand beside it in [`Scalar`].
///
/// [`Scalar`]: super::Scalar
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Bytes without a meaning: `x`. Read only where the padding has a name (NumPy's void fields).
    Opaque,
    /// One byte that is read as a byte string of length 1: `c`.
    Char,
    /// A two's complement integer.
    Signed,
    /// An unsigned integer.
    Unsigned,
    /// One byte; everything but zero is true.
    Bool,
    /// An IEEE 754 binary number of 2, 4 or 8 bytes.
    Float,
    /// C's `long double`, whatever that is on the target.
    LongDouble,
    /// Two IEEE 754 numbers, real part first; the size is that of both.
    Complex,
    /// Two `long double`s, real part first.
    LongComplex,
    /// A byte string of fixed length, kept with its trailing NULs: `s`.
    Bytes,
    /// A Pascal string: a length byte, then as many bytes, then filling: `p`.
    Pascal,
    /// Text of fixed length in code units of `unit` bytes: `u` (2) and `w` (4).
    Text {
        /// Bytes a code unit.
        unit: u8,
    },
    /// A reference to a Python object: `O`. Read as its address, never written.
    Object,
    /// An address: `P`, `z`, `Z` alone, `&…`, `X{…}`.
    Pointer,
    /// A bit field: `width` bits, the first of them bit `bit` of the first byte, counted from the
    /// least significant bit in little-endian order and from the most significant in big-endian.
    Bits {
        /// Where in the first byte it begins, 0 to 7.
        bit: u8,
        /// How many bits it has, 1 to 64.
        width: u8,
    },
}

impl Kind {
    /// Whether the count before the code is a length (`4s` is one value) and no repetition (`4i` is four).
    #[must_use]
    pub fn counts_length(self) -> bool {
        matches!(
            self,
            Self::Opaque | Self::Bytes | Self::Pascal | Self::Text { .. } | Self::Bits { .. }
        )
    }
}

/// A type code of one or two letters: one row of the table.
#[derive(Clone, Copy)]
pub struct Symbol(&'static Row);

struct Row {
    text: &'static str,
    kind: Kind,
    standard: Standard,
    native: usize,
    align: usize,
}

#[derive(Clone, Copy)]
enum Standard {
    Size(usize),
    AsNative,
    Refused,
}

const fn row(text: &'static str, kind: Kind, standard: Standard, native: (usize, usize)) -> Row {
    Row {
        text,
        kind,
        standard,
        native: native.0,
        align: native.1,
    }
}

/// Size and alignment of a type.
const fn of<T>() -> (usize, usize) {
    (size_of::<T>(), align_of::<T>())
}

/// Size and alignment of a pair of them.
const fn pair((size, align): (usize, usize)) -> (usize, usize) {
    (2 * size, align)
}

const LONG: (usize, usize) = (LongDouble::SIZE, LongDouble::ALIGN);

static TABLE: &[Row] = {
    use Kind::*;
    use Standard::*;
    &[
        row("x", Opaque, Size(1), of::<u8>()),
        row("c", Char, Size(1), of::<u8>()),
        row("b", Signed, Size(1), of::<i8>()),
        row("B", Unsigned, Size(1), of::<u8>()),
        row("?", Bool, Size(1), of::<bool>()),
        row("h", Signed, Size(2), of::<c_short>()),
        row("H", Unsigned, Size(2), of::<c_short>()),
        row("i", Signed, Size(4), of::<c_int>()),
        row("I", Unsigned, Size(4), of::<c_int>()),
        row("l", Signed, Size(4), of::<c_long>()),
        row("L", Unsigned, Size(4), of::<c_long>()),
        row("q", Signed, Size(8), of::<c_longlong>()),
        row("Q", Unsigned, Size(8), of::<c_longlong>()),
        row("n", Signed, Refused, of::<isize>()),
        row("N", Unsigned, Refused, of::<usize>()),
        row("e", Float, Size(2), of::<u16>()),
        row("f", Float, Size(4), of::<c_float>()),
        row("d", Float, Size(8), of::<c_double>()),
        row("g", Kind::LongDouble, AsNative, LONG),
        row("F", Complex, Size(8), pair(of::<c_float>())),
        row("D", Complex, Size(16), pair(of::<c_double>())),
        row("G", LongComplex, AsNative, pair(LONG)),
        row("Ze", Complex, Size(4), pair(of::<u16>())),
        row("Zf", Complex, Size(8), pair(of::<c_float>())),
        row("Zd", Complex, Size(16), pair(of::<c_double>())),
        row("Zg", LongComplex, AsNative, pair(LONG)),
        row("s", Bytes, Size(1), of::<u8>()),
        row("p", Pascal, Size(1), of::<u8>()),
        row("u", Text { unit: 2 }, Size(2), of::<u16>()),
        row("w", Text { unit: 4 }, Size(4), of::<u32>()),
        row("t", Bits { bit: 0, width: 1 }, Size(1), of::<u8>()),
        row("O", Object, AsNative, of::<usize>()),
        row("P", Pointer, AsNative, of::<usize>()),
        row("z", Pointer, AsNative, of::<usize>()),
        row("Z", Pointer, AsNative, of::<usize>()),
    ]
};

/// For each letter the row of the code that it is by itself; beyond the table for a letter that is none.
static LETTERS: [u8; 128] = {
    let mut letters = [u8::MAX; 128];
    let mut row = 0;
    while row < TABLE.len() {
        if let [letter] = TABLE[row].text.as_bytes() {
            letters[*letter as usize] = row as u8;
        }
        row += 1;
    }
    letters
};

impl Symbol {
    #[inline]
    pub(super) fn find(text: &[u8]) -> Option<Self> {
        if let [letter] = text {
            let row = TABLE.get(usize::from(*LETTERS.get(usize::from(*letter))?))?;
            return Some(Self(row));
        }
        let row = TABLE.iter().find(|row| row.text.as_bytes() == text)?;
        Some(Self(row))
    }

    /// The code as it is written, `"i"` or `"Zd"`.
    #[must_use]
    pub fn text(self) -> &'static str {
        self.0.text
    }

    /// What a value of this code is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.0.kind
    }

    /// Bytes a unit (for `s`, `p`, `x`, `u` and `w`: a count of one), or `None` where the order
    /// wants a standard size and the code has none.
    #[must_use]
    pub fn size(self, order: Order) -> Option<usize> {
        if order.has_native_sizes() {
            return Some(self.0.native);
        }
        match self.0.standard {
            Standard::Size(size) => Some(size),
            Standard::AsNative => Some(self.0.native),
            Standard::Refused => None,
        }
    }

    /// The natural alignment, in bytes. It counts under `@` only.
    #[must_use]
    pub fn align(self) -> usize {
        self.0.align
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Symbol {}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.0.text)
    }
}

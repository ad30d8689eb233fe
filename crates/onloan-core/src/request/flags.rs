//! The flags of a request, with implied and half-set ones settled.
//!
//! ```text
//!   bit   8 7 6 5 4 3 2 1 0
//!         │ │ │ │ │ │ │   └ WRITABLE
//!         │ │ │ │ │ │ └──── FORMAT
//!         │ │ │ │ │ └────── ND
//!         │ │ │ │ └──────── STRIDES        (counts only with ND)
//!         │ │ │ └────────── C_CONTIGUOUS   (count only with STRIDES and ND)
//!         │ │ └──────────── F_CONTIGUOUS
//!         │ └────────────── ANY_CONTIGUOUS
//!         └──────────────── INDIRECT
//! ```
//!
//! `PyBUF_STRIDES` is `0x18`, not `0x10`: a flag is requested only when *all* of its bits are set.
//! Testing `flags & PyBUF_STRIDES` for non-zero is true of a plain `ND` request, and is the
//! classic exporter bug. [`Request::from_flags`] drops bits whose companions are missing once, so
//! that afterwards one bit stands for one flag.

/// What a consumer asks for: the `flags` argument of `PyObject_GetBuffer`, made well-formed.
///
/// There are 72 different requests: {nothing, `ND`, `STRIDES` with any of the three contiguities
/// and `INDIRECT`} with or without `WRITABLE` and `FORMAT`. CPython: the `PyBUF_*` constants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request(i32);

const WRITABLE: i32 = 0x001;
const FORMAT: i32 = 0x004;
const ND: i32 = 0x008;
const STRIDES: i32 = 0x010 | ND;
const C_CONTIGUOUS: i32 = 0x020 | STRIDES;
const F_CONTIGUOUS: i32 = 0x040 | STRIDES;
const ANY_CONTIGUOUS: i32 = 0x080 | STRIDES;
const INDIRECT: i32 = 0x100 | STRIDES;

impl Request {
    /// The bare block of bytes. `PyBUF_SIMPLE`.
    pub const SIMPLE: Self = Self(0);
    /// The memory is to be written to. `PyBUF_WRITABLE`.
    pub const WRITABLE: Self = Self(WRITABLE);
    /// `format` is to be filled in. `PyBUF_FORMAT`.
    pub const FORMAT: Self = Self(FORMAT);
    /// `shape` is to be filled in. `PyBUF_ND`.
    pub const ND: Self = Self(ND);
    /// `strides` (and `shape`) are to be filled in. `PyBUF_STRIDES`.
    pub const STRIDES: Self = Self(STRIDES);
    /// The last index varies fastest, without gaps. `PyBUF_C_CONTIGUOUS`.
    pub const C_CONTIGUOUS: Self = Self(C_CONTIGUOUS);
    /// The first index varies fastest, without gaps. `PyBUF_F_CONTIGUOUS`.
    pub const F_CONTIGUOUS: Self = Self(F_CONTIGUOUS);
    /// Contiguous in either order. `PyBUF_ANY_CONTIGUOUS`.
    pub const ANY_CONTIGUOUS: Self = Self(ANY_CONTIGUOUS);
    /// `suboffsets` are understood. `PyBUF_INDIRECT`.
    pub const INDIRECT: Self = Self(INDIRECT);
    /// `ND | WRITABLE`. `PyBUF_CONTIG`.
    pub const CONTIG: Self = Self(ND | WRITABLE);
    /// `ND`. `PyBUF_CONTIG_RO`.
    pub const CONTIG_RO: Self = Self(ND);
    /// `STRIDES | WRITABLE`. `PyBUF_STRIDED`.
    pub const STRIDED: Self = Self(STRIDES | WRITABLE);
    /// `STRIDES`. `PyBUF_STRIDED_RO`.
    pub const STRIDED_RO: Self = Self(STRIDES);
    /// `STRIDES | WRITABLE | FORMAT`. `PyBUF_RECORDS`.
    pub const RECORDS: Self = Self(STRIDES | WRITABLE | FORMAT);
    /// `STRIDES | FORMAT`. `PyBUF_RECORDS_RO`.
    pub const RECORDS_RO: Self = Self(STRIDES | FORMAT);
    /// `INDIRECT | WRITABLE | FORMAT`. `PyBUF_FULL`.
    pub const FULL: Self = Self(INDIRECT | WRITABLE | FORMAT);
    /// `INDIRECT | FORMAT`. `PyBUF_FULL_RO`.
    pub const FULL_RO: Self = Self(INDIRECT | FORMAT);

    /// How many different requests there are.
    pub const COUNT: usize = 72;

    /// Every request once, in the order of [`Request::index`].
    pub const ALL: [Self; Self::COUNT] = {
        let mut all = [Self::SIMPLE; Self::COUNT];
        let mut index = 0;
        while index < Self::COUNT {
            all[index] = Self::at(index);
            index += 1;
        }
        all
    };

    /// Reads the flags given to `bf_getbuffer`.
    ///
    /// Any value is accepted: unknown bits are dropped, and so are bits of a flag that is not
    /// there in full (`0x10` without `ND` asks for nothing).
    #[inline]
    #[must_use]
    pub const fn from_flags(flags: i32) -> Self {
        // Indexed by the bits of ND and STRIDES: what may stand beside them.
        const KEPT: [i32; 4] = [
            WRITABLE | FORMAT,
            WRITABLE | FORMAT | ND,
            WRITABLE | FORMAT,
            WRITABLE | FORMAT | C_CONTIGUOUS | F_CONTIGUOUS | ANY_CONTIGUOUS | INDIRECT,
        ];
        Self(flags & KEPT[((flags >> 3) & 3) as usize])
    }

    /// The flags, as for `PyObject_GetBuffer`.
    #[inline]
    #[must_use]
    pub const fn flags(self) -> i32 {
        self.0
    }

    /// Whether `flag` is asked for: all of its bits are there. Everything wants `SIMPLE`.
    #[inline]
    #[must_use]
    pub const fn wants(self, flag: Self) -> bool {
        self.0 & flag.0 == flag.0
    }

    /// Asks for both.
    #[inline]
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Asks for `other` no longer, and for nothing that needs it: without `ND` there are no
    /// strides, without `STRIDES` no contiguity and no suboffsets. What `other` implies stays:
    /// `C_CONTIGUOUS` without `C_CONTIGUOUS` is `STRIDES`.
    #[inline]
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        let implied = if other.0 & !(STRIDES | WRITABLE | FORMAT) != 0 {
            STRIDES
        } else if other.wants(Self::STRIDES) {
            ND
        } else {
            0
        };
        Self::from_flags(self.0 & !(other.0 & !implied))
    }

    /// Every request once, in the order of [`Request::index`]: weakest geometry first.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + DoubleEndedIterator + Clone {
        Self::ALL.into_iter()
    }

    /// A dense number below [`Request::COUNT`], for tables.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        let geometry = if self.0 & ND == 0 {
            0
        } else if self.0 & STRIDES == ND {
            1
        } else {
            2 + (self.0 >> 5)
        };
        (geometry * 4 + (self.0 & WRITABLE) + ((self.0 & FORMAT) >> 1)) as usize
    }

    /// The request whose [`index`](Request::index) it is, below [`Request::COUNT`].
    #[must_use]
    pub const fn from_index(index: usize) -> Option<Self> {
        if index < Self::COUNT {
            Some(Self::at(index))
        } else {
            None
        }
    }

    const fn at(index: usize) -> Self {
        let (geometry, rest) = (index as i32 / 4, index as i32 % 4);
        let geometry = match geometry {
            0 => 0,
            1 => ND,
            strided => STRIDES | ((strided - 2) << 5),
        };
        Self(geometry | (rest & 1) | ((rest & 2) << 1))
    }
}

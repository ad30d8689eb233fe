//! The decision: what the exporter has × what the consumer asks → what to fill in, or why not.
//!
//! Each kind of memory forbids some flags (read-only memory forbids `WRITABLE`) and demands others
//! (memory that is not C-contiguous demands `STRIDES`). Both are known per [`Offer`] beforehand,
//! so that the decision is one comparison: of the flags this offer *cares about*, are exactly the
//! *demanded* ones set?
//!
//! ```text
//!              cares about                            demands
//!   read-only  WRITABLE                               –
//!   not C      C_CONTIGUOUS  STRIDES                  STRIDES
//!   not F      F_CONTIGUOUS                           –
//!   neither    ANY_CONTIGUOUS                         –
//!   indirect   INDIRECT  C, F, ANY_CONTIGUOUS         INDIRECT
//! ```
//!
//! Only a refusal looks further, for the first clause that fails, in the order of [`Clause`].

use core::fmt;

use super::Request;
use crate::layout::Layout;

/// The memory an exporter has, as far as a request can ask about it.
///
/// Memory with suboffsets is contiguous in no order, as `PyBuffer_IsContiguous` has it, so
/// [`Offer::new`] drops contiguity beside `indirect` and every `Offer` makes sense.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Offer(u8);

impl Offer {
    const READONLY: u8 = 1;
    const C_CONTIGUOUS: u8 = 2;
    const F_CONTIGUOUS: u8 = 4;
    const INDIRECT: u8 = 8;

    /// Describes the memory: read-only, contiguous in C order, in Fortran order, needing
    /// suboffsets.
    #[inline]
    #[must_use]
    pub const fn new(
        readonly: bool,
        c_contiguous: bool,
        f_contiguous: bool,
        indirect: bool,
    ) -> Self {
        let direct = !indirect;
        Self(
            (readonly as u8 * Self::READONLY)
                | ((c_contiguous & direct) as u8 * Self::C_CONTIGUOUS)
                | ((f_contiguous & direct) as u8 * Self::F_CONTIGUOUS)
                | (indirect as u8 * Self::INDIRECT),
        )
    }

    /// Describes memory with this layout.
    #[must_use]
    pub fn of(layout: &Layout, readonly: bool) -> Self {
        Self::new(
            readonly,
            layout.is_c_contiguous(),
            layout.is_f_contiguous(),
            layout.is_indirect(),
        )
    }

    /// The memory may not be written to.
    #[inline]
    #[must_use]
    pub const fn readonly(self) -> bool {
        self.0 & Self::READONLY != 0
    }

    /// The last index varies fastest, without gaps.
    #[inline]
    #[must_use]
    pub const fn c_contiguous(self) -> bool {
        self.0 & Self::C_CONTIGUOUS != 0
    }

    /// The first index varies fastest, without gaps.
    #[inline]
    #[must_use]
    pub const fn f_contiguous(self) -> bool {
        self.0 & Self::F_CONTIGUOUS != 0
    }

    /// Contiguous in at least one order.
    #[inline]
    #[must_use]
    pub const fn contiguous(self) -> bool {
        self.0 & (Self::C_CONTIGUOUS | Self::F_CONTIGUOUS) != 0
    }

    /// Some axis is reached through a pointer: suboffsets are needed.
    #[inline]
    #[must_use]
    pub const fn indirect(self) -> bool {
        self.0 & Self::INDIRECT != 0
    }

    /// The offer of these [`bits`](Offer::bits); of such as none has, contiguity beside `indirect` is dropped.
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self::new(
            bits & Self::READONLY != 0,
            bits & Self::C_CONTIGUOUS != 0,
            bits & Self::F_CONTIGUOUS != 0,
            bits & Self::INDIRECT != 0,
        )
    }

    /// A number below 16, for tables: 1 read-only, 2 C-contiguous, 4 F-contiguous, 8 indirect.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.readonly() {
            "read-only, "
        } else {
            "writable, "
        })?;
        f.write_str(
            match (self.c_contiguous(), self.f_contiguous(), self.indirect()) {
                (true, true, _) => "C- and F-contiguous",
                (true, false, _) => "C-contiguous",
                (false, true, _) => "F-contiguous",
                (false, false, false) => "strided",
                (false, false, true) => "with suboffsets",
            },
        )
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Offer({self})")
    }
}

/// The fields of `Py_buffer` that answer a request.
///
/// The other fields (`buf`, `obj`, `len`, `itemsize`, `readonly`, `ndim`) are filled in always and
/// do not depend on the request. With `ndim` 0 the three arrays stay NULL whatever is granted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grant(u8);

impl Grant {
    const FORMAT: u8 = 1;
    const SHAPE: u8 = 2;
    const STRIDES: u8 = 4;
    const FORTRAN: u8 = 8;
    const SUBOFFSETS: u8 = 16;

    /// What `request` asks for, and memory like `offer` has.
    const fn to(request: Request, offer: Offer) -> Self {
        let indirect = offer.indirect() && request.wants(Request::INDIRECT);
        let fortran = request.wants(Request::F_CONTIGUOUS) && !request.wants(Request::C_CONTIGUOUS);
        Self(
            (request.wants(Request::FORMAT) as u8 * Self::FORMAT)
                | (request.wants(Request::ND) as u8 * Self::SHAPE)
                | (request.wants(Request::STRIDES) as u8 * Self::STRIDES)
                | (fortran as u8 * Self::FORTRAN)
                | (indirect as u8 * Self::SUBOFFSETS),
        )
    }

    /// How many values [`index`](Grant::index) has.
    pub const COUNT: usize = 16;

    /// A number below [`COUNT`](Grant::COUNT), for tables: 1 format, 2 shape, 4 strides, 8 Fortran order. Suboffsets are in every grant of an
    /// indirect offer.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize % Self::COUNT
    }

    /// The grant whose [`index`](Grant::index) it is, without suboffsets; higher bits are dropped.
    #[must_use]
    pub const fn from_index(index: usize) -> Self {
        Self((index % Self::COUNT) as u8)
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u8 {
        self.0
    }

    /// `format` is to point to the format string; else it is NULL.
    #[inline]
    #[must_use]
    pub const fn format(self) -> bool {
        self.0 & Self::FORMAT != 0
    }

    /// `shape` is to point to the extents; else it is NULL.
    #[inline]
    #[must_use]
    pub const fn shape(self) -> bool {
        self.0 & Self::SHAPE != 0
    }

    /// `strides` is to point to the strides; else it is NULL, and the memory is C-contiguous.
    #[inline]
    #[must_use]
    pub const fn strides(self) -> bool {
        self.0 & Self::STRIDES != 0
    }

    /// Fortran order was asked for, and not C order as well. Memory that is contiguous in both, because one axis at most has more than one
    /// item, then has other [canonical](crate::layout::Layout::canonical) strides.
    #[inline]
    #[must_use]
    pub const fn fortran(self) -> bool {
        self.0 & Self::FORTRAN != 0
    }

    /// `suboffsets` is to point to the suboffsets; else it is NULL. True only where they are
    /// needed.
    #[inline]
    #[must_use]
    pub const fn suboffsets(self) -> bool {
        self.0 & Self::SUBOFFSETS != 0
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("format", &self.format())
            .field("shape", &self.shape())
            .field("strides", &self.strides())
            .field("fortran", &self.fortran())
            .field("suboffsets", &self.suboffsets())
            .finish()
    }
}

/// Why a request cannot be granted. Where several clauses fail, the one listed first is named;
/// the order is that of CPython's `memory_getbuf`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clause {
    /// `WRITABLE` was asked of read-only memory.
    NotWritable,
    /// `C_CONTIGUOUS` was asked of memory that is not.
    NotCContiguous,
    /// `F_CONTIGUOUS` was asked of memory that is not.
    NotFContiguous,
    /// `ANY_CONTIGUOUS` was asked of memory that is contiguous in no order.
    NotContiguous,
    /// The memory cannot be described without suboffsets, and `INDIRECT` was not asked for.
    NeedsSuboffsets,
    /// The memory is not C-contiguous, and `STRIDES` was not asked for.
    NeedsStrides,
    /// `FORMAT` was asked for without `ND`: of items without a shape nothing can be said.
    FormatWithoutNd,
}

impl Clause {
    /// Every clause, in the order in which they are looked at.
    pub const ALL: [Self; 7] = [
        Self::NotWritable,
        Self::NotCContiguous,
        Self::NotFContiguous,
        Self::NotContiguous,
        Self::NeedsSuboffsets,
        Self::NeedsStrides,
        Self::FormatWithoutNd,
    ];

    /// A stable name for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotWritable => "not-writable",
            Self::NotCContiguous => "not-c-contiguous",
            Self::NotFContiguous => "not-f-contiguous",
            Self::NotContiguous => "not-contiguous",
            Self::NeedsSuboffsets => "needs-suboffsets",
            Self::NeedsStrides => "needs-strides",
            Self::FormatWithoutNd => "format-without-nd",
        }
    }

    /// What it says to people, as the start of a sentence about the buffer.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::NotWritable => "buffer is not writable",
            Self::NotCContiguous => "buffer is not C-contiguous",
            Self::NotFContiguous => "buffer is not F-contiguous",
            Self::NotContiguous => "buffer is not contiguous",
            Self::NeedsSuboffsets => "buffer cannot be described without suboffsets",
            Self::NeedsStrides => "buffer cannot be described without strides",
            Self::FormatWithoutNd => "a format can be given only together with a shape",
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.message())
    }
}

/// Decides whether memory like `offer` can answer `request`, and with which fields.
///
/// ```
/// use onloan_core::request::{Clause, Offer, Request, negotiate};
///
/// let bytes = Offer::new(true, true, true, false);
/// assert!(negotiate(bytes, Request::FULL_RO).is_ok());
/// assert_eq!(negotiate(bytes, Request::CONTIG), Err(Clause::NotWritable));
/// ```
///
/// # Errors
///
/// The first clause, in the order of [`Clause`], that stands in the way.
pub const fn negotiate(offer: Offer, request: Request) -> Result<Grant, Clause> {
    if request.wants(Request::WRITABLE) && offer.readonly() {
        Err(Clause::NotWritable)
    } else if request.wants(Request::C_CONTIGUOUS) && !offer.c_contiguous() {
        Err(Clause::NotCContiguous)
    } else if request.wants(Request::F_CONTIGUOUS) && !offer.f_contiguous() {
        Err(Clause::NotFContiguous)
    } else if request.wants(Request::ANY_CONTIGUOUS) && !offer.contiguous() {
        Err(Clause::NotContiguous)
    } else if !request.wants(Request::INDIRECT) && offer.indirect() {
        Err(Clause::NeedsSuboffsets)
    } else if !request.wants(Request::STRIDES) && !offer.c_contiguous() {
        Err(Clause::NeedsStrides)
    } else if request.wants(Request::FORMAT) && !request.wants(Request::ND) {
        Err(Clause::FormatWithoutNd)
    } else {
        Ok(Grant::to(request, offer))
    }
}

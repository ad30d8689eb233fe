//! Where each item of an N-dimensional array lies in memory.
//!
//! A [`Layout`] says, for any index, how far the item is from item `[0,…,0]`, which is where
//! `Py_buffer.buf` points: not necessarily the lowest address.
//!
//! ```text
//!   address of [i, j]  =  buf + i·strides[0] + j·strides[1]
//!
//!   shape (2, 3), strides (8, -2), itemsize 2:
//!
//!     -4        -2        buf +0          +4        +6        +8
//!      │ [0,2]  │ [0,1]  │ [0,0]  │  ····  │ [1,2] │ [1,1]  │ [1,0] │
//! ```
//!
//! An axis with a *suboffset* is *indirect*: what lies at its address is a pointer, to be followed
//! before the remaining axes are applied.
//!
//! ```text
//!   buf ─▶ │ pointer 0 │ ──▶ ░░░░│ [0,0] │ [0,1] │ [0,2] │       ░░░░ is suboffsets[0]
//!          │ pointer 1 │ ──▶ ░░░░│ [1,0] │ [1,1] │ [1,2] │
//!           strides[0]            strides[1]
//! ```
//!
//! Indirect axes cut a layout into [levels](Level): the axes up to and including the first
//! indirect one address a table of pointers, the axes after it what each pointer leads to.
//!
//! # Promises
//!
//! A `Layout` exists only if it holds together: at most [`MAX_NDIM`] axes, no negative extent,
//! item count and `nbytes` at most `isize::MAX`, and on every level the bytes from the lowest to
//! the highest addressed one (its [`Extent`]) fewer than `isize::MAX` and no farther than that
//! from the start. So no sum over in-range indices can overflow. Nothing here touches memory, and
//! nothing panics: whatever cannot be done is a [`LayoutError`] that names the axis and the
//! numbers.
//!
//! Not promised: that the memory is there. [`Layout::fits`] checks a layout against a region whose
//! size is known.

mod contiguity;
mod create;
mod error;
mod extent;
mod part;
pub mod picture;
mod reshape;
mod select;
#[cfg(test)]
pub(crate) mod tests;
mod walk;

use smallvec::SmallVec;

pub use contiguity::Order;
pub use create::{Layout, MAX_NDIM};
pub use error::LayoutError;
pub use extent::{Extent, Level};
pub use part::{Part, Start};
pub use select::{Select, Slice};
pub use walk::{Memory, Offsets, Row, Walk};

/// One number an axis, held inline up to eight.
pub(crate) type Dims = SmallVec<[isize; 8]>;

//! Views: Rust looks at anybody's memory.
//!
//! # The idea
//!
//! Whoever implements `PyBufferProcs` lends memory of which Rust knows nothing: its type is a text, its shape three arrays, and somebody else may
//! write to it. A [`View`] is what remains when all of that has been checked: items of a type, with a shape, that can be read as copies, and
//! written, in safe Rust. It is acquired as the argument of a function, and given back when it is dropped.
//!
//! ```text
//!   PyObject_GetBuffer ──▶ Loan ──▶ View<T, NDIM> ──▶ SubView
//!                           │        │ the items are `T`s, on `NDIM` axes
//!                           │        └ deref: Items, which does the reading and writing
//!                           └ one acquisition; the answer, held against itself and the request
//! ```
//!
//! # From the safest to the rawest
//!
//! | | needs | |
//! |---|---|---|
//! | copies | | [`to_vec`](Items::to_vec), [`copy_to_slice`](Items::copy_to_slice), [`to_bytes`](View::to_bytes) |
//! | single items | | [`get`](Items::get), [`iter`](Items::iter), [`rows`](Items::rows), [`value`](View::value) |
//! | writing | [`ViewMut`] | [`set`](Items::set), [`fill`](Items::fill), [`copy_from_slice`](Items::copy_from_slice) |
//! | `&[T]` | proof that nobody writes | [`as_slice`](View::as_slice) |
//! | `&[T]` | a promise of the caller | [`as_slice_unchecked`](View::as_slice_unchecked) |
//! | addresses | | [`as_ptr`](Items::as_ptr), [`layout`](Items::layout) |
//!
//! # What is promised, and what is assumed of exporters
//!
//! Safe Rust cannot read outside of what the exporter's shape, strides and suboffsets address, nor after the memory was given back, nor as a
//! type it is not; and it gives back exactly once. This rests on what no consumer can check:
//!
//! - `exporter-bounds`: what shape, strides and suboffsets address lies in the exporter's memory until the release, and is really writable where the exporter
//!   does not say read-only; the arrays themselves have `ndim` numbers;
//! - `exporter-initialized`: the items are initialised;
//! - `exporter-text`: the format is a C string that stays as it is until the release;
//! - `no-writer-meanwhile`: nobody writes an item while it is read or written here, which takes no longer than a copy of it does; with a global lock that
//!   is so unless code in C writes without it;
//! - `readonly-kept`, for slices: no consumer in C writes to memory which it was granted read-only.
//!
//! Neither the contents of the arrays of an answer are believed, nor that they stay: they are checked and copied at once.

#[allow(unsafe_code)]
mod access;
#[allow(unsafe_code)]
mod answer;
#[allow(unsafe_code)]
mod block;
#[allow(unsafe_code)]
mod copies;
#[allow(unsafe_code)]
mod geometry;
#[allow(unsafe_code)]
mod handover;
mod item_type;
#[allow(unsafe_code)]
mod items;
#[allow(unsafe_code)]
mod iter;
#[allow(unsafe_code)]
mod loan;
#[cfg(feature = "ndarray")]
#[allow(unsafe_code)]
mod ndarray;
#[allow(unsafe_code)]
mod pointers;
mod rank;
#[allow(unsafe_code)]
mod raw;
mod refusal;
#[allow(unsafe_code)]
mod stable;
#[allow(unsafe_code)]
mod typed;

pub use access::AccessError;
pub use item_type::{Any, Viewed};
pub use items::{Items, SubView};
pub use iter::{Iter, Rows};
pub use loan::{FormatError, Loan};
pub use rank::DYNAMIC;
pub use refusal::{ItemMismatch, ViewError};
pub use typed::{View, ViewMut};

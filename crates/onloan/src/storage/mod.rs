//! Storages: what owns the memory that is lent.
//!
//! # The idea
//!
//! A [`Storage`] shows its memory as a [`Region`] that borrows from it. While anything is lent, the cell neither moves the storage nor gives out
//! `&mut` to it, so the borrow holds for as long as the loan: that is all that keeps the memory at its place, and it is
//! ordinary Rust. An author adds a storage in safe code:
//!
//! ```
//! use onloan::{Region, Storage};
//!
//! struct Samples {
//!     rate: u32,
//!     values: Vec<f32>,
//! }
//!
//! impl Storage for Samples {
//!     fn region(&self) -> Region<'_> {
//!         Region::of(&self.values)
//!     }
//! }
//! ```
//!
//! | storage | lent as | writable | feature |
//! |---|---|---|---|
//! | `Vec<T>`, `Box<[T]>` | one axis | yes | |
//! | `Arc<[T]>`, `&'static [T]`, `&'static str`, `String` | one axis | no | |
//! | [`AlignedVec<T>`] | one axis, aligned as asked, on huge pages if wanted | yes | |
//! | [`Rows<T>`] | two axes, each row its own allocation (suboffsets) | yes | |
//! | [`Lazy<S>`] | as `S`, made at the first use and dropped after the last | as `S` | |
//! | [`Loan`](crate::Loan) | the memory of another exporter, lent on | as that is |
//! | [`Part<S>`] | a sub-range of a shared owner | no | |
//! | `bytes::Bytes`, `bytes::BytesMut` | one axis | no, yes | `bytes` |
//! | `memmap2::Mmap`, `memmap2::MmapMut` | one axis of bytes | no, yes | `memmap2` |
//! | `Mapping` | a mapped file that others may change meanwhile | as mapped | `memmap2` |
//! | `ndarray::Array<T, D>`, `ndarray::ArcArray<T, D>` | its own axes and strides | yes, no | `ndarray` |
//! | `arrow_buffer::Buffer`, `arrow_buffer::ScalarBuffer<T>` | one axis | no | `arrow-buffer` |
//!
//! The `T` are [elements](onloan_core::element::Element); to be lent writable they must be
//! [`AnyBits`](onloan_core::element::AnyBits). A `Vec<[f32; 3]>` is lent as n × 3 items of `f`.

#[allow(unsafe_code)]
mod aligned;
mod lazy;
#[allow(unsafe_code)]
mod loan;
mod part;
#[allow(unsafe_code)]
mod region;
#[allow(unsafe_code)]
mod rows;
mod standard;

#[cfg(feature = "arrow-buffer")]
mod arrow_buffer;
#[cfg(feature = "bytes")]
mod bytes;
#[cfg(feature = "memmap2")]
#[allow(unsafe_code)]
mod mapping;
#[cfg(feature = "memmap2")]
mod memmap2;
#[cfg(feature = "ndarray")]
#[allow(unsafe_code)]
mod ndarray;

pub use aligned::{AlignedVec, OutOfMemory, Pages};
pub use lazy::Lazy;
#[cfg(feature = "memmap2")]
pub use mapping::Mapping;
pub use part::Part;
pub(crate) use region::FormatText;
pub use region::{Region, RegionMut};
pub use rows::{Ragged, Rows};

use pyo3::prelude::*;

/// An owner of memory that can be lent for reading.
///
/// The memory shown must stay the same for as long as the storage is only borrowed: that is what the lifetime of the [`Region`] says, and the
/// compiler checks it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot own memory that is lent",
    label = "not a `Storage`",
    note = "storages are: `Vec<T>`, `Box<[T]>`, `Arc<[T]>`, `&'static [T]`, `AlignedVec<T>`, `Rows<T>`, `Lazy<S>`, `Part<T>`, with features also \
            those of `bytes`, `memmap2`, `ndarray`, `arrow-buffer`, where `T` is an `Element`; an array can be lent as `Box<[T]>`",
    note = "to make one of your own, implement `onloan::Storage`: it needs no `unsafe`"
)]
pub trait Storage: Send + Sync + 'static {
    /// The storage has no memory until it is [opened](Storage::open).
    ///
    /// Asked when the storage is put into a cell, and again after Rust had it for writing.
    fn is_lazy(&self) -> bool {
        false
    }

    /// The memory, borrowed from `self`.
    fn region(&self) -> Region<'_>;

    /// Makes the memory, before the first use. Called only of [lazy](Storage::is_lazy) storages; may run Python.
    ///
    /// # Errors
    /// What the consumer will see as the reason why his request failed.
    fn open(&self, py: Python<'_>) -> PyResult<()> {
        let _ = py;
        Ok(())
    }

    /// Drops the memory, after the last use. Called once for each [`open`](Storage::open) that succeeded.
    fn close(&mut self, py: Python<'_>) {
        let _ = py;
    }
}

/// An owner of memory that can be lent for writing.
#[diagnostic::on_unimplemented(
    message = "memory of `{Self}` cannot be lent writable",
    label = "not a `StorageMut`",
    note = "shared and constant memory (`Arc<[T]>`, `&'static [T]`, `Bytes`, `Mmap`) is lent with `ExportCell::read_only`; elements that are not `AnyBits` \
            (`bool`, `char`) can only be read: `ByteBool` can be written"
)]
pub trait StorageMut: Storage {
    /// The memory, borrowed exclusively from `self`.
    fn region_mut(&mut self) -> RegionMut<'_>;
}

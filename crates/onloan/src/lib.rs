//! Lend Rust's memory to Python through the buffer protocol, without `unsafe`.
//!
//! # The idea
//!
//! A buffer is memory on loan. An [`ExportCell`] owns memory and lends it; `#[exporter(field)]` above `#[pymethods]` makes a class lend the
//! memory of one of its fields to everybody who asks through `PyBufferProcs`: `memoryview`, NumPy, `hashlib`, sockets. The cell counts
//! what is out, and says no to whatever would pull the memory away from under a consumer.
//!
//! ```no_run
//! use onloan::{ExportCell, exporter};
//! use pyo3::prelude::*;
//!
//! #[pyclass(frozen)]
//! struct Tokens {
//!     ids: ExportCell<Vec<u32>>,
//! }
//!
//! #[exporter(ids)] // bf_getbuffer and bf_releasebuffer
//! #[pymethods]
//! impl Tokens {
//!     #[new]
//!     fn new(ids: Vec<u32>) -> Self {
//!         Tokens { ids: ExportCell::read_only(ids) }
//!     }
//! }
//! ```
//!
//! # Where to look
//!
//! - [`ExportCell`]: the three kinds, guards, taking back, and the table of what may be out together.
//! - [`Storage`]: what can own the memory; how to add one.
//! - [`Element`](macro@Element): what an item may be; `#[derive(Element)]` for `#[repr(C)]` structs.
//! - [`ExportCell::builder`]: shapes, strides, formats, hooks, copies on request.
//! - [`ExportCell::register`]: who has what the cell has lent, since when, acquired at which line.
//! - [`Loan`]: the memory of any exporter, held.
//! - [`exporter`]: the macro, also for ordinary classes, several fields, and inheritance.
//!
//! # Features
//!
//! `half`, `num-complex` add elements; `bytes`, `memmap2`, `ndarray`, `arrow-buffer` add storages.

#![deny(unsafe_code)]

// Doc tests of generated code and of the crate itself find it under its own name.
extern crate self as onloan;

mod cell;
mod error;
#[allow(unsafe_code)]
mod ledger;
#[allow(unsafe_code)]
mod pending;
mod slots;
mod storage;
#[allow(unsafe_code)]
mod table;
pub mod view;

pub use cell::{BuildError, ExportCell, ExportCellBuilder, Kind, ReadGuard, WriteGuard};
pub use error::{Busy, NotPut, PutError, Refused};
pub use onloan_core::element::{
    AnyBits, BigEndian, ByteBool, Element, FixedBytes, LittleEndian, Padding,
};
pub use onloan_core::state::Blocked;
pub use onloan_core::{element, format, layout, request};
pub use onloan_macros::{Element, exporter};
pub use slots::Export;
#[cfg(feature = "memmap2")]
pub use storage::Mapping;
pub use storage::{
    AlignedVec, Lazy, OutOfMemory, Pages, Part, Ragged, Region, RegionMut, Rows, Storage,
    StorageMut,
};
pub use view::{
    AccessError, Any, DYNAMIC, FormatError, ItemMismatch, Items, Loan, SubView, View, ViewError,
    ViewMut, Viewed,
};

#[doc(hidden)]
pub mod __private {
    //! What the macros expand to. Not part of the interface.

    /// Built for an interpreter without a global lock.
    pub const GIL_DISABLED: bool = cfg!(Py_GIL_DISABLED);

    pub use pyo3;

    // For the Python package alone.
    pub use crate::ledger::Ledger;
    pub use crate::table::{Package, announce_with};

    pub use crate::slots::{
        Access, Export, ExporterClass, Lender, Slots, getbuffer_plain, given, releasebuffer_plain,
    };
}

/// The README's Rust is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

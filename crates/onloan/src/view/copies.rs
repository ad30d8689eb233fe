//! Copies into and out of a loan, as bytes, whatever the items are.

use onloan_core::kernel::{CopyError, copy_raw, fill_raw};
use onloan_core::layout::Layout;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::prelude::*;

use super::loan::Loan;

impl Loan {
    /// Copies all items out, in C order, without gaps. CPython: `PyBuffer_ToContiguous`.
    ///
    /// # Errors
    /// `to` has not [`nbytes`](Layout::nbytes) bytes.
    pub fn copy_to(&self, _py: Python<'_>, to: &mut [u8]) -> Result<(), CopyError> {
        let gapless = self.gapless(to.len())?;
        // SAFETY:
        // readable, tables: assumed of exporters (`exporter-bounds`, `exporter-initialized`); not given back yet (`HELD`).
        // writable: as many bytes as `gapless` has (checked there).
        // apart: `to` is borrowed exclusively, and the exporter's memory is not Rust's to borrow.
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        unsafe { copy_raw(to.as_mut_ptr(), &gapless, self.address(), self.layout()) }
    }

    /// Writes all items, from bytes in C order without gaps. CPython: `PyBuffer_FromContiguous`.
    ///
    /// # Errors
    /// `TypeError` if the memory is read-only; `BufferError` if `from` has not [`nbytes`](Layout::nbytes) bytes.
    pub fn copy_from(&self, _py: Python<'_>, from: &[u8]) -> PyResult<()> {
        self.writable()?;
        let failed = |error: CopyError| PyBufferError::new_err(error.to_string());
        let gapless = self.gapless(from.len()).map_err(failed)?;
        // SAFETY:
        // readable: as many bytes as `gapless` has (checked there).
        // writable, tables: assumed of exporters (`exporter-bounds`), not read-only (checked above), not given back yet (`HELD`).
        // apart: `from` is borrowed from Rust, and the exporter's memory is not Rust's to lend.
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        unsafe { copy_raw(self.address(), self.layout(), from.as_ptr(), &gapless) }.map_err(failed)
    }

    /// Writes `item` over every item.
    ///
    /// # Errors
    /// `TypeError` if the memory is read-only; `BufferError` if `item` has not the size of one.
    pub fn fill(&self, _py: Python<'_>, item: &[u8]) -> PyResult<()> {
        self.writable()?;
        // SAFETY:
        // writable, tables: assumed of exporters (`exporter-bounds`), not read-only (checked above), not given back yet (`HELD`).
        // apart: `item` is borrowed from Rust, and the exporter's memory is not Rust's to lend.
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        let filled = unsafe { fill_raw(self.address(), self.layout(), item) };
        filled.map_err(|error| PyBufferError::new_err(error.to_string()))
    }

    fn writable(&self) -> PyResult<()> {
        if self.readonly() {
            return Err(PyTypeError::new_err("cannot modify read-only memory"));
        }
        Ok(())
    }

    /// The same items without gaps, in C order, if these are `bytes`.
    fn gapless(&self, bytes: usize) -> Result<Layout, CopyError> {
        Layout::c_order(self.layout().shape(), self.geometry().itemsize())
            .ok()
            .filter(|layout| layout.nbytes() == bytes)
            .ok_or(CopyError::ShapesDiffer)
    }
}

//! Copies into and out of a loan, as bytes, whatever the items are.

use onloan_core::kernel::{CopyError, copy_raw, fill_raw, gather_raw, scatter_raw};
use onloan_core::layout::{Layout, Order};
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::prelude::*;

use super::loan::Loan;

impl Loan {
    /// Copies all items out, in C order, without gaps. CPython: `PyBuffer_ToContiguous`.
    ///
    /// # Errors
    /// `to` has not [`nbytes`](Layout::nbytes) bytes.
    pub fn copy_to(&self, _py: Python<'_>, to: &mut [u8]) -> Result<(), CopyError> {
        self.has(to.len())?;
        let (to, from) = (to.as_mut_ptr(), self.address());
        if let Some((shape, strides)) = self.axes() {
            // SAFETY:
            // readable: assumed of exporters (`exporter-bounds`, `exporter-initialized`); not given back yet (`HELD`).
            // writable: as many bytes as the items have (checked).
            // strided: checked when they were acquired (`AXES_CHECKED`).
            // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
            return unsafe { gather_raw(to, Order::C, from, shape, strides, self.itemsize()) };
        }
        // SAFETY: as above; `tables`: assumed of exporters (`exporter-bounds`).
        unsafe { copy_raw(to, &self.gapless()?, from, self.layout()) }
    }

    /// Writes all items, from bytes in C order without gaps. CPython: `PyBuffer_FromContiguous`.
    ///
    /// # Errors
    /// `TypeError` if the memory is read-only; `BufferError` if `from` has not [`nbytes`](Layout::nbytes) bytes.
    pub fn copy_from(&self, _py: Python<'_>, from: &[u8]) -> PyResult<()> {
        self.writable()?;
        let failed = |error: CopyError| PyBufferError::new_err(error.to_string());
        self.has(from.len()).map_err(failed)?;
        let (to, from) = (self.address(), from.as_ptr());
        if let Some((shape, strides)) = self.axes() {
            let itemsize = self.itemsize();
            // SAFETY:
            // readable: as many bytes as the items have (checked).
            // writable: assumed of exporters (`exporter-bounds`), not read-only (checked), not given back yet (`HELD`).
            // strided: checked when they were acquired (`AXES_CHECKED`).
            // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
            let copied = unsafe { scatter_raw(to, shape, strides, itemsize, from, Order::C) };
            return copied.map_err(failed);
        }
        let gapless = self.gapless().map_err(failed)?;
        // SAFETY: as above; `tables`: assumed of exporters (`exporter-bounds`).
        unsafe { copy_raw(to, self.layout(), from, &gapless) }.map_err(failed)
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

    fn has(&self, bytes: usize) -> Result<(), CopyError> {
        match self.geometry().nbytes() == bytes {
            true => Ok(()),
            false => Err(CopyError::ShapesDiffer),
        }
    }

    /// The same items without gaps, in C order.
    fn gapless(&self) -> Result<Layout, CopyError> {
        Layout::c_order(self.layout().shape(), self.itemsize()).map_err(|_| CopyError::ShapesDiffer)
    }
}

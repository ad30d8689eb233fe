//! A file in memory that grows as it is written, and lends what it holds.
//!
//! ```text
//!   write, truncate ──▶ write guard ──▶ │ b y t e s · · · │   refused while anything is exported: the bytes could move
//!   memoryview, zlib, hashlib, … ─────▶ │ b y t e s │         writable, as those of bytearray
//!   read ──▶ a copy of the moment ────▶ │ b y t e s │         allowed beside exports
//! ```
#![forbid(unsafe_code)]

use onloan::request::Request;
use onloan::{Busy, ExportCell, Loan, exporter};
use pyo3::exceptions::{PyBufferError, PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};

/// `ByteSink()`: a binary file in memory, as `io.BytesIO`, whose bytes are lent where they lie.
#[pyclass(subclass, weakref, module = "byte_sink")]
struct ByteSink {
    bytes: ExportCell<Vec<u8>>,
    position: usize,
}

#[exporter(bytes)]
#[pymethods]
impl ByteSink {
    #[new]
    fn new() -> Self {
        ByteSink {
            bytes: ExportCell::writable(Vec::new()),
            position: 0,
        }
    }

    /// Writes the bytes of any buffer at the position, over what is there, and says how many they were.
    ///
    /// `BufferError` while the sink is exported, also if what is to be written is the sink itself or a view of it.
    fn write(&mut self, data: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = data.py();
        let data = Loan::acquire(data, Request::FULL_RO)?;
        let count = data.layout().nbytes();
        let mut bytes = self.bytes.write(py).map_err(fixed)?;
        if count == 0 {
            return Ok(0);
        }
        let before = bytes.len();
        let end = self.position.saturating_add(count);
        bytes
            .try_reserve(end.saturating_sub(before))
            .map_err(|error| {
                PyMemoryError::new_err(format!("cannot grow to {end} bytes: {error}"))
            })?;
        bytes.resize(end.max(before), 0);
        if let Err(error) = data.copy_to(py, &mut bytes[self.position..end]) {
            bytes.truncate(before);
            return Err(PyBufferError::new_err(error.to_string()));
        }
        self.position = end;
        Ok(count)
    }

    /// Drops what is beyond `size`, or beyond the position.
    #[pyo3(signature = (size = None))]
    fn truncate(&mut self, py: Python<'_>, size: Option<isize>) -> PyResult<usize> {
        let size = match size {
            None => self.position,
            Some(size) => usize::try_from(size).map_err(|_| negative("size", size))?,
        };
        self.bytes.write(py).map_err(fixed)?.truncate(size);
        Ok(size)
    }

    /// Reads up to `size` bytes from the position on, or all of them. Works while the sink is exported.
    #[pyo3(signature = (size = None))]
    fn read<'py>(&mut self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyBytes>> {
        let left = self.len(py)?.saturating_sub(self.position);
        let count = match size.map(usize::try_from) {
            Some(Ok(size)) => size.min(left),
            Some(Err(_)) | None => left,
        };
        let read = PyBytes::new_with(py, count, |out| match count {
            0 => Ok(()),
            _ => Ok(self.bytes.copy_to(py, self.position, out)?),
        })?;
        self.position += count;
        Ok(read)
    }

    /// Moves the position, counted from the start (`whence` 0), from where it is (1) or from the end (2).
    #[pyo3(signature = (offset, whence = 0))]
    fn seek(&mut self, py: Python<'_>, offset: isize, whence: u8) -> PyResult<usize> {
        let base = match whence {
            0 if offset < 0 => return Err(negative("offset", offset)),
            0 => 0,
            1 => self.position,
            2 => self.len(py)?,
            _ => {
                return Err(PyValueError::new_err(format!(
                    "whence is {whence}, not 0, 1 or 2"
                )));
            }
        };
        self.position = base.saturating_add_signed(offset);
        Ok(self.position)
    }

    fn tell(&self) -> usize {
        self.position
    }

    /// The same as `memoryview(sink)`; `hashlib.file_digest` looks for it.
    fn getbuffer<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyMemoryView>> {
        PyMemoryView::from(slf)
    }

    /// How many exports are out.
    #[getter]
    fn exports(&self) -> u64 {
        self.bytes.exports()
    }

    /// Nothing is kept back that could be flushed.
    fn flush(&self) {}

    fn readable(&self) -> bool {
        true
    }

    fn writable(&self) -> bool {
        true
    }

    fn seekable(&self) -> bool {
        true
    }
}

impl ByteSink {
    /// How many bytes there are, also while they are exported.
    fn len(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.bytes.layout(py)?.nbytes())
    }
}

/// Why the sink can be neither written to nor cut.
fn fixed(busy: Busy) -> PyErr {
    PyBufferError::new_err(format!("the size of the sink is fixed: {}", busy.blocked()))
}

fn negative(what: &str, value: isize) -> PyErr {
    PyValueError::new_err(format!("{what} is {value}, which is negative"))
}

/// A file in memory that grows as it is written, and lends what it holds.
#[pymodule]
mod byte_sink {
    #[pymodule_export]
    use super::ByteSink;
}

//! Exporters as a PyO3 author writes them by hand today: `__getbuffer__` and `__releasebuffer__` in `#[pymethods]`.
//!
//! Three classes that differ in how they count: a frozen class with an atomic, a frozen class with a plain cell, and
//! a class that is not frozen, whose count is an ordinary field behind PyO3's borrow flag.

use std::cell::Cell;
use std::ffi::c_int;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

/// One row of bytes with what a request may want to know about it.
struct Row {
    data: Vec<u8>,
    shape: [ffi::Py_ssize_t; 1],
    strides: [ffi::Py_ssize_t; 1],
    readonly: bool,
}

impl Row {
    fn new(data: Vec<u8>, readonly: bool) -> Self {
        let shape = [data.len().cast_signed()];
        Self {
            data,
            shape,
            strides: [1],
            readonly,
        }
    }

    /// Fills `view`, or refuses.
    ///
    /// # Safety
    /// `view` points at a `Py_buffer` that may be written, and `self` lives, and stays where it is, as long as `owner`.
    unsafe fn fill(
        &self,
        view: *mut ffi::Py_buffer,
        flags: c_int,
        owner: Bound<'_, PyAny>,
    ) -> PyResult<()> {
        // SAFETY: the caller promises that `view` may be written.
        let view = unsafe { &mut *view };
        if self.readonly && flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            view.obj = std::ptr::null_mut();
            return Err(PyBufferError::new_err(
                "WRITABLE was asked for, the memory is read-only",
            ));
        }
        let asked = |flag: c_int| flags & flag == flag;
        view.buf = self.data.as_ptr().cast_mut().cast();
        view.obj = owner.into_ptr();
        view.len = self.shape[0];
        view.itemsize = 1;
        view.readonly = c_int::from(self.readonly);
        view.ndim = 1;
        view.format = if asked(ffi::PyBUF_FORMAT) {
            c"B".as_ptr().cast_mut()
        } else {
            std::ptr::null_mut()
        };
        view.shape = if asked(ffi::PyBUF_ND) {
            self.shape.as_ptr().cast_mut()
        } else {
            std::ptr::null_mut()
        };
        view.strides = if asked(ffi::PyBUF_STRIDES) {
            self.strides.as_ptr().cast_mut()
        } else {
            std::ptr::null_mut()
        };
        view.suboffsets = std::ptr::null_mut();
        view.internal = std::ptr::null_mut();
        Ok(())
    }
}

/// A frozen class with an atomic count.
#[pyclass(frozen)]
struct FrozenAtomic {
    row: Row,
    exports: AtomicUsize,
}

#[pymethods]
impl FrozenAtomic {
    #[new]
    fn new(data: Vec<u8>, readonly: bool) -> Self {
        Self {
            row: Row::new(data, readonly),
            exports: AtomicUsize::new(0),
        }
    }

    #[getter]
    fn exports(&self) -> usize {
        self.exports.load(Ordering::Relaxed)
    }

    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let this = slf.get();
        // SAFETY: CPython passes a writable view; the row is a field of the frozen object that the view keeps alive.
        unsafe { this.row.fill(view, flags, slf.clone().into_any()) }?;
        this.exports.fetch_add(1, Ordering::Acquire);
        Ok(())
    }

    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        self.exports.fetch_sub(1, Ordering::Release);
    }
}

/// A count that the GIL guards.
struct PlainCount(Cell<usize>);

// SAFETY: assumed of the outside: the benchmark runs it with the GIL, which every access holds.
unsafe impl Sync for PlainCount {}

/// A frozen class with a plain count.
#[pyclass(frozen)]
struct FrozenPlain {
    row: Row,
    exports: PlainCount,
}

#[pymethods]
impl FrozenPlain {
    #[new]
    fn new(data: Vec<u8>, readonly: bool) -> Self {
        Self {
            row: Row::new(data, readonly),
            exports: PlainCount(Cell::new(0)),
        }
    }

    #[getter]
    fn exports(&self) -> usize {
        self.exports.0.get()
    }

    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let this = slf.get();
        // SAFETY: CPython passes a writable view; the row is a field of the frozen object that the view keeps alive.
        unsafe { this.row.fill(view, flags, slf.clone().into_any()) }?;
        this.exports.0.set(this.exports.0.get() + 1);
        Ok(())
    }

    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        self.exports.0.set(self.exports.0.get() - 1);
    }
}

/// A class that is not frozen: the count is an ordinary field.
#[pyclass]
struct Ordinary {
    row: Row,
    exports: usize,
}

#[pymethods]
impl Ordinary {
    #[new]
    fn new(data: Vec<u8>, readonly: bool) -> Self {
        Self {
            row: Row::new(data, readonly),
            exports: 0,
        }
    }

    #[getter]
    fn exports(&self) -> usize {
        self.exports
    }

    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let mut this = slf.try_borrow_mut()?;
        // SAFETY: CPython passes a writable view; the row is a field of the object that the view keeps alive, and no
        // method of this class replaces it.
        unsafe { this.row.fill(view, flags, slf.clone().into_any()) }?;
        this.exports += 1;
        Ok(())
    }

    unsafe fn __releasebuffer__(&mut self, _view: *mut ffi::Py_buffer) {
        self.exports -= 1;
    }
}

/// Hand-written PyO3 exporters.
#[pymodule(gil_used = true)]
mod pyo3_peer {
    #[pymodule_export]
    use super::{FrozenAtomic, FrozenPlain, Ordinary};
}

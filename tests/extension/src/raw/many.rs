//! Many exports at once, and many one after the other.

use std::ffi::c_int;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;

use super::held::raised;

/// Structs that stay where they are: filled one after the other, never moved.
struct Views(Vec<ffi::Py_buffer>);

// SAFETY: the structs are used only by who is attached.
unsafe impl Send for Views {}

/// Many(object, flags, count): so many exports of one object.
#[pyclass(frozen, module = "onloan_suite.raw")]
pub(crate) struct Many {
    views: Mutex<Views>,
}

fn release(view: &mut ffi::Py_buffer, _py: Python<'_>) {
    // SAFETY: acquired, or released already, which does nothing (C-02).
    unsafe { ffi::PyBuffer_Release(view) };
}

#[pymethods]
impl Many {
    #[new]
    fn new(object: &Bound<'_, PyAny>, flags: c_int, count: usize) -> PyResult<Self> {
        let py = object.py();
        let mut views = vec![ffi::Py_buffer::new(); count];
        for place in 0..count {
            // SAFETY: an object, alive and attached, and a struct to be filled, which stays in its place.
            let got =
                unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut views[place], flags) };
            if got != 0 {
                let error = raised(py);
                for view in &mut views[..place] {
                    release(view, py);
                }
                return Err(
                    error.unwrap_or_else(|| PyValueError::new_err("refused without an exception"))
                );
            }
        }
        Ok(Many {
            views: Mutex::new(Views(views)),
        })
    }

    /// Releases them in this order, given as their numbers.
    fn release(&self, py: Python<'_>, order: Vec<usize>) -> PyResult<()> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        for place in order {
            let view = views.0.get_mut(place);
            release(
                view.ok_or_else(|| PyValueError::new_err("not so many"))?,
                py,
            );
        }
        Ok(())
    }

    /// Releases them all, the first first.
    fn release_all(&self, py: Python<'_>) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        for view in &mut views.0 {
            release(view, py);
        }
    }
}

impl Drop for Many {
    fn drop(&mut self) {
        Python::try_attach(|py| self.release_all(py));
    }
}

/// Acquires and releases again and again; how often it was granted.
#[pyfunction]
pub(crate) fn rounds(object: &Bound<'_, PyAny>, flags: c_int, count: usize) -> usize {
    let py = object.py();
    let mut granted = 0;
    for _ in 0..count {
        let mut view = ffi::Py_buffer::new();
        // SAFETY: an object, alive and attached, and a struct to be filled.
        let got = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut view, flags) };
        if got == 0 {
            granted += 1;
            release(&mut view, py);
        } else {
            drop(raised(py));
        }
    }
    granted
}

//! The exception that is set, taken up and put back as it is.
//!
//! `PyErr::take` does that too, but unwinds when it meets a `PanicException`: through a slot, that is the end of the process.

#[cfg(not(Py_3_12))]
use std::ptr;

use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;

/// What was raised, if anything was. Nothing is set while this is held.
pub(crate) struct Pending(Option<Raised>);

#[cfg(Py_3_12)]
type Raised = *mut ffi::PyObject;
/// Type, value and traceback.
#[cfg(not(Py_3_12))]
type Raised = [*mut ffi::PyObject; 3];

impl Pending {
    #[inline]
    pub(crate) fn put_aside(_py: Python<'_>) -> Pending {
        // SAFETY: attached.
        if unsafe { ffi::PyErr_Occurred() }.is_null() {
            return Pending(None);
        }
        #[cfg(Py_3_12)]
        // SAFETY: attached.
        let raised = unsafe { ffi::PyErr_GetRaisedException() };
        #[cfg(not(Py_3_12))]
        let raised = {
            let mut raised = [ptr::null_mut(); 3];
            let [kind, value, traceback] = &mut raised;
            // SAFETY: attached; three places to be filled.
            unsafe { ffi::PyErr_Fetch(kind, value, traceback) };
            raised
        };
        Pending(Some(raised))
    }

    /// Sets it again. Another that was set meanwhile is reported as unraisable.
    #[inline]
    pub(crate) fn put_back(self, _py: Python<'_>) {
        // SAFETY: attached.
        if !unsafe { ffi::PyErr_Occurred() }.is_null() {
            // SAFETY: attached, an exception is set; NULL for want of an object to name.
            unsafe { ffi::PyErr_WriteUnraisable(std::ptr::null_mut()) };
        }
        let Some(raised) = self.0 else { return };
        #[cfg(Py_3_12)]
        // SAFETY: attached; gives away the reference that `put_aside` was given.
        unsafe {
            ffi::PyErr_SetRaisedException(raised);
        };
        #[cfg(not(Py_3_12))]
        // SAFETY: as above.
        unsafe {
            ffi::PyErr_Restore(raised[0], raised[1], raised[2]);
        };
    }

    /// As an error to be returned.
    pub(crate) fn into_error(self, py: Python<'_>) -> PyErr {
        let Some(raised) = self.0 else {
            return PySystemError::new_err("a failure without an exception");
        };
        #[cfg(Py_3_12)]
        // SAFETY: the reference that `put_aside` was given.
        let value = unsafe { Bound::from_owned_ptr(py, raised) };
        #[cfg(not(Py_3_12))]
        let value = normalized(py, raised);
        PyErr::from_value(value)
    }
}

/// The exception that type, value and traceback stand for.
#[cfg(not(Py_3_12))]
fn normalized(py: Python<'_>, mut raised: Raised) -> Bound<'_, PyAny> {
    let [kind, value, traceback] = &mut raised;
    // SAFETY: attached; three references that are ours, or NULL for the last two.
    unsafe { ffi::PyErr_NormalizeException(kind, value, traceback) };
    if !traceback.is_null() {
        // SAFETY: an exception after normalising, and a traceback.
        unsafe { ffi::PyException_SetTraceback(*value, *traceback) };
    }
    // SAFETY: a reference that is ours, or NULL.
    drop(unsafe { Bound::from_owned_ptr_or_opt(py, *kind) });
    // SAFETY: as above.
    drop(unsafe { Bound::from_owned_ptr_or_opt(py, *traceback) });
    // SAFETY: an exception after normalising; the reference is ours.
    unsafe { Bound::from_owned_ptr(py, *value) }
}

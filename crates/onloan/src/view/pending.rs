//! An exception that is pending while memory is given back.
//!
//! `bf_releasebuffer` must keep it, and must not leave another one (`Doc/c-api/typeobj.rst`). Exporters get that wrong; then the exception that was pending is
//! still the one that is raised, and theirs goes to `sys.unraisablehook`.

#[cfg(not(Py_3_12))]
use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;

/// The exception that was pending, if there was one.
pub(super) struct Pending(Option<Raised>);

#[cfg(Py_3_12)]
type Raised = *mut ffi::PyObject;
/// Type, value and traceback.
#[cfg(not(Py_3_12))]
type Raised = [*mut ffi::PyObject; 3];

impl Pending {
    #[inline]
    pub(super) fn put_aside(_py: Python<'_>) -> Pending {
        // SAFETY: attached.
        if unsafe { ffi::PyErr_Occurred() }.is_null() {
            return Pending(None);
        }
        #[cfg(Py_3_12)]
        // SAFETY: attached.
        let raised = unsafe { ffi::PyErr_GetRaisedException() };
        #[cfg(not(Py_3_12))]
        let raised = {
            let [mut kind, mut value, mut traceback] = [ptr::null_mut(); 3];
            // SAFETY: attached; three places to be filled.
            unsafe { ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut traceback) };
            [kind, value, traceback]
        };
        Pending(Some(raised))
    }

    #[inline]
    pub(super) fn put_back(self, _py: Python<'_>) {
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
}

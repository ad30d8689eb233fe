//! Exporters in the manner of C, with slots that do what no slot may.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use pyo3::exceptions::PyKeyError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Refuses, and sets no exception.
unsafe extern "C" fn refuse_silently(
    _: *mut ffi::PyObject,
    _: *mut ffi::Py_buffer,
    _: c_int,
) -> c_int {
    -1
}

/// Lends eight bytes.
unsafe extern "C" fn lend(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    let bytes = b"lent out".as_ptr().cast_mut().cast();
    // SAFETY: as CPython calls it.
    unsafe { ffi::PyBuffer_FillInfo(view, object, bytes, 8, 1, flags) }
}

/// Leaves an exception behind.
unsafe extern "C" fn release_with_an_exception(_: *mut ffi::PyObject, _: *mut ffi::Py_buffer) {
    // SAFETY: attached; exceptions live as long as the interpreter.
    let class = unsafe { ffi::PyExc_LookupError };
    // SAFETY: attached.
    unsafe { ffi::PyErr_SetString(class, c"left behind".as_ptr()) };
}

/// Forgets whatever exception is pending.
unsafe extern "C" fn release_and_forget(_: *mut ffi::PyObject, _: *mut ffi::Py_buffer) {
    // SAFETY: attached.
    unsafe { ffi::PyErr_Clear() };
}

/// An exporter with a defect: `silent` refusals, releases that `raise`, releases that `clear` what is pending.
#[pyfunction]
pub(crate) fn rude(py: Python<'_>, how: &str) -> PyResult<Py<PyAny>> {
    let (name, get, release): (&CStr, *mut c_void, *mut c_void) = match how {
        "silent" => (
            c"onloan_suite_view.Silent",
            refuse_silently as *mut c_void,
            ptr::null_mut(),
        ),
        "raise" => (
            c"onloan_suite_view.Raising",
            lend as *mut c_void,
            release_with_an_exception as *mut c_void,
        ),
        "clear" => (
            c"onloan_suite_view.Clearing",
            lend as *mut c_void,
            release_and_forget as *mut c_void,
        ),
        other => return Err(PyKeyError::new_err(other.to_owned())),
    };
    let slot = |slot, pfunc| ffi::PyType_Slot { slot, pfunc };
    let mut slots = vec![slot(ffi::Py_bf_getbuffer, get)];
    if !release.is_null() {
        slots.push(slot(ffi::Py_bf_releasebuffer, release));
    }
    slots.push(slot(0, ptr::null_mut()));
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: 0,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: attached; a spec of slots that end with 0, whose functions have the signatures of their slots.
    let class = unsafe { ffi::PyType_FromSpec(&raw mut spec) };
    // SAFETY: a new reference, or NULL with an exception set.
    let class = unsafe { Bound::from_owned_ptr_or_err(py, class) }?;
    Ok(class.call0()?.unbind())
}

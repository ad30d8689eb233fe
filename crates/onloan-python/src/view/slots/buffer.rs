//! `bf_getbuffer` and `bf_releasebuffer` of a view.

use std::ffi::c_int;

use pyo3::prelude::*;
use pyo3::{Borrowed, ffi};

use super::super::{View, lend};
use super::{guarded, value};

pub(super) unsafe extern "C" fn getbuffer(
    object: *mut ffi::PyObject,
    buffer: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: CPython calls slots attached.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: an object that CPython keeps alive.
    let object = unsafe { Borrowed::from_ptr(py, object) };
    // SAFETY: a view, as CPython calls slots.
    let view: Borrowed<'_, '_, View> = unsafe { object.cast_unchecked() };
    // SAFETY: as CPython calls the slot.
    let filled = guarded(|| unsafe { lend::getbuffer(&view, buffer, flags) });
    if filled.is_some() { 0 } else { -1 }
}

pub(super) unsafe extern "C" fn releasebuffer(
    object: *mut ffi::PyObject,
    _buffer: *mut ffi::Py_buffer,
) {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    view.export_ended();
}

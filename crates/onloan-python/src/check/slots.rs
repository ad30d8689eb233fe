//! The slots of a type and of its bases.

use std::ffi::c_int;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The addresses of `bf_getbuffer` and `bf_releasebuffer`, 0 where there is none.
#[pyfunction]
#[pyo3(signature = (class_, /))]
pub(crate) fn _check_slots(class_: &Bound<'_, PyType>) -> (usize, usize) {
    let slot = |which: c_int| {
        // SAFETY: a type, alive and attached, and the number of a slot.
        let address = unsafe { ffi::PyType_GetSlot(class_.as_type_ptr(), which) };
        // An error is no slot.
        drop(PyErr::take(class_.py()));
        address.addr()
    };
    (slot(ffi::Py_bf_getbuffer), slot(ffi::Py_bf_releasebuffer))
}

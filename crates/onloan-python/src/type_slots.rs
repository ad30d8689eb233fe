//! Which of the two buffer slots a type has, and whose they are.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The addresses of a type's functions `bf_getbuffer` and `bf_releasebuffer`, 0 where it has none.
///
/// A type inherits the function of its base: the same address means the same
/// exporter. Nothing is called.
#[pyfunction]
#[pyo3(signature = (class, /))]
pub(crate) fn buffer_slots(class: &Bound<'_, PyType>) -> (usize, usize) {
    let slot = |number| {
        // SAFETY: a type, alive and attached, and a slot that CPython knows; since 3.10 static types are answered for, too.
        let function = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), number) };
        function.addr()
    };
    (slot(ffi::Py_bf_getbuffer), slot(ffi::Py_bf_releasebuffer))
}

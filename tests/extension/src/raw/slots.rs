//! The slots of a type: which functions they are, and wrapping them as a tracer does.

use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

type GetBuffer = unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::Py_buffer, c_int) -> c_int;

/// The addresses of `bf_getbuffer` and `bf_releasebuffer`.
#[pyfunction]
pub(crate) fn slots(class: &Bound<'_, PyType>) -> (usize, usize) {
    let slot = |number| {
        // SAFETY: a type, alive and attached, and a slot that CPython knows.
        unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), number) }.addr()
    };
    (slot(ffi::Py_bf_getbuffer), slot(ffi::Py_bf_releasebuffer))
}

/// What the wrapper forwards to; NULL while nothing is wrapped.
static ORIGINAL: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static FORWARDED: AtomicUsize = AtomicUsize::new(0);

/// Counts, and forwards.
///
/// # Safety
/// As CPython calls a slot.
unsafe extern "C" fn forward(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    FORWARDED.fetch_add(1, Ordering::Relaxed);
    let original = ORIGINAL.load(Ordering::Relaxed);
    // SAFETY: `wrap` has put the address of a `bf_getbuffer` there, before this function could be called.
    let original = unsafe { transmute::<*mut c_void, GetBuffer>(original) };
    // SAFETY: as granted by the caller.
    unsafe { original(object, view, flags) }
}

/// The place of `bf_getbuffer` in the type, if it can be found: the first field of what `tp_as_buffer`, the 20th pointer of a type, leads to.
fn place(class: &Bound<'_, PyType>) -> PyResult<NonNull<AtomicPtr<c_void>>> {
    let field = class.as_ptr().cast::<*mut AtomicPtr<c_void>>();
    // SAFETY: a type has more than 20 pointers.
    let field = unsafe { field.add(20) };
    // SAFETY: as above.
    let table = unsafe { field.read() };
    let found = NonNull::new(table).ok_or_else(|| PyValueError::new_err("lends nothing"))?;
    // SAFETY: `tp_as_buffer` of CPython from 3.11 on, which stays as long as its type; verified below.
    let now = unsafe { found.as_ref() }.load(Ordering::Relaxed);
    if now.addr() == slots(class).0 {
        Ok(found)
    } else {
        Err(PyRuntimeError::new_err(
            "tp_as_buffer is not where it is looked for",
        ))
    }
}

/// Puts a function in the place of the class's `bf_getbuffer` that counts and forwards to it. One class at a time.
#[pyfunction]
pub(crate) fn wrap(class: &Bound<'_, PyType>) -> PyResult<()> {
    let place = place(class)?;
    // SAFETY: verified by `place`.
    let slot = unsafe { place.as_ref() };
    if !ORIGINAL.load(Ordering::Relaxed).is_null() {
        return Err(PyRuntimeError::new_err("another class is wrapped"));
    }
    ORIGINAL.store(slot.load(Ordering::Relaxed), Ordering::Relaxed);
    slot.store(forward as *mut c_void, Ordering::Relaxed);
    Ok(())
}

/// Puts the function back that was there.
#[pyfunction]
pub(crate) fn unwrap(class: &Bound<'_, PyType>) -> PyResult<()> {
    let place = place(class)?;
    // SAFETY: verified by `place`.
    let slot = unsafe { place.as_ref() };
    let original = ORIGINAL.swap(ptr::null_mut(), Ordering::Relaxed);
    if original.is_null() {
        return Err(PyRuntimeError::new_err("nothing is wrapped"));
    }
    slot.store(original, Ordering::Relaxed);
    Ok(())
}

/// How often the wrapper was called.
#[pyfunction]
pub(crate) fn forwarded() -> usize {
    FORWARDED.load(Ordering::Relaxed)
}

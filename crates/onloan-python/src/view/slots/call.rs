//! `View(object)`: without the tuple of arguments, and without asking `__init__`.
//!
//! A type is called through its own field `tp_vectorcall`, if there is something in it. Where that field is, CPython says itself: in the type of
//! types, which is called in the same way. Whether it is used, a call shows.

use std::ffi::c_void;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use pyo3::{Borrowed, PyTypeInfo};

use super::super::View;
use super::{at_length, guarded, returned, size_of_types};

/// Indices of fields of `PyTypeObject`, in pointers.
const DEALLOC: usize = 6;
const VECTORCALL_OFFSET: usize = 7;
/// Where the type of types says that it is: for every CPython from 3.11 on.
const VECTORCALL: usize = 50;
/// `Py_TPFLAGS_HAVE_VECTORCALL`.
const HAVE_VECTORCALL: std::ffi::c_ulong = 1 << 11;
/// `PY_VECTORCALL_ARGUMENTS_OFFSET`.
const MAY_WRITE_BEFORE: usize = 1 << (usize::BITS - 1);

/// PyO3's `tp_new`. Set before the short way is.
static NEW: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static CALLED: AtomicBool = AtomicBool::new(false);

type Vectorcall = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    usize,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// Puts the short way in, where that can be verified.
pub(super) fn install(class: &Bound<'_, PyType>) {
    let Some(field) = verified(class) else {
        return;
    };
    // SAFETY: a type, alive and attached; a slot that CPython knows.
    let new = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), ffi::Py_tp_new) };
    if new.is_null() {
        return;
    }
    NEW.store(new, Ordering::Release);
    let function: Vectorcall = call;
    // SAFETY: the field for such a function (verified). Under the global lock nobody else looks.
    unsafe { field.write(function as *mut c_void) };
    let made = class.call1((PyBytes::new(class.py(), b"?"),));
    if made.is_err() || !CALLED.load(Ordering::Acquire) {
        // SAFETY: as above.
        unsafe { field.write(ptr::null_mut()) };
    }
}

/// The field `tp_vectorcall`, if it is where the type of types says, and empty.
fn verified(class: &Bound<'_, PyType>) -> Option<*mut *mut c_void> {
    let types = class.get_type();
    if !types.is(PyType::type_object(class.py())) {
        return None;
    }
    let start = types.as_ptr().cast::<*mut c_void>();
    // SAFETY: a type, alive and attached; a slot that CPython knows.
    let known = unsafe { ffi::PyType_GetSlot(types.as_type_ptr(), ffi::Py_tp_dealloc) };
    // SAFETY: a field of a type object, as large as a pointer.
    let found = unsafe { start.wrapping_add(DEALLOC).read() };
    // SAFETY: as above.
    let offset = unsafe { start.wrapping_add(VECTORCALL_OFFSET).read() }.addr();
    // SAFETY: a type, alive and attached.
    let flags = unsafe { ffi::PyType_GetFlags(types.as_type_ptr()) };
    let size = size_of_types(class)?;
    let proven = found == known
        && flags & HAVE_VECTORCALL != 0
        && offset == VECTORCALL * size_of::<usize>()
        && offset + size_of::<usize>() <= size;
    if !proven {
        return None;
    }
    let field = class
        .as_ptr()
        .cast::<*mut c_void>()
        .wrapping_add(VECTORCALL);
    // SAFETY: a field of the type object, which has so many (checked).
    let found = unsafe { field.read() };
    found.is_null().then_some(field)
}

unsafe extern "C" fn call(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let count = count & !MAY_WRITE_BEFORE;
    CALLED.store(true, Ordering::Relaxed);
    // SAFETY: CPython calls types attached.
    let py = unsafe { Python::assume_attached() };
    if count != 1 || !names.is_null() {
        // SAFETY: as CPython called this.
        let made = guarded(|| unsafe { call_at_length(class, arguments, count, names) });
        return made.unwrap_or(ptr::null_mut());
    }
    // SAFETY: one argument.
    let object = unsafe { arguments.read() };
    // SAFETY: an object that the caller keeps alive.
    let object = unsafe { Borrowed::from_ptr(py, object) };
    returned(guarded(|| View::made(&object)))
}

/// What is to be said of other arguments, PyO3 says.
///
/// # Safety
/// As [`Vectorcall`], with the mere number of arguments.
#[cold]
unsafe fn call_at_length(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    Python::attach(|py| {
        // SAFETY: granted by the caller.
        let (all, named) = unsafe { at_length(py, None, arguments, count, names) }?;
        let named = named.as_ref().map_or(ptr::null_mut(), Bound::as_ptr);
        // SAFETY: PyO3's slot, set before this one was put in.
        let new: ffi::newfunc = unsafe { mem::transmute(NEW.load(Ordering::Acquire)) };
        // SAFETY: the class, a tuple and a dict or NULL, alive and attached.
        let made = unsafe { new(class.cast(), all.as_ptr(), named) };
        // SAFETY: NULL with an exception set, or a new reference.
        Ok(unsafe { Bound::from_owned_ptr_or_err(py, made) }?.into_ptr())
    })
}

//! Refusals as exceptions. The text of each is made once: a consumer that probes pays for the exception, not for the prose.

use std::ffi::c_int;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use onloan_core::request::{Refusal, Request};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

const OFFERS: usize = 16;

/// By offer and request; NULL until first needed. Filled ones are kept for ever: there are at most 72 × 16, and mostly a few.
static TEXTS: [[AtomicPtr<ffi::PyObject>; Request::COUNT]; OFFERS] =
    [const { [const { AtomicPtr::new(ptr::null_mut()) }; Request::COUNT] }; OFFERS];

/// Sets `BufferError` and returns −1.
#[cold]
pub(super) fn refuse(py: Python<'_>, refusal: Refusal) -> c_int {
    let place = &TEXTS[usize::from(refusal.offer().bits()) % OFFERS][refusal.request().index()];
    let mut text = place.load(Ordering::Acquire);
    if text.is_null() {
        let made = PyString::new(py, &refusal.to_string()).into_ptr();
        match place.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => text = made,
            Err(others) => {
                // SAFETY: made above, and nobody else has seen it.
                unsafe { ffi::Py_DECREF(made) };
                text = others;
            }
        }
    }
    // SAFETY: a static of the interpreter, set since it was initialised.
    let kind = unsafe { ffi::PyExc_BufferError };
    // SAFETY: an exception class and a `str`, both alive; attached.
    unsafe { ffi::PyErr_SetObject(kind, text) };
    -1
}

//! What this module vouches for towards others: that the memory of an export stays as it is.
//!
//! A consumer may make a `&[T]` of somebody's memory only if nobody changes it meanwhile. Of the exports of a read-only cell that is known, but
//! only to the code that made them; and two extension modules that were compiled apart have that code twice. So each module
//! offers its own answer to all others, in the [table](crate::table).
//!
//! Whose export it is tells the release slot of the exporter's type. It may be this module's own function; PyO3's, which calls that, of a class whose
//! slots were not replaced; or, while `onloan` traces, one of the tracer's, which stands for either.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

use pyo3::ffi;
use pyo3::prelude::*;

use super::install;
use super::registry;
use super::release::releasebuffer;
use crate::cell::{COPY, Header, TAGS};
use crate::table::{self, Stretch};

/// Whether that is [`releasebuffer`], itself or behind a function of the tracer's. `false` is no proof: the compiler may have made it twice.
#[cfg(not(any(Py_LIMITED_API, Py_GIL_DISABLED)))]
pub(crate) fn is_release(py: Python<'_>, slot: *const c_void) -> bool {
    is_raw(slot) || is_raw(table::original(py, slot))
}

fn is_raw(slot: *const c_void) -> bool {
    slot.addr() == (releasebuffer as *const ()).addr()
}

/// Whether a release slot is that of this module's exporters, whichever. `false` is no proof, as above.
fn is_own(py: Python<'_>, slot: *const c_void) -> bool {
    let is_own = |slot| is_raw(slot) || install::is_plain_release(slot);
    !slot.is_null() && (is_own(slot) || is_own(table::original(py, slot)))
}

/// Whether the memory behind `buffer` stays as it is until the release, as far as this module knows: 1 and the stretch of memory of which that is
/// true, or 0.
///
/// # Safety
/// The thread is attached; `buffer` was filled by `PyObject_GetBuffer` (or is a copy of a struct that was) and not released;
/// `stretch` is to be written to.
pub(crate) unsafe extern "C" fn steady(
    buffer: *const ffi::Py_buffer,
    stretch: *mut Stretch,
) -> c_int {
    // SAFETY: filled (granted by the caller).
    let buffer = unsafe { &*buffer };
    let (object, internal) = (buffer.obj, buffer.internal);
    if object.is_null() {
        return 0;
    }
    // SAFETY: an object that the buffer keeps alive.
    let class = unsafe { ffi::Py_TYPE(object) };
    // SAFETY: a type, alive with its instance; attached.
    let release = unsafe { ffi::PyType_GetSlot(class, ffi::Py_bf_releasebuffer) };
    // SAFETY: attached (granted by the caller).
    let py = unsafe { Python::assume_attached() };
    // Whose release this is will find its way by `internal`, whoever filled the struct: so `internal` is that of an export.
    if !is_own(py, release) {
        return 0;
    }
    // SAFETY: of an export of this module (checked) that is not released.
    let internal = unsafe { registry::behind(internal) };
    if internal.addr() & COPY != 0 {
        return 0;
    }
    let tag = internal.addr() & TAGS;
    let header = internal.wrapping_byte_sub(tag).cast::<Header>();
    let Some(header) = NonNull::new(header) else {
        return 0;
    };
    // SAFETY: the block lives until its last export is released, which this one is not yet.
    let header = unsafe { header.as_ref() };
    // SAFETY: counted (`COUNTED`).
    let facts = unsafe { header.facts() };
    let extent = match facts.layout.extent() {
        Some(extent) if facts.steady && !facts.layout.is_indirect() => extent,
        _ => return 0,
    };
    let told = Stretch {
        start: facts.buf.cast::<u8>().wrapping_offset(extent.start),
        bytes: extent.len(),
    };
    // SAFETY: granted by the caller.
    unsafe { stretch.write(told) };
    1
}

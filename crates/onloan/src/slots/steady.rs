//! What this module vouches for towards others: that the memory of an export stays as it is.
//!
//! A consumer may make a `&[T]` of somebody's memory only if nobody changes it meanwhile. Of the exports of a read-only cell that is known, but
//! only to the code that made them; and two extension modules that were compiled apart have that code twice. So each module
//! offers its own answer to all others, in the [table](crate::table).

use std::ffi::c_int;
use std::ptr::NonNull;

use pyo3::ffi;

use super::release::releasebuffer;
use crate::cell::{COPY, Header, TOLD};
use crate::table::Stretch;

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
    // Whose release this is will find its way by `internal`, whoever filled the struct: so `internal` is that of an export.
    if release.addr() != (releasebuffer as *const ()).addr() || internal.addr() & COPY != 0 {
        return 0;
    }
    let tag = internal.addr() & TOLD;
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

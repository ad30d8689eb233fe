//! Releasing: from `Py_buffer.internal` alone.

use std::ptr::NonNull;

use onloan_core::state::{Left, Word};
use pyo3::prelude::*;
use pyo3::{Borrowed, ffi};

use super::registry;
use crate::cell::{COPY, CopyLoan, Header, REGISTERED, TAGS, TOLD, Whose};

/// `bf_releasebuffer` of every class with `#[exporter]`.
///
/// It returns nothing, raises nothing, and keeps an exception that is pending. The struct may be a copy of the one that was filled, the thread
/// another, the object mutably borrowed, cleared by the collector, or without its cell: only `internal` is read. The object is named in
/// reports of hooks that fail, and not looked at.
///
/// # Safety
/// As CPython calls it: `object` is alive or NULL; `view` was filled by [`getbuffer`](super::lend::getbuffer) (or is a copy of one that was) and is released once; the
/// thread is attached.
pub(super) unsafe extern "C" fn releasebuffer(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
) {
    // SAFETY: filled by `getbuffer` (granted by the caller), so readable.
    let internal = unsafe { (*view).internal };
    if internal.addr() & TAGS == 0
        && let Some(header) = NonNull::new(internal.cast::<Header>())
    {
        // SAFETY: the block lives until its last export is released, which this one is not yet.
        let state = unsafe { &header.as_ref().state };
        if state.try_apply(Word::release_plainly) {
            return;
        }
    }
    // SAFETY: as granted by the caller.
    unsafe { release_at_length(object, view) };
}

/// Releases, whatever may be.
///
/// # Safety
/// As for [`releasebuffer`].
#[cold]
unsafe extern "C" fn release_at_length(object: *mut ffi::PyObject, view: *mut ffi::Py_buffer) {
    // SAFETY: CPython calls slots attached.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: filled (granted by the caller), so readable.
    let mut internal = unsafe { (*view).internal };
    if internal.addr() & REGISTERED != 0 {
        // SAFETY: granted by the caller; the tag is that of exports of registered cells.
        internal = unsafe { registry::released(object, view) };
    }
    let tag = internal.addr() & TAGS;
    // SAFETY: alive during the call, or NULL (granted by the caller).
    let object = unsafe { Borrowed::from_ptr_or_opt(py, object) };
    let whose = object.as_deref();
    let pointer = internal.wrapping_byte_sub(tag);
    let mut copy = None;
    let header = if tag & COPY == 0 {
        NonNull::new(pointer.cast::<Header>())
    } else {
        // SAFETY: leaked for this export when it was filled; it is released once.
        let loan = unsafe { Box::from_raw(pointer.cast::<CopyLoan>()) };
        let header = loan.header;
        copy = Some(loan);
        Some(header)
    };
    let Some(header) = header else { return };
    if let Some(loan) = copy {
        // SAFETY: still counted, and the consumer has released.
        unsafe { loan.give_back(py) };
    }
    // SAFETY: the block lives until its last export is released, which this one is not yet.
    let header_ref = unsafe { header.as_ref() };
    if tag & TOLD != 0 {
        // SAFETY: still counted.
        unsafe { (header_ref.duties.tell_release)(header, whose, py) };
    }
    leave(py, header, whose, header_ref.state.apply(Word::release));
}

/// Does what came due by leaving. The block may be gone afterwards.
pub(super) fn leave<'py>(
    py: Python<'py>,
    header: NonNull<Header>,
    whose: Whose<'_, 'py>,
    left: Left,
) {
    match left {
        // A release without its acquisition is a defect of the consumer; nobody is there to be told.
        Left::Quiet | Left::Unmatched => {}
        Left::MustSettle { last } => {
            // SAFETY: who has to settle holds `busy`, and with it the block.
            let duties = unsafe { header.as_ref() }.duties;
            // SAFETY: as above; `header` is not used afterwards.
            unsafe { (duties.settle)(header, whose, py, last) };
        }
    }
}

/// `__releasebuffer__` as PyO3 calls it.
///
/// # Safety
/// As for [`releasebuffer`].
#[doc(hidden)]
pub unsafe fn releasebuffer_plain(object: &Bound<'_, PyAny>, view: *mut ffi::Py_buffer) {
    // SAFETY: as granted by the caller; the object is alive while borrowed.
    unsafe { releasebuffer(object.as_ptr(), view) };
}

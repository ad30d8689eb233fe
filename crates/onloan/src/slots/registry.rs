//! What a registered cell tells the ledger.
//!
//! An export of such a cell has a ticket: what else would stand in `internal`, and the number under which the ledger has it. The ticket goes
//! wherever a consumer copies its struct to, so that each release ends the record of its own acquisition.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

use pyo3::ffi;

use crate::cell::{COPY, CopyLoan, Header, REGISTERED, TAGS};
use crate::ledger;

/// Of one export. It belongs to that export: `Py_buffer.internal` leads to it, and its release frees it.
#[repr(align(8))]
struct Ticket {
    /// What stands in `internal` of an export that the ledger knows nothing of.
    internal: *mut c_void,
    number: u64,
}

const _: () = assert!(align_of::<Ticket>() > TAGS);

/// Tells of an export that was granted, and gives it a ticket. 0, which is what `bf_getbuffer` then returns.
///
/// # Safety
/// Attached; `object` has just filled `view`, from a cell of this module that is registered.
#[cold]
pub(super) unsafe extern "C" fn acquired(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: filled (granted by the caller).
    let internal = unsafe { (*view).internal }.map_addr(|address| address & !REGISTERED);
    // SAFETY: of the export that was just granted.
    let number = match unsafe { cell_of(internal) } {
        // SAFETY: granted by the caller.
        Some(cell) => unsafe { ledger::acquired(object, view, flags, cell) },
        None => 0,
    };
    let ticket = Box::into_raw(Box::new(Ticket { internal, number }));
    let tagged = ticket.cast::<c_void>().wrapping_byte_add(REGISTERED);
    // SAFETY: filled just now, so that it may be written to.
    unsafe { (*view).internal = tagged };
    0
}

/// Tells that an export is being given back, and takes its ticket. What stands in `internal` of others.
///
/// # Safety
/// Attached; `view` was filled by `object` (or is a copy of one that was), from a cell of this module that is registered; it is released once, by
/// the caller.
pub(super) unsafe fn released(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
) -> *mut c_void {
    // SAFETY: filled (granted by the caller).
    let tagged = unsafe { (*view).internal };
    let ticket = tagged.wrapping_byte_sub(REGISTERED).cast::<Ticket>();
    // SAFETY: made for this export by `acquired`; it is released once (granted by the caller).
    let ticket = unsafe { Box::from_raw(ticket) };
    // SAFETY: of the export, which is still counted.
    if let Some(cell) = unsafe { cell_of(ticket.internal) } {
        // SAFETY: granted by the caller.
        unsafe { ledger::released(object, view, cell, ticket.number) };
    }
    ticket.internal
}

/// What stands in `internal` of exports without a ticket.
///
/// # Safety
/// `internal` is that of an export of this module that is out.
pub(super) unsafe fn behind(internal: *mut c_void) -> *mut c_void {
    if internal.addr() & REGISTERED == 0 {
        return internal;
    }
    let ticket = internal.wrapping_byte_sub(REGISTERED).cast::<Ticket>();
    // SAFETY: the ticket is its export's, which is out (granted by the caller).
    unsafe { (*ticket).internal }
}

/// The cell that an export is counted by.
///
/// # Safety
/// `internal` is that of an export that is out, as it stands there without a ticket.
unsafe fn cell_of(internal: *mut c_void) -> Option<NonNull<Header>> {
    let tag = internal.addr() & TAGS;
    let pointer = internal.wrapping_byte_sub(tag);
    if tag & COPY == 0 {
        return NonNull::new(pointer.cast::<Header>());
    }
    let copy = NonNull::new(pointer.cast::<CopyLoan>())?;
    // SAFETY: a copy is its export's, which is out (granted by the caller).
    Some(unsafe { copy.as_ref() }.header)
}

//! Lending: from a request to a filled `Py_buffer`, or to a refusal that leaves all as it was.
//!
//! There are two ways through. The short one is for memory that lies ready and a request that it can grant: count, compare,
//! fill. Whatever else may be, a first export, a hook, a copy, a refusal, goes the long way, which begins anew with the same
//! arguments; so the short way keeps nothing for it and costs what a slot in C costs. A registered cell grants nothing on the short way, and
//! tells the ledger where that is noticed: others do not pay for the question.

use std::ffi::{c_int, c_void};
use std::hint;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

use onloan_core::request::{Clause, Grant, Offer, Refusal, Request, negotiate};
use onloan_core::state::{Entered, Word};
use pyo3::exceptions::{PyBufferError, PyMemoryError};
use pyo3::ffi;
use pyo3::prelude::*;

use super::class::{Access, ExporterClass, Lender};
use super::install;
use super::refuse::refuse;
use super::registry;
use super::release::leave;
use crate::cell::{COPY, CopyLoan, Facts, Header, NoCopy, REGISTERED, TAGS, guarded};
use crate::error::Busy;
use crate::pending::Pending;

/// `bf_getbuffer` of `T`.
///
/// # Safety
/// As CPython calls it: `object` is an instance of `T`, `view` is NULL or a `Py_buffer` to be filled, the thread is attached.
pub(super) unsafe extern "C" fn getbuffer<T>(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int
where
    T: ExporterClass,
    T::Frozen: Access<T>,
{
    if view.is_null() {
        // SAFETY: as granted by the caller.
        return unsafe { getbuffer_at_length::<T>(object, view, flags) };
    }
    // SAFETY: an object (granted by the caller), so not NULL.
    unsafe { hint::assert_unchecked(!object.is_null()) };
    // SAFETY: CPython calls slots attached.
    let py = unsafe { Python::assume_attached() };
    let shortly = |class: &T| match class.lender() {
        // SAFETY: as granted by the caller.
        Some(lender) => unsafe { lend_shortly(lender, object, view, flags) },
        None => Shortly::NotDone,
    };
    // SAFETY: an instance of `T`, which CPython keeps alive during the call.
    let reach = || unsafe { <T::Frozen as Access<T>>::with(py, object, shortly) };
    let shortly = if T::FIELD && !<T::Frozen as Access<T>>::CAN_PANIC {
        reach()
    } else {
        // What panics here does so again on the long way, and is reported there.
        catch_unwind(AssertUnwindSafe(reach)).unwrap_or(None)
    };
    match shortly {
        Some(Shortly::Filled) => 0,
        // SAFETY: as granted by the caller; the header is that of a cell for which an export is counted.
        Some(Shortly::Refused(header)) => unsafe {
            getbuffer_refused::<T>(object, view, flags, header)
        },
        // SAFETY: as granted by the caller.
        Some(Shortly::NotDone) | None => unsafe { getbuffer_at_length::<T>(object, view, flags) },
    }
}

/// What came of the short way.
enum Shortly {
    Filled,
    /// Counted, but the memory cannot grant the request, or the ledger is to be told.
    Refused(NonNull<Header>),
    NotDone,
}

/// Lends memory that lies ready.
///
/// # Safety
/// `object` is alive and keeps the cell; `view` is to be filled.
#[inline(always)]
unsafe fn lend_shortly(
    lender: Lender<'_>,
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> Shortly {
    let header = lender.0;
    if !header.state.try_apply(Word::export_plainly) {
        return Shortly::NotDone;
    }
    // SAFETY: counted just now (`COUNTED`).
    let facts = unsafe { header.facts() };
    let Some(grant) = facts.answers.grant(flags) else {
        return Shortly::Refused(lender.header());
    };
    // SAFETY: counted, `view` and `object` as granted by the caller.
    unsafe { fill(facts, object, view, grant) };
    Shortly::Filled
}

/// The end of the short way for a request that it cannot grant: tells the ledger if that is why, else uncounts and refuses, or begins anew if a copy may
/// help.
///
/// # Safety
/// As for [`getbuffer`]; an export is counted for the cell whose header it is.
#[cold]
unsafe extern "C" fn getbuffer_refused<T>(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
    header: NonNull<Header>,
) -> c_int
where
    T: ExporterClass,
    T::Frozen: Access<T>,
{
    // SAFETY: CPython calls slots attached.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: the block lives while an export is counted.
    let header_ref = unsafe { header.as_ref() };
    // SAFETY: counted (`COUNTED`).
    let facts = unsafe { header_ref.facts() };
    let offer = facts.offer;
    if facts.internal.addr() & REGISTERED != 0
        && let Some(grant) = offer.answers().grant(flags)
    {
        // SAFETY: counted, `view` and `object` as granted by the caller.
        unsafe { fill(facts, object, view, grant) };
        // SAFETY: filled just now, from a cell that is registered.
        return unsafe { registry::acquired(object, view, flags) };
    }
    let copies = header_ref.contiguous_copies;
    leave(py, header, None, header_ref.state.apply(Word::release));
    if copies {
        // SAFETY: as granted by the caller.
        return unsafe { getbuffer_at_length::<T>(object, view, flags) };
    }
    // SAFETY: a `Py_buffer` to be filled, hence writable.
    unsafe { (*view).obj = ptr::null_mut() };
    match refused(offer, Request::from_flags(flags)) {
        Ok(refusal) => refuse(py, refusal),
        Err(error) => raise(py, error),
    }
}

/// Fills `view` with the facts.
///
/// # Safety
/// The caller is counted as an export of the cell; `view` is to be filled; `object` is alive.
#[inline(always)]
unsafe fn fill(facts: &Facts, object: *mut ffi::PyObject, view: *mut ffi::Py_buffer, grant: Grant) {
    // First, so that it is done when the consumer's release reads the count.
    // SAFETY: alive; the reference is the consumer's from now on.
    unsafe { new_reference(object) };
    let granted = &facts.granted[grant.index()];
    let filled = ffi::Py_buffer {
        buf: facts.buf,
        obj: object,
        len: facts.len,
        itemsize: facts.itemsize,
        readonly: granted.readonly,
        ndim: granted.ndim,
        format: granted.format,
        shape: granted.shape,
        strides: granted.strides,
        // Memory that has them is granted only to who asks for them.
        suboffsets: facts.suboffsets,
        internal: facts.internal,
    };
    // SAFETY: to be filled (granted by the caller).
    unsafe { view.write(filled) };
}

/// `Py_INCREF`, inline.
///
/// # Safety
/// `object` is alive, and attached.
#[inline(always)]
unsafe fn new_reference(object: *mut ffi::PyObject) {
    // PyO3 calls a function for every build with the limited API. Up to 3.11 the macro of that API is this very increment, and the stable ABI
    // keeps it working in all later versions; from 3.12 on it is a function by contract.
    #[cfg(all(Py_LIMITED_API, not(Py_3_12), not(Py_GIL_DISABLED)))]
    {
        let count: *mut isize = object.cast();
        // SAFETY: alive, so readable; the count is the first field (SAFETY.md, `limited-api-count`).
        let now = unsafe { count.read() };
        // SAFETY: as above; attached, so nobody else changes it.
        unsafe { count.write(now + 1) };
    }
    #[cfg(not(all(Py_LIMITED_API, not(Py_3_12), not(Py_GIL_DISABLED))))]
    // SAFETY: granted by the caller.
    unsafe {
        ffi::Py_INCREF(object);
    }
}

/// `bf_getbuffer` of `T`, whatever may be.
///
/// # Safety
/// As for [`getbuffer`].
#[cold]
unsafe extern "C" fn getbuffer_at_length<T>(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int
where
    T: ExporterClass,
    T::Frozen: Access<T>,
{
    // SAFETY: CPython calls slots attached.
    let py = unsafe { Python::assume_attached() };
    if view.is_null() {
        return raise(
            py,
            PyBufferError::new_err("bf_getbuffer called without a Py_buffer"),
        );
    }
    // SAFETY: a `Py_buffer` to be filled, hence writable. First of all, so that no refusal leaves another object in it.
    unsafe { (*view).obj = ptr::null_mut() };
    let request = Request::from_flags(flags);
    let lend = |class: &T| match class.lender() {
        // SAFETY: `object` and `view` as granted by the caller.
        Some(lender) => unsafe { lend(py, lender, object, view, request) },
        None => Err(PyBufferError::new_err(
            "nothing to lend: the object has no memory now",
        )),
    };
    // SAFETY: an instance of `T`, which CPython keeps alive during the call.
    match guarded(|| unsafe { <T::Frozen as Access<T>>::with(py, object, lend) }.transpose()) {
        Ok(Some(Lent::Filled)) => {
            // SAFETY: filled just now.
            let internal = unsafe { (*view).internal };
            if internal.addr() & REGISTERED != 0 {
                // SAFETY: as granted by the caller; filled from a cell that is registered.
                return unsafe { registry::acquired(object, view, flags) };
            }
            0
        }
        Ok(Some(Lent::Refused(refusal))) => refuse(py, refusal),
        Ok(None) => {
            let running = "cannot lend the memory: a method that changes the object is running";
            raise(py, PyBufferError::new_err(running))
        }
        Err(error) => raise(py, error),
    }
}

fn raise(py: Python<'_>, error: PyErr) -> c_int {
    error.restore(py);
    -1
}

/// What came of a request.
enum Lent {
    Filled,
    Refused(Refusal),
}

/// Lends the memory of a cell.
///
/// # Safety
/// `object` is alive and keeps the cell; `view` is to be filled.
unsafe fn lend(
    py: Python<'_>,
    lender: Lender<'_>,
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    request: Request,
) -> PyResult<Lent> {
    let header = lender.0;
    match header.state.attempt(Word::export) {
        Ok(Entered::Counted) => {}
        Ok(Entered::MustOpen { first }) => {
            if let Some(refusal) = open(py, lender, request, first)? {
                return Ok(Lent::Refused(refusal));
            }
        }
        Err(blocked) => {
            return Err(Busy {
                wanted: "lend the memory",
                blocked,
                cell: header.in_ledger(),
            }
            .into());
        }
    }
    // SAFETY: counted just now (`COUNTED`).
    let facts = unsafe { header.facts() };
    let offer = facts.offer;
    match negotiate(offer, request) {
        Ok(grant) => {
            // SAFETY: counted, `view` and `object` as granted by the caller.
            unsafe { fill(facts, object, view, grant) };
            Ok(Lent::Filled)
        }
        Err(clause) => {
            if copies_help(header, clause) {
                // SAFETY: as above.
                let copied = unsafe { lend_copy(py, lender, object, view, request) }?;
                if copied {
                    return Ok(Lent::Filled);
                }
            }
            leave(py, lender.header(), None, header.state.apply(Word::release));
            refused(offer, request).map(Lent::Refused)
        }
    }
}

fn refused(offer: Offer, request: Request) -> PyResult<Refusal> {
    Refusal::new(offer, request)
        .ok_or_else(|| PyBufferError::new_err("the memory has changed meanwhile"))
}

/// The author wants copies, and one would be granted what the memory itself is not.
fn copies_help(header: &Header, clause: Clause) -> bool {
    header.contiguous_copies && !matches!(clause, Clause::FormatWithoutNd | Clause::NotWritable)
}

/// The first export of a period of use: opens the storage, tells the author, and counts. Called by the holder of `busy`. What
/// cannot be granted is refused before the author hears of it.
fn open(
    py: Python<'_>,
    lender: Lender<'_>,
    request: Request,
    first: bool,
) -> PyResult<Option<Refusal>> {
    let header = lender.0;
    let pointer = lender.header();
    let opened = guarded(|| {
        // SAFETY: the header of a living block, and this is the holder of `busy`.
        unsafe { (header.duties.open)(pointer, py) }?;
        // SAFETY: the holder of `busy` (`COUNTED`).
        let offer = unsafe { header.facts() }.offer;
        if let Err(clause) = negotiate(offer, request)
            && !copies_help(header, clause)
        {
            return refused(offer, request).map(Some);
        }
        if first {
            // SAFETY: as above.
            unsafe { (header.duties.tell_first)(pointer, py) }?;
        }
        Ok(None)
    });
    if let Ok(None) = opened {
        header.state.apply(|word| (word.opened(), ()));
    } else {
        // SAFETY: the header of a living block, and this is the holder of `busy`, who does not use it afterwards.
        unsafe { (header.duties.settle)(pointer, None, py, false) };
    }
    opened
}

/// Lends a contiguous copy. `false`: a copy would be refused too.
///
/// # Safety
/// As for [`lend`]; the caller is counted, and stays so unless it fails with an error.
unsafe fn lend_copy(
    py: Python<'_>,
    lender: Lender<'_>,
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    request: Request,
) -> PyResult<bool> {
    let header = lender.0;
    // SAFETY: counted until the copy is given back.
    match unsafe { CopyLoan::make(lender.header(), request) } {
        Ok((copy, grant)) => {
            // SAFETY: counted (`COUNTED`).
            let facts = unsafe { header.facts() };
            // SAFETY: counted, the rest as granted by the caller.
            unsafe { fill(facts, object, view, grant) };
            // SAFETY: filled just now.
            let view = unsafe { &mut *view };
            let tag = COPY | facts.internal.addr() & TAGS;
            let copy = Box::leak(copy);
            let (shape, strides) = copy.axes();
            view.buf = copy.buf();
            view.shape = if grant.shape() {
                shape
            } else {
                ptr::null_mut()
            };
            view.strides = if grant.strides() {
                strides
            } else {
                ptr::null_mut()
            };
            view.suboffsets = ptr::null_mut();
            view.internal = ptr::from_mut(copy).cast::<c_void>().wrapping_byte_add(tag);
            Ok(true)
        }
        Err(NoCopy::Refused) => Ok(false),
        Err(NoCopy::OutOfMemory(error)) => {
            leave(py, lender.header(), None, header.state.apply(Word::release));
            Err(PyMemoryError::new_err(error.to_string()))
        }
    }
}

/// `__getbuffer__` as PyO3 calls it: the plain way in, right by itself, which makes way for the raw slot once it may.
///
/// # Safety
/// `object` is an instance of `T`; `view` is as CPython gave it.
#[doc(hidden)]
pub unsafe fn getbuffer_plain<T>(
    object: &Bound<'_, T>,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> PyResult<()>
where
    T: ExporterClass,
    T::Frozen: Access<T>,
{
    install::for_type_of::<T>(object);
    // SAFETY: an instance of `T`, alive and attached; `view` as granted by the caller.
    match unsafe { getbuffer::<T>(object.as_ptr(), view, flags) } {
        0 => Ok(()),
        _ => Err(Pending::put_aside(object.py()).into_error(object.py())),
    }
}

//! Lending: from a request to a filled `Py_buffer`, or to a refusal that leaves all as it was.

use std::ffi::{c_int, c_void};
use std::ptr;

use onloan_core::request::{Clause, Grant, Refusal, Request, negotiate};
use onloan_core::state::{Entered, Left, Word};
use pyo3::exceptions::{PyBufferError, PyMemoryError};
use pyo3::ffi;
use pyo3::prelude::*;

use super::class::{Access, ExporterClass, Lender};
use super::install;
use super::refuse::refuse;
use super::release::{COPY, TOLD, leave};
use crate::cell::{CopyLoan, Header, NoCopy, guarded};
use crate::error::Busy;

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
    // SAFETY: CPython calls slots attached.
    let py = unsafe { Python::assume_attached() };
    if view.is_null() {
        return raise(
            py,
            PyBufferError::new_err("bf_getbuffer called without a Py_buffer"),
        );
    }
    // SAFETY: a `Py_buffer` to be filled, hence writable. First of all, so that no path leaves another object in it.
    unsafe { (&raw mut (*view).obj).write(ptr::null_mut()) };
    let request = Request::from_flags(flags);
    let lend = |class: &T| match class.lender() {
        // SAFETY: `object` and `view` as granted by the caller.
        Some(lender) => unsafe { lend(py, lender, object, view, request) },
        None => raise(
            py,
            PyBufferError::new_err("nothing to lend: the object has no memory now"),
        ),
    };
    if T::FIELD && !<T::Frozen as Access<T>>::CAN_PANIC {
        // SAFETY: an instance of `T`, which CPython keeps alive during the call.
        let done = unsafe { <T::Frozen as Access<T>>::with(py, object, lend) };
        return done.unwrap_or_else(|| mutably_borrowed(py));
    }
    // SAFETY: as above.
    let done = guarded(|| Ok(unsafe { <T::Frozen as Access<T>>::with(py, object, lend) }));
    match done {
        Ok(done) => done.unwrap_or_else(|| mutably_borrowed(py)),
        Err(panicked) => raise(py, panicked),
    }
}

#[cold]
fn mutably_borrowed(py: Python<'_>) -> c_int {
    raise(
        py,
        PyBufferError::new_err(
            "the object is mutably borrowed: a method of it that changes it is running",
        ),
    )
}

#[cold]
pub(super) fn raise(py: Python<'_>, error: PyErr) -> c_int {
    error.restore(py);
    -1
}

/// Lends the memory of a cell.
///
/// # Safety
/// `object` is alive and keeps the cell; `view` is to be filled.
#[inline]
unsafe fn lend(
    py: Python<'_>,
    lender: Lender<'_>,
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    request: Request,
) -> c_int {
    let header = lender.0;
    match header.state.attempt(Word::export) {
        Ok(Entered::Counted) => {}
        // SAFETY: as granted by the caller.
        Ok(Entered::MustOpen { first }) => {
            return unsafe { lend_first(py, lender, object, view, request, first) };
        }
        Err(blocked) => {
            return raise(
                py,
                Busy {
                    wanted: "lend the memory",
                    blocked,
                }
                .into(),
            );
        }
    }
    // SAFETY: counted just now (`COUNTED`).
    let facts = unsafe { header.facts() };
    match negotiate(facts.offer, request) {
        Ok(grant) => {
            // SAFETY: counted, `view` and `object` as granted by the caller.
            unsafe { fill(header, object, view, grant) };
            0
        }
        // SAFETY: counted, the rest as granted by the caller.
        Err(clause) => unsafe { refuse_or_copy(py, lender, object, view, request, clause) },
    }
}

/// Fills `view` with the facts.
///
/// # Safety
/// The caller is counted as an export of the cell; `view` is to be filled; `object` is alive.
#[inline]
unsafe fn fill(
    header: &Header,
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    grant: Grant,
) {
    // SAFETY: counted (`COUNTED`).
    let facts = unsafe { header.facts() };
    let told = if header.tells_releases { TOLD } else { 0 };
    let internal = ptr::from_ref(header)
        .cast_mut()
        .cast::<c_void>()
        .wrapping_byte_add(told);
    let given = |granted: bool, pointer| if granted { pointer } else { ptr::null_mut() };
    let filled = ffi::Py_buffer {
        buf: facts.buf,
        obj: object,
        len: facts.len,
        itemsize: facts.itemsize,
        readonly: facts.offer.readonly().into(),
        ndim: facts.ndim,
        format: if grant.format() {
            facts.format
        } else {
            ptr::null_mut()
        },
        shape: given(grant.shape(), facts.shape),
        strides: given(grant.strides(), facts.strides),
        suboffsets: given(grant.suboffsets(), facts.suboffsets),
        internal,
    };
    // SAFETY: to be filled (granted by the caller).
    unsafe { view.write(filled) };
    // SAFETY: alive; the reference is the consumer's from now on.
    unsafe { ffi::Py_INCREF(object) };
}

/// The first export of a period of use: opens the storage, and tells the author.
///
/// # Safety
/// As for [`lend`]; the caller holds `busy`.
#[cold]
unsafe fn lend_first(
    py: Python<'_>,
    lender: Lender<'_>,
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    request: Request,
    first: bool,
) -> c_int {
    let header = lender.0;
    let pointer = lender.header();
    let opened = guarded(|| {
        // SAFETY: the header of a living block, and this is the holder of `busy`.
        unsafe { (header.duties.open)(pointer, py) }?;
        // SAFETY: the holder of `busy` (`COUNTED`).
        let facts = unsafe { header.facts() };
        let granted = negotiate(facts.offer, request).is_ok() || header.contiguous_copies;
        if first && granted {
            // SAFETY: as above.
            unsafe { (header.duties.tell_first)(pointer, py) }?;
        }
        Ok(granted)
    });
    match opened {
        Ok(true) => {
            header.state.apply(|word| (word.opened(), ()));
            // SAFETY: counted by `opened` (`COUNTED`).
            let facts = unsafe { header.facts() };
            match negotiate(facts.offer, request) {
                Ok(grant) => {
                    // SAFETY: counted, the rest as granted by the caller.
                    unsafe { fill(header, object, view, grant) };
                    0
                }
                // SAFETY: as above.
                Err(clause) => unsafe { refuse_or_copy(py, lender, object, view, request, clause) },
            }
        }
        Ok(false) => {
            // SAFETY: the holder of `busy` (`COUNTED`).
            let offer = unsafe { header.facts() }.offer;
            // SAFETY: the header of a living block, and this is the holder of `busy`, who does not use it afterwards.
            unsafe { (header.duties.settle)(pointer, py, false) };
            match Refusal::new(offer, request) {
                Some(refusal) => refuse(py, refusal),
                None => raise(
                    py,
                    PyBufferError::new_err("the memory has changed meanwhile"),
                ),
            }
        }
        Err(error) => {
            // SAFETY: as above.
            unsafe { (header.duties.settle)(pointer, py, false) };
            raise(py, error)
        }
    }
}

/// Refuses, or makes a copy where the author wants that. The export is counted; if refused it is uncounted.
///
/// # Safety
/// As for [`lend`]; the caller is counted.
#[cold]
unsafe fn refuse_or_copy(
    py: Python<'_>,
    lender: Lender<'_>,
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    request: Request,
    clause: Clause,
) -> c_int {
    let header = lender.0;
    // SAFETY: counted (`COUNTED`).
    let offer = unsafe { header.facts() }.offer;
    let refused = |uncounted: Left| {
        leave(py, lender.header(), uncounted);
        match Refusal::new(offer, request) {
            Some(refusal) => refuse(py, refusal),
            None => raise(py, PyBufferError::new_err(clause.message())),
        }
    };
    if !header.contiguous_copies || clause == Clause::FormatWithoutNd {
        return refused(header.state.apply(Word::release));
    }
    // SAFETY: counted until the copy is given back, or here.
    match unsafe { CopyLoan::make(lender.header(), request) } {
        Ok((copy, grant)) => {
            // SAFETY: counted, the rest as granted by the caller.
            unsafe { fill(header, object, view, grant) };
            // SAFETY: filled just now.
            let view = unsafe { &mut *view };
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
            let told = if header.tells_releases { TOLD } else { 0 };
            view.internal = ptr::from_mut(copy)
                .cast::<c_void>()
                .wrapping_byte_add(COPY | told);
            0
        }
        Err(NoCopy::Refused) => refused(header.state.apply(Word::release)),
        Err(NoCopy::OutOfMemory(error)) => {
            leave(py, lender.header(), header.state.apply(Word::release));
            raise(py, PyMemoryError::new_err(error.to_string()))
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
        _ => Err(PyErr::fetch(object.py())),
    }
}

// So that `internal` has room for two flags.
const _: () = assert!(align_of::<Header>() >= 4 && align_of::<CopyLoan>() >= 4);

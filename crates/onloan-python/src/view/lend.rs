//! A view lends on what it borrowed: `bf_getbuffer`.
//!
//! `obj` is the view, and while it has lent, it cannot be released; so nothing is copied: the arrays are those of the view, which never change.

use std::ffi::c_int;
use std::ptr;

use onloan::request::{Clause, Offer, Refusal, Request, negotiate};
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

use super::View;

/// Fills `view`. Without ND it describes one row of bytes (`ndim` 1), as memoryview does.
///
/// # Errors
/// `ValueError` if the view was released; `BufferError` with the clause that cannot be granted. Then `view.obj` is NULL.
///
/// # Safety
/// `view` is NULL or a struct to be filled.
pub(super) unsafe fn getbuffer(
    slf: &Bound<'_, View>,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> PyResult<()> {
    if view.is_null() {
        return Err(PyBufferError::new_err(
            "a request without a Py_buffer to be filled",
        ));
    }
    // SAFETY: to be filled (granted by the caller); a field of it.
    let obj = unsafe { &raw mut (*view).obj };
    // SAFETY: as above.
    unsafe { obj.write(ptr::null_mut()) };
    let this = slf.get();
    this.export_begins()?;
    let offer = this.geometry.offer(this.readonly);
    let request = Request::from_flags(flags);
    let Ok(grant) = negotiate(offer, request) else {
        this.export_ended();
        return Err(refused(offer, request));
    };
    let geometry = &this.geometry;
    let array = |granted: bool, array: &[isize]| {
        if granted && !array.is_empty() {
            array.as_ptr().cast_mut()
        } else {
            ptr::null_mut()
        }
    };
    let filled = ffi::Py_buffer {
        obj: slf.clone().into_ptr(),
        buf: this.address.0.cast(),
        len: geometry.nbytes().cast_signed(),
        itemsize: geometry.itemsize().cast_signed(),
        readonly: c_int::from(this.readonly),
        ndim: if grant.shape() {
            geometry.ndim() as c_int
        } else {
            1
        },
        format: if grant.format() {
            this.item.text().as_ptr().cast_mut()
        } else {
            ptr::null_mut()
        },
        shape: array(grant.shape(), geometry.shape()),
        strides: array(grant.strides(), geometry.strides()),
        suboffsets: array(grant.suboffsets(), geometry.suboffsets()),
        internal: ptr::null_mut(),
    };
    // SAFETY: to be filled (granted by the caller).
    unsafe { view.write(filled) };
    Ok(())
}

/// As memoryview says it, and what would be granted.
#[cold]
fn refused(offer: Offer, request: Request) -> PyErr {
    let Some(refusal) = Refusal::new(offer, request) else {
        return PyBufferError::new_err("memoryview: the request is refused");
    };
    let reason = match refusal.clause() {
        Clause::NotWritable => "underlying buffer is not writable",
        Clause::NotCContiguous | Clause::NeedsStrides => "underlying buffer is not C-contiguous",
        Clause::NotFContiguous => "underlying buffer is not Fortran contiguous",
        Clause::NotContiguous => "underlying buffer is not contiguous",
        Clause::NeedsSuboffsets => "underlying buffer requires suboffsets",
        Clause::FormatWithoutNd => "cannot cast to unsigned bytes if the format flag is present",
    };
    PyBufferError::new_err(format!(
        "memoryview: {reason}: asked for {request}, the memory is {offer}; {} would be granted",
        refusal.nearest()
    ))
}

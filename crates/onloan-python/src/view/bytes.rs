//! Bytes out of a view: `tobytes`, `hex`.

use std::sync::OnceLock;

use onloan::__private::GIL_DISABLED;
use onloan::layout::Order;
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use super::View;
use super::access::Access;

/// `tobytes(order)`.
pub(super) fn to_bytes<'py>(
    view: &View,
    py: Python<'py>,
    order: Option<&str>,
) -> PyResult<Bound<'py, PyBytes>> {
    let access = view.enter()?;
    let geometry = access.geometry();
    let order = match order {
        None | Some("C") => Order::C,
        Some("F") => Order::F,
        Some("A") if geometry.is_f_contiguous() && !geometry.is_c_contiguous() => Order::F,
        Some("A") => Order::C,
        Some(_) => return Err(PyValueError::new_err("order must be 'C', 'F' or 'A'")),
    };
    copy(&access, py, order)
}

/// All items as `bytes`.
pub(super) fn copy<'py>(
    access: &Access<'_>,
    py: Python<'py>,
    order: Order,
) -> PyResult<Bound<'py, PyBytes>> {
    if (order == Order::C || access.geometry().ndim() < 2)
        && let Some(block) = access.block(py)
    {
        return block;
    }
    let length = access.geometry().nbytes();
    // SAFETY: attached; NULL for bytes that are written afterwards.
    let made = unsafe { ffi::PyBytes_FromStringAndSize(std::ptr::null(), length.cast_signed()) };
    // SAFETY: NULL with an exception set, or a new reference.
    let made = unsafe { Bound::from_owned_ptr_or_err(py, made) }?;
    // SAFETY: a `bytes` object, just made.
    let start = unsafe { ffi::PyBytes_AsString(made.as_ptr()) };
    // SAFETY: its `length` bytes, which nobody else knows yet.
    unsafe { access.copy_out_raw(start.cast(), length, order) }
        .map_err(|error| PyMemoryError::new_err(error.to_string()))?;
    Ok(made.cast_into::<PyBytes>()?)
}

/// `hex(sep, bytes_per_sep)`.
pub(super) fn hex<'py>(
    view: &View,
    py: Python<'py>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let access = view.enter()?;
    if args.is_empty() && kwargs.is_none() {
        return digits(&access, py);
    }
    // What may stand between the digits, and what is said of anything else, is for `bytes` to know. A separator whose length releases the view is
    // refused that, as by memoryview.
    let copied = copy(&access, py, Order::C)?;
    drop(access);
    view.export_begins()?;
    let digits = copied.call_method("hex", args, kwargs);
    view.export_ended();
    digits
}

/// Two digits for each byte.
fn digits<'py>(access: &Access<'_>, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    if let Some((text, start)) = new_text(py, access.geometry().nbytes()) {
        // SAFETY: as many characters, in a string that nobody else knows.
        unsafe { access.write_hex(start) };
        return Ok(text);
    }
    let digits = access
        .hex()
        .map_err(|error| PyMemoryError::new_err(error.to_string()))?;
    Ok(PyString::new(py, &digits).into_any())
}

/// A new string of twice so many characters, and where they lie; `None` if that cannot be known, or if there are none.
///
/// The stable ABI makes strings only as copies. But a string that was just made of many equal characters is nobody else's, and if it is ASCII, its
/// UTF-8 is the string itself; that the interpreter reads what is written there, it shows.
fn new_text(py: Python<'_>, bytes: usize) -> Option<(Bound<'_, PyAny>, *mut u8)> {
    static SHOWN: OnceLock<bool> = OnceLock::new();
    let shown = || {
        let (text, start) = repeated_zero(py, 8)?;
        // SAFETY: of 8 characters (or a copy of them), in a string that nobody else knows.
        unsafe { start.copy_from_nonoverlapping(b"01abcdef".as_ptr(), 8) };
        let same =
            text.eq("01abcdef").ok()? && text.eq(repeated_zero(py, 8)?.0).ok().map(|same| !same)?;
        same.then_some(())
    };
    let length = bytes.checked_mul(2).filter(|length| *length > 1)?;
    if GIL_DISABLED || !SHOWN.get_or_init(|| shown().is_some()) {
        return None;
    }
    repeated_zero(py, length)
}

/// `"0" * length`, and where its UTF-8 lies.
fn repeated_zero(py: Python<'_>, length: usize) -> Option<(Bound<'_, PyAny>, *mut u8)> {
    let zero = pyo3::intern!(py, "0");
    // SAFETY: a string, alive and attached.
    let text = unsafe { ffi::PySequence_Repeat(zero.as_ptr(), length.try_into().ok()?) };
    if text.is_null() {
        // SAFETY: attached. The other way will say it.
        unsafe { ffi::PyErr_Clear() };
        return None;
    }
    // SAFETY: a new reference.
    let text = unsafe { Bound::from_owned_ptr(py, text) };
    let mut size = 0;
    // SAFETY: a string, alive and attached, and a number to be filled.
    let start = unsafe { ffi::PyUnicode_AsUTF8AndSize(text.as_ptr(), &raw mut size) };
    (!start.is_null() && size.unsigned_abs() == length).then(|| (text, start.cast_mut().cast()))
}

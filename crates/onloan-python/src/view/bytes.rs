//! Bytes out of a view: `tobytes`, `hex`.

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
        let digits = access
            .hex()
            .map_err(|error| PyMemoryError::new_err(error.to_string()))?;
        return Ok(PyString::new(py, &digits).into_any());
    }
    // What may stand between the digits, and what is said of anything else, is for `bytes` to know.
    let copied = copy(&access, py, Order::C)?;
    drop(access);
    copied.call_method("hex", args, kwargs)
}

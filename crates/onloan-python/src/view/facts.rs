//! What a view says of itself: length, owner, hash.

use std::sync::atomic::Ordering;

use onloan::layout::Order;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::View;
use super::bytes;

/// The extent of the first dimension. Without dimensions: `TypeError`, and 1 before Python 3.12, as memoryview.
pub(super) fn len(view: &View, py: Python<'_>) -> PyResult<usize> {
    let access = view.enter()?;
    match access.geometry().shape() {
        [first, ..] => Ok(first.unsigned_abs()),
        [] if py.version_info() >= (3, 12) => {
            Err(PyTypeError::new_err("0-dim memory has no length"))
        }
        [] => Ok(1),
    }
}

/// Whom the memory is given back to.
pub(super) fn obj<'py>(view: &View, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let _access = view.enter()?;
    // SAFETY: a user of the loan while the access lives.
    let loan = unsafe { view.managed.get().loan() };
    Ok(loan.and_then(|loan| loan.exporter(py)))
}

/// `hash(m.tobytes())`, of read-only bytes whose owner can be hashed. It is kept, also beyond the release.
pub(super) fn hash(view: &View, py: Python<'_>) -> PyResult<isize> {
    let known = view.hash.load(Ordering::Relaxed);
    if known != -1 {
        return Ok(known);
    }
    let owner = obj(view, py)?;
    if !view.readonly {
        return Err(PyValueError::new_err(
            "cannot hash writable memoryview object",
        ));
    }
    if !view.item.is_byte() {
        return Err(PyValueError::new_err(
            "memoryview: hashing is restricted to formats 'B', 'b' or 'c'",
        ));
    }
    if let Some(owner) = owner {
        // For what it raises. Meanwhile the view cannot be released, as by memoryview.
        view.export_begins()?;
        let hashed = owner.hash();
        view.export_ended();
        hashed?;
    }
    let access = view.enter()?;
    let hash = bytes::copy(&access, py, Order::C)?.hash()?;
    view.hash.store(hash, Ordering::Relaxed);
    Ok(hash)
}

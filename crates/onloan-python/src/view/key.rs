//! Keys: what stands between the brackets, as numbers.

use onloan::layout::{LayoutError, Select, Slice};
use pyo3::exceptions::{PyIndexError, PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PySlice, PyTuple};

/// The index that a key is, if it has `__index__`. Runs its code.
///
/// # Errors
/// `IndexError` beyond `ssize_t`; what `__index__` raises.
#[inline]
pub(super) fn index(key: &Bound<'_, PyAny>) -> PyResult<Option<isize>> {
    // SAFETY: an object, alive and attached.
    if unsafe { ffi::PyIndex_Check(key.as_ptr()) } == 0 {
        return Ok(None);
    }
    // SAFETY: a static of the interpreter, set since it was initialised.
    let overflow = unsafe { ffi::PyExc_IndexError };
    // SAFETY: two objects, alive and attached.
    let index = unsafe { ffi::PyNumber_AsSsize_t(key.as_ptr(), overflow) };
    if index == -1
        && let Some(error) = PyErr::take(key.py())
    {
        return Err(error);
    }
    Ok(Some(index))
}

/// The slice that a key is. Runs the code of its bounds.
///
/// # Errors
/// `ValueError` for a step of zero; what `__index__` raises.
#[inline]
pub(super) fn slice(slice: &Bound<'_, PySlice>) -> PyResult<Slice> {
    let [mut start, mut stop, mut step] = [0; 3];
    // SAFETY: a slice, alive and attached; three numbers to be filled.
    let got = unsafe {
        ffi::PySlice_Unpack(slice.as_ptr(), &raw mut start, &raw mut stop, &raw mut step)
    };
    if got < 0 {
        return Err(PyErr::fetch(slice.py()));
    }
    Ok(Slice::new(Some(start), Some(stop), Some(step)))
}

/// What a key that is no single index and no name selects.
pub(super) struct Selection {
    pub(super) selectors: Vec<Select>,
    /// Each entry is an index, so that an item may be meant.
    pub(super) indices: bool,
}

/// The selection of a key. Runs the code of indices and bounds.
///
/// # Errors
/// `TypeError` for anything but integers, slices and one `...`; what their code raises.
pub(super) fn selection(key: &Bound<'_, PyAny>) -> PyResult<Selection> {
    let entries = match key.cast::<PyTuple>() {
        Ok(entries) => entries
            .iter()
            .map(|entry| select(&entry))
            .collect::<PyResult<Vec<_>>>()?,
        Err(_) => vec![select(key)?],
    };
    Ok(Selection {
        indices: entries
            .iter()
            .all(|entry| matches!(entry, Select::Index(_))),
        selectors: entries,
    })
}

fn select(entry: &Bound<'_, PyAny>) -> PyResult<Select> {
    if let Some(index) = index(entry)? {
        return Ok(Select::Index(index));
    }
    if let Ok(bounds) = entry.cast::<PySlice>() {
        return Ok(Select::Slice(slice(bounds)?));
    }
    if entry.is_instance_of::<PyEllipsis>() {
        return Ok(Select::Ellipsis);
    }
    Err(invalid())
}

#[cold]
pub(super) fn invalid() -> PyErr {
    PyTypeError::new_err("memoryview: invalid slice key")
}

/// An index that is out of range, on the dimension counted from 0.
#[cold]
pub(super) fn out_of_bounds(axis: usize) -> PyErr {
    PyIndexError::new_err(format!("index out of bounds on dimension {}", axis + 1))
}

/// What a layout says of a key, as memoryview says it.
#[cold]
pub(super) fn wrong(error: LayoutError) -> PyErr {
    match error {
        LayoutError::IndexOutOfRange { axis, .. } => out_of_bounds(axis),
        LayoutError::TooManySelectors { ndim: 0, .. } => {
            PyTypeError::new_err("invalid indexing of 0-dim memory")
        }
        LayoutError::TooManySelectors { found, ndim } => PyTypeError::new_err(format!(
            "cannot index {ndim}-dimension view with {found}-element tuple"
        )),
        LayoutError::ZeroStep { .. } => PyValueError::new_err("slice step cannot be zero"),
        LayoutError::TwoEllipses => invalid(),
        other => PyNotImplementedError::new_err(format!("memoryview: {other}")),
    }
}

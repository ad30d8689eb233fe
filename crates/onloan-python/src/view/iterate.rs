//! One after the other: `iter`, `count`, `index`.

use std::sync::atomic::{AtomicIsize, Ordering};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::View;
use super::subscript;

/// An iterator over the first dimension: items, or of several dimensions parts.
#[pyclass(frozen, module = "onloan", name = "ViewIterator")]
pub(crate) struct ViewIterator {
    view: Py<View>,
    next: AtomicIsize,
    end: isize,
}

impl ViewIterator {
    pub(super) fn of(view: &Bound<'_, View>) -> PyResult<ViewIterator> {
        Ok(ViewIterator {
            end: extent(view.get())?,
            view: view.clone().unbind(),
            next: AtomicIsize::new(0),
        })
    }

    #[inline]
    pub(super) fn view(&self) -> &View {
        self.view.get()
    }

    /// The next index, if there is one.
    #[inline]
    pub(super) fn peek(&self) -> Option<isize> {
        let index = self.next.load(Ordering::Relaxed);
        (index < self.end).then_some(index)
    }

    /// Goes on behind an index.
    #[inline]
    pub(super) fn advance(&self, index: isize) {
        self.next.store(index + 1, Ordering::Relaxed);
    }
}

#[pymethods]
impl ViewIterator {
    fn __iter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(index) = self.peek() else {
            return Ok(None);
        };
        self.advance(index);
        subscript::at(self.view.get(), py, index).map(Some)
    }

    fn __length_hint__(&self) -> isize {
        self.end - self.next.load(Ordering::Relaxed)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.view)
    }
}

/// The extent of the first dimension.
fn extent(view: &View) -> PyResult<isize> {
    let access = view.enter()?;
    match access.geometry().shape() {
        [extent, ..] => Ok(*extent),
        [] => Err(PyTypeError::new_err("invalid indexing of 0-dim memory")),
    }
}

/// As `collections.abc.Sequence.count`.
pub(super) fn count(view: &Bound<'_, View>, value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let mut count = 0;
    for index in 0..extent(view.get())? {
        count += usize::from(is(view, index, value)?);
    }
    Ok(count)
}

/// As `collections.abc.Sequence.index`.
pub(super) fn index(
    view: &Bound<'_, View>,
    value: &Bound<'_, PyAny>,
    start: isize,
    stop: isize,
) -> PyResult<isize> {
    let extent = extent(view.get())?;
    let bound = |index: isize| {
        if index < 0 {
            (index + extent).max(0)
        } else {
            index.min(extent)
        }
    };
    for index in bound(start)..bound(stop) {
        if is(view, index, value)? {
            return Ok(index);
        }
    }
    Err(PyValueError::new_err("memoryview.index(x): x not found"))
}

fn is(view: &Bound<'_, View>, index: isize, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let found = subscript::at(view.get(), view.py(), index)?;
    Ok(found.is(value) || found.eq(value)?)
}

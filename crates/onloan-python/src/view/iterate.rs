//! One after the other: `iter`, `count`, `index`, `in`.

use std::sync::atomic::{AtomicIsize, Ordering};

use onloan::format::Value;
use onloan_core::kernel::Needle;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt};

use super::geometry::Geometry;
use super::place::Place;
use super::pool::{Pool, Pooled, Reference};
use super::row::{self, Make};
use super::subscript;
use super::{Address, View};

/// An iterator over the first dimension: items, or of several dimensions parts.
#[pyclass(frozen, module = "onloan", name = "ViewIterator")]
pub(crate) struct ViewIterator {
    view: Reference<View>,
    next: AtomicIsize,
    end: isize,
    quick: Option<Quick>,
}

/// Numbers in one direct dimension: how one becomes an object, and where they are.
#[derive(Clone, Copy)]
struct Quick {
    make: Make,
    address: Address,
    stride: isize,
    itemsize: usize,
}

impl ViewIterator {
    pub(super) fn of(view: &Bound<'_, View>) -> PyResult<ViewIterator> {
        Ok(ViewIterator::over(view, extent(view.get())?))
    }

    /// An iterator over so many items or parts.
    #[inline]
    pub(super) fn over(view: &Bound<'_, View>, end: isize) -> ViewIterator {
        ViewIterator {
            end,
            quick: quick(view.get()),
            // SAFETY: whoever drops an iterator is attached.
            view: unsafe { Reference::new(view.clone().unbind()) },
            next: AtomicIsize::new(0),
        }
    }

    /// The next item, if it can be made without running anybody's code: a new reference, or NULL with an exception set.
    #[inline]
    pub(super) fn quick(&self, py: Python<'_>) -> Option<*mut ffi::PyObject> {
        let quick = self.quick.as_ref()?;
        let index = self.peek()?;
        if self.view.get().is_released() {
            return None;
        }
        let address = quick
            .address
            .0
            .wrapping_offset(index.wrapping_mul(quick.stride));
        // SAFETY: an item of the only dimension; not released, so that the loan has a user, and no code runs in which it could lose it: the
        // place is read before anything is made.
        let place = unsafe { Place::promised(address, quick.itemsize, false) };
        self.advance(index);
        Some((quick.make)(py, place))
    }

    /// The next index, if there is one.
    #[inline]
    fn peek(&self) -> Option<isize> {
        let index = self.next.load(Ordering::Relaxed);
        (index < self.end).then_some(index)
    }

    /// Goes on behind an index.
    #[inline]
    fn advance(&self, index: isize) {
        self.next.store(index + 1, Ordering::Relaxed);
    }
}

impl Pooled for ViewIterator {
    const WEAKLY_REFERENCED: bool = false;

    #[inline]
    fn pool() -> &'static Pool {
        static POOL: Pool = Pool::new();
        &POOL
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
        visit.call(&*self.view)
    }
}

/// See [`ViewIterator`].
#[inline]
fn quick(view: &View) -> Option<Quick> {
    let line = view.geometry.line()?;
    Some(Quick {
        // Reads the bytes before it makes anything.
        make: row::of_native(view.item.native()?),
        address: view.address,
        stride: line.stride,
        itemsize: line.itemsize,
    })
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
    let extent = extent(view.get())?;
    if let Some(needle) = needle(view.get(), value) {
        return Ok(view.get().enter()?.count(&needle));
    }
    let mut count = 0;
    for index in 0..extent {
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
    let bound = |index: isize| match index {
        index if index < 0 => index.saturating_add(extent).max(0),
        index => index.min(extent),
    };
    let (start, stop) = (bound(start), bound(stop));
    find(view, value, start, stop)?
        .ok_or_else(|| PyValueError::new_err("memoryview.index(x): x not found"))
}

/// `value in m`.
pub(super) fn contains(view: &Bound<'_, View>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let extent = extent(view.get())?;
    Ok(find(view, value, 0, extent)?.is_some())
}

/// The first index in a range at which the value is.
fn find(
    view: &Bound<'_, View>,
    value: &Bound<'_, PyAny>,
    start: isize,
    stop: isize,
) -> PyResult<Option<isize>> {
    if let (Some(needle), Some(line)) = (needle(view.get(), value), view.get().geometry.line()) {
        let access = view.get().enter()?;
        let (first, cut) = line.cut(start, 1, (stop - start).max(0));
        let cut = Geometry::along(cut);
        // SAFETY: items of the only dimension, which are in range (`start` and `stop` are, by all callers).
        let part = unsafe { access.narrowed(access.address().wrapping_offset(first), &cut) };
        let found = part.index(&needle);
        return Ok(found.map(|found| start + found.cast_signed()));
    }
    for index in start..stop {
        if is(view, index, value)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// The value as bytes of an item, if it is a plain number or plain bytes, whose `==` is known, and items have one dimension.
fn needle(view: &View, value: &Bound<'_, PyAny>) -> Option<Needle> {
    view.geometry.line()?;
    let plan = view.item.plan()?;
    let value = if let Ok(truth) = value.cast_exact::<PyBool>() {
        Value::Bool(truth.is_true())
    } else if value.is_exact_instance_of::<PyInt>() {
        match (value.extract::<i64>(), value.extract::<u64>()) {
            (Ok(number), _) => Value::Int(number),
            (_, Ok(number)) => Value::UInt(number),
            _ => return None,
        }
    } else if let Ok(number) = value.cast_exact::<PyFloat>() {
        Value::Float(number.value())
    } else if let Ok(bytes) = value.cast_exact::<PyBytes>() {
        Value::Bytes(bytes.as_bytes().to_vec())
    } else {
        return None;
    };
    Some(Needle::of(plan, &value))
}

/// Whether the item, or part, at an index is the value or equal to it. Runs the code of the value.
fn is(view: &Bound<'_, View>, index: isize, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let found = subscript::at(view.get(), view.py(), index)?;
    Ok(found.is(value) || found.eq(value)?)
}

//! `m[key]`: items, and parts that are views.
//!
//! | key | of one dimension | of several |
//! |---|---|---|
//! | `2` | item | part without the first dimension |
//! | `1:5:2` | part | part |
//! | `2, 1` | | item, or part without two dimensions |
//! | `0, ..., 1:2` | part | part |
//! | `()`, `...` | everything | everything; without dimensions the item, the view itself |

use onloan::layout::{Select, Slice};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PySlice, PyString};

use super::View;
use super::access::Access;
use super::geometry::Geometry;
use super::key;
use super::pool;
use super::value::Reader;

pub(super) fn get<'py>(
    slf: &Bound<'py, View>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let view = slf.get();
    let py = slf.py();
    if let Some(index) = key::index(key)? {
        return at(view, py, index);
    }
    // From here on the memory stays, whatever the key's code releases: a part of it can be made all the same.
    let access = view.enter()?;
    if let Ok(bounds) = key.cast::<PySlice>() {
        return cut(view, py, &access, key::slice(bounds)?);
    }
    if key.is_instance_of::<PyString>() {
        return super::field::get(view, &access, key);
    }
    if access.geometry().ndim() == 0 && key.is_instance_of::<PyEllipsis>() {
        return Ok(slf.clone().into_any());
    }
    let selection = key::selection(key)?;
    if selection.indices && selection.selectors.len() == access.geometry().ndim() {
        return item(view, py, &selection.selectors);
    }
    part(view, py, &access, &selection.selectors)
}

/// The item, or part, at an index of the first dimension.
#[inline]
pub(super) fn at<'py>(view: &View, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyAny>> {
    let access = view.enter()?;
    match access.geometry().shape() {
        [extent] => {
            let index = if index < 0 {
                index.wrapping_add(*extent)
            } else {
                index
            };
            let place = access.item(index).ok_or_else(|| key::out_of_bounds(0))?;
            Reader::of(&view.item).read(py, place)
        }
        [] => Err(PyTypeError::new_err("invalid indexing of 0-dim memory")),
        _ => part(view, py, &access, &[Select::Index(index)]),
    }
}

/// The item at an index for each dimension. The index may have released the view.
fn item<'py>(view: &View, py: Python<'py>, selectors: &[Select]) -> PyResult<Bound<'py, PyAny>> {
    let access = view.enter()?;
    let part = access.layout().select(selectors).map_err(key::wrong)?;
    let place = access
        .only_item_of(&part)
        .ok_or_else(|| key::out_of_bounds(0))?;
    Reader::of(&view.item).read(py, place)
}

/// A slice of the first dimension.
#[inline]
fn cut<'py>(
    view: &View,
    py: Python<'py>,
    access: &Access<'_>,
    slice: Slice,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(line) = access.geometry().line()
        && let Some((start, step, count)) = slice.indices(line.extent)
    {
        let (first, cut) = line.cut(start, step, count);
        let address = access.address().wrapping_offset(first);
        let geometry = Geometry::along(cut);
        // SAFETY: items `start`, `start + step`, … of the only dimension, which are in range.
        let made = || unsafe {
            view.derive(
                py,
                access,
                address,
                geometry,
                view.item.clone(),
                view.readonly,
            )
        };
        return Ok(pool::make(py, made)?.into_any());
    }
    if access.geometry().ndim() == 0 {
        return Err(PyTypeError::new_err("invalid indexing of 0-dim memory"));
    }
    part(view, py, access, &[Select::Slice(slice)])
}

/// Any part.
fn part<'py>(
    view: &View,
    py: Python<'py>,
    access: &Access<'_>,
    selectors: &[Select],
) -> PyResult<Bound<'py, PyAny>> {
    let part = access.layout().select(selectors).map_err(key::wrong)?;
    let address = access.part(&part);
    // SAFETY: the items of a part are items of the whole.
    let made = || unsafe {
        view.derive(
            py,
            access,
            address,
            Geometry::of(part.layout),
            view.item.clone(),
            view.readonly,
        )
    };
    Ok(pool::make(py, made)?.into_any())
}

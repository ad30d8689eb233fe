//! Parts of views.

use onloan::View;
use onloan::layout::{Select, Slice};
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyEllipsis, PySlice, PyTuple};

use super::look::everything;
use super::scalars::{Told, with_item_type};

/// What a view of `item` sees of the part `object[index]`.
#[pyfunction]
pub(crate) fn part(
    object: &Bound<'_, PyAny>,
    item: &str,
    index: &Bound<'_, PyTuple>,
) -> PyResult<Py<PyDict>> {
    with_item_type!(item, part_of(object, index))
}

fn part_of<T: Told>(object: &Bound<'_, PyAny>, index: &Bound<'_, PyTuple>) -> PyResult<Py<PyDict>> {
    let view: View<'_, T> = object.extract()?;
    let selectors: Vec<Select> = index
        .iter()
        .map(|entry| selector(&entry))
        .collect::<PyResult<_>>()?;
    let part = view.select(&selectors);
    let part = part.map_err(|error| PyIndexError::new_err(error.to_string()))?;
    Ok(everything(object.py(), &part)?.unbind())
}

pub(crate) fn selector(entry: &Bound<'_, PyAny>) -> PyResult<Select> {
    if entry.is_instance_of::<PyEllipsis>() {
        Ok(Select::Ellipsis)
    } else if entry.is_instance_of::<PySlice>() {
        let part = |name: &str| entry.getattr(name)?.extract::<Option<isize>>();
        Ok(Select::Slice(Slice::new(
            part("start")?,
            part("stop")?,
            part("step")?,
        )))
    } else {
        entry
            .extract()
            .map(Select::Index)
            .map_err(|_| PyTypeError::new_err("no index"))
    }
}

/// What a view of `item` sees of the transposed object; of fixed rank if that is 2.
#[pyfunction]
pub(crate) fn transposed(object: &Bound<'_, PyAny>, item: &str) -> PyResult<Py<PyDict>> {
    with_item_type!(item, transposed_of(object))
}

fn transposed_of<T: Told>(object: &Bound<'_, PyAny>) -> PyResult<Py<PyDict>> {
    let view: View<'_, T> = object.extract()?;
    let failed = |error: onloan::layout::LayoutError| PyIndexError::new_err(error.to_string());
    let transposed = view.transpose().map_err(failed)?;
    let seen = match transposed.with_rank::<2>() {
        Some(table) => {
            let seen = everything(object.py(), &table)?;
            seen.set_item("extents", table.extents())?;
            seen
        }
        None => everything(object.py(), &transposed)?,
    };
    Ok(seen.unbind())
}

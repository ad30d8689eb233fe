//! Every way to write the items of a view.

use onloan::{Items, ViewMut};
use pyo3::exceptions::{PyIndexError, PyKeyError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::parts::selector;
use super::scalars::{Told, with_item_type};

/// Writes `values` to the items of `object`: `slice`, `set` or `fill` (the first value to all).
#[pyfunction]
pub(crate) fn write_items(
    object: &Bound<'_, PyAny>,
    item: &str,
    how: &str,
    values: Vec<Bound<'_, PyAny>>,
) -> PyResult<()> {
    with_item_type!(item, write_to(object, how, &values))
}

fn write_to<T: Told>(
    object: &Bound<'_, PyAny>,
    how: &str,
    values: &[Bound<'_, PyAny>],
) -> PyResult<()> {
    let view: ViewMut<'_, T> = object.extract()?;
    write(&view, how, values)
}

/// The same for the part `object[index]`.
#[pyfunction]
pub(crate) fn write_part(
    object: &Bound<'_, PyAny>,
    item: &str,
    index: &Bound<'_, PyTuple>,
    how: &str,
    values: Vec<Bound<'_, PyAny>>,
) -> PyResult<()> {
    with_item_type!(item, write_to_part(object, index, how, &values))
}

fn write_to_part<T: Told>(
    object: &Bound<'_, PyAny>,
    index: &Bound<'_, PyTuple>,
    how: &str,
    values: &[Bound<'_, PyAny>],
) -> PyResult<()> {
    let view: ViewMut<'_, T> = object.extract()?;
    let selectors: Vec<_> = index
        .iter()
        .map(|entry| selector(&entry))
        .collect::<PyResult<_>>()?;
    let part = view.select(&selectors);
    write(
        &*part.map_err(|error| PyIndexError::new_err(error.to_string()))?,
        how,
        values,
    )
}

fn write<T: Told, const NDIM: usize>(
    items: &Items<T, NDIM>,
    how: &str,
    values: &[Bound<'_, PyAny>],
) -> PyResult<()> {
    let read: Vec<T> = values.iter().map(T::read).collect::<PyResult<_>>()?;
    match (how, &read[..]) {
        ("slice", values) => items.copy_from_slice(values)?,
        ("fill", [value]) => items.fill(*value)?,
        ("set", values) => {
            let shape: Vec<usize> = items
                .shape()
                .iter()
                .map(|extent| extent.unsigned_abs())
                .collect();
            for (place, value) in values.iter().enumerate() {
                let mut rest = place;
                let mut index = vec![0; shape.len()];
                for (index, extent) in index.iter_mut().zip(&shape).rev() {
                    *index = rest % extent.max(&1);
                    rest /= extent.max(&1);
                }
                items.set(index, *value)?;
            }
        }
        (other, _) => return Err(PyKeyError::new_err(other.to_owned())),
    }
    Ok(())
}

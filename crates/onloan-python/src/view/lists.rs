//! `tolist`: items as lists of lists.

use onloan::layout::Order;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::View;
use super::access::Places;
use super::value::{Reader, unsupported};

pub(super) fn to_list<'py>(view: &View, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    let access = view.enter()?;
    if view.item.plan().is_none() {
        return Err(unsupported(&view.item));
    }
    let mut places = access.places(Order::C);
    level(
        py,
        access.layout().shape(),
        &mut places,
        &mut Reader::of(&view.item),
    )
}

fn level<'py>(
    py: Python<'py>,
    shape: &[isize],
    places: &mut Places<'_>,
    reader: &mut Reader<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    let [extent, inner @ ..] = shape else {
        // As many places as the shape has items.
        return match places.next() {
            Some(place) => reader.read(py, place),
            None => Err(super::key::invalid()),
        };
    };
    let mut parts = Vec::with_capacity(extent.unsigned_abs());
    if inner.is_empty() {
        for place in places.take(extent.unsigned_abs()) {
            parts.push(reader.read(py, place)?);
        }
    } else {
        for _ in 0..*extent {
            parts.push(level(py, inner, places, reader)?);
        }
    }
    Ok(PyList::new(py, parts)?.into_any())
}

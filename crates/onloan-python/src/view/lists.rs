//! `tolist`: items as lists of lists.

use onloan::layout::Order;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::View;
use super::place::Places;
use super::row::{self, Maker};
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
        Maker::of(&view.item).as_ref(),
    )
}

fn level<'py>(
    py: Python<'py>,
    shape: &[isize],
    places: &mut Places<'_>,
    reader: &mut Reader<'_>,
    maker: Option<&Maker>,
) -> PyResult<Bound<'py, PyAny>> {
    let [extent, inner @ ..] = shape else {
        // As many places as the shape has items.
        return match places.next() {
            Some(place) => reader.read(py, place),
            None => Err(super::key::invalid()),
        };
    };
    if inner.is_empty() {
        return row(py, extent.unsigned_abs(), places, reader, maker);
    }
    let mut parts = Vec::with_capacity(extent.unsigned_abs());
    for _ in 0..*extent {
        parts.push(level(py, inner, places, reader, maker)?);
    }
    Ok(PyList::new(py, parts)?.into_any())
}

/// The next `count` items.
fn row<'py>(
    py: Python<'py>,
    count: usize,
    places: &mut Places<'_>,
    reader: &mut Reader<'_>,
    maker: Option<&Maker>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(maker) = maker {
        return Ok(row::list(py, reader.item(), maker, places, count)?.into_any());
    }
    let mut failed = None;
    let value = |place| {
        reader.read(py, place).unwrap_or_else(|error| {
            failed = Some(error);
            py.None().into_bound(py)
        })
    };
    let list = PyList::new(py, places.take(count).map(value))?;
    match failed {
        Some(error) => Err(error),
        None => Ok(list.into_any()),
    }
}

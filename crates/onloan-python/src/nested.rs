//! Nested sequences to items, and items to nested lists.
//!
//! ```text
//!   [[1, 2, 3], [4, 5, 6]]  ◀──▶  shape (2, 3), items 1 2 3 4 5 6 in C order
//! ```

use onloan::Loan;
use onloan::format::{Node, Plan};
use pyo3::prelude::*;
use pyo3::types::{PyList, PySequence, PyTuple};

use crate::errors;
use crate::values;

/// The shape of nested sequences, found along their first elements.
///
/// Which level is an item and no axis any more follows from the format: an item of several fields is a tuple, so that lists are axes; one
/// with a sub-array takes its dimensions from the innermost levels.
pub(crate) fn shape_of(plan: &Plan, data: &Bound<'_, PyAny>) -> PyResult<Vec<isize>> {
    let mut shape = Vec::new();
    let mut level = data.clone();
    while is_axis(plan.root(), &level) {
        if shape.len() > onloan::layout::MAX_NDIM {
            return Err(errors::value("the values are nested too deep"));
        }
        // A length may change at any time; it is checked when the values are read.
        shape.push(isize::try_from(level.len()?).unwrap_or(isize::MAX));
        match level.try_iter()?.next() {
            Some(first) => level = first?,
            None => break,
        }
    }
    if let Node::Array(array) = plan.root() {
        shape.truncate(shape.len().saturating_sub(array.shape().len()).max(1));
    }
    Ok(shape)
}

fn is_axis(root: &Node, object: &Bound<'_, PyAny>) -> bool {
    let element = match root {
        Node::Array(array) => array.element(),
        other => other,
    };
    let item = match element {
        Node::Record(_) => object.is_instance_of::<PyTuple>(),
        Node::Scalar(scalar) => values::is_bytes(*scalar) && Loan::possible(object),
        Node::Array(_) => false,
    };
    !item && !values::is_text(object) && object.cast::<PySequence>().is_ok()
}

/// Writes nested sequences of exactly this shape as items, in C order. `out` has their size.
///
/// # Errors
/// What does not fit, with the index of the value; whatever code of the values raises.
pub(crate) fn write(
    plan: &Plan,
    shape: &[isize],
    data: &Bound<'_, PyAny>,
    out: &mut [u8],
) -> PyResult<()> {
    let mut place = Vec::with_capacity(shape.len());
    write_level(plan, shape, data, out, &mut place)
}

fn write_level(
    plan: &Plan,
    shape: &[isize],
    data: &Bound<'_, PyAny>,
    out: &mut [u8],
    place: &mut Vec<usize>,
) -> PyResult<()> {
    let [extent, inner @ ..] = shape else {
        return values::write(plan, data, out).map_err(|error| at(data.py(), error, place));
    };
    if values::is_text(data) {
        return Err(at(
            data.py(),
            errors::type_error("needs a sequence, not text"),
            place,
        ));
    }
    let count = extent.unsigned_abs();
    let parts = values::parts(data, count).map_err(|error| at(data.py(), error, place))?;
    let size = out.len().checked_div(count).unwrap_or(0);
    for (index, part) in parts.iter().enumerate() {
        place.push(index);
        write_level(plan, inner, part, &mut out[index * size..][..size], place)?;
        place.pop();
    }
    Ok(())
}

/// The same error, with the index in front.
fn at(py: Python<'_>, error: PyErr, place: &[usize]) -> PyErr {
    if place.is_empty() {
        return error;
    }
    let place: String = place.iter().map(|index| format!("[{index}]")).collect();
    errors::located(py, error, &format!("data{place}"))
}

/// The items as nested lists; without axes the one item itself. `bytes` has them in C order.
pub(crate) fn to_lists<'py>(
    py: Python<'py>,
    plan: &Plan,
    shape: &[isize],
    bytes: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let [extent, inner @ ..] = shape else {
        let value = plan.read(bytes).map_err(errors::value)?;
        return values::to_python(py, value);
    };
    let list = PyList::empty(py);
    let count = extent.unsigned_abs();
    let size = bytes.len().checked_div(count).unwrap_or(0);
    for index in 0..count {
        list.append(to_lists(py, plan, inner, &bytes[index * size..][..size])?)?;
    }
    Ok(list.into_any())
}

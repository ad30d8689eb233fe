//! Shapes as arguments: `3`, `(3, 4)`, `()`.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyTuple};

use onloan::layout::MAX_NDIM;

use crate::errors;

/// Extents, outermost first; an integer stands for one axis. Nothing else is checked yet.
pub(crate) fn shape(argument: &Bound<'_, PyAny>) -> PyResult<Vec<isize>> {
    shape_or_extent(argument).map(|(extents, _)| extents)
}

/// A shape, and whether it was given as an integer. The argument's `__index__` is called once.
pub(crate) fn shape_or_extent(argument: &Bound<'_, PyAny>) -> PyResult<(Vec<isize>, bool)> {
    if let Some(extent) = index(argument)? {
        return Ok((vec![to_isize(&extent, "an extent")?], true));
    }
    let axes = argument.try_iter().map_err(|_| not_a_shape(argument))?;
    let mut extents = Vec::new();
    for extent in axes {
        let extent = extent?;
        let extent = index(&extent)?.ok_or_else(|| not_a_shape(argument))?;
        if extents.len() == MAX_NDIM {
            return Err(errors::value(format!(
                "a shape has at most {MAX_NDIM} dimensions"
            )));
        }
        extents.push(to_isize(&extent, "an extent")?);
    }
    Ok((extents, false))
}

#[cold]
fn not_a_shape(argument: &Bound<'_, PyAny>) -> PyErr {
    match argument.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!(
            "a shape is an integer or a tuple of integers, not '{name}'"
        )),
        Err(error) => error,
    }
}

/// The integer that an object is or stands for, by `__index__`. `operator.index`, but `None` where that raises `TypeError`.
pub(crate) fn index<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    if let Ok(int) = object.cast::<PyInt>() {
        return Ok(Some(int.clone()));
    }
    // Special methods are looked up in the class.
    let class = object.get_type();
    let name = pyo3::intern!(object.py(), "__index__");
    if !class.hasattr(name)? {
        return Ok(None);
    }
    let int = class.call_method1(name, (object,))?;
    int.cast_into::<PyInt>()
        .map(Some)
        .map_err(|error| errors::type_error(format!("__index__ returned a non-int: {error}")))
}

fn to_isize(int: &Bound<'_, PyInt>, what: &str) -> PyResult<isize> {
    int.extract().map_err(|_: PyErr| {
        PyOverflowError::new_err(format!(
            "{what} of {} is more than can be counted",
            shown(int)
        ))
    })
}

/// The digits, unless they are more than Python prints.
pub(crate) fn shown(int: &Bound<'_, PyInt>) -> String {
    let digits = int.str().map(|digits| digits.to_string());
    digits.unwrap_or_else(|_| "an integer of very many digits".to_owned())
}

/// A number of bytes or the like: an integer from 0 on.
pub(crate) fn count(argument: &Bound<'_, PyAny>, what: &str) -> PyResult<usize> {
    let int = index(argument)?
        .ok_or_else(|| errors::type_error(format!("{what} is an integer, in bytes")))?;
    usize::try_from(to_isize(&int, what)?)
        .map_err(|_| errors::value(format!("{what} is {}, which is negative", shown(&int))))
}

/// A tuple of Python integers.
pub(crate) fn tuple<'py>(py: Python<'py>, extents: &[isize]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, extents)
}

//! Views of items of any type.

use ndarray::ArrayViewD;
use onloan::format::Value;
use onloan::{Any, DYNAMIC, View, ViewMut};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyComplex, PyDict, PyTuple};

use super::scalars::{NAMES, Told, request, with_item_type};

/// What a view of any type sees of `object`.
#[pyfunction]
#[pyo3(signature = (object, flags = None))]
pub(crate) fn raw(object: &Bound<'_, PyAny>, flags: Option<i32>) -> PyResult<Py<PyDict>> {
    let py = object.py();
    let view: View<'_> = match flags {
        None => object.extract()?,
        Some(flags) => View::acquire(object, request(flags))?,
    };
    let seen = PyDict::new(py);
    seen.set_item("shape", view.shape().to_vec())?;
    seen.set_item("strides", view.strides().to_vec())?;
    seen.set_item(
        "suboffsets",
        view.layout().suboffsets().map(<[isize]>::to_vec),
    )?;
    seen.set_item("itemsize", view.itemsize())?;
    seen.set_item("format", PyBytes::new(py, view.format().to_bytes()))?;
    seen.set_item("readonly", view.readonly())?;
    seen.set_item("exporter", view.exporter())?;
    let bytes = view.to_bytes()?;
    let mut again = vec![0xa5; bytes.len()];
    view.copy_to_bytes(&mut again)
        .map_err(|error| pyo3::exceptions::PyAssertionError::new_err(error.to_string()))?;
    assert_eq!(bytes, again, "two copies of the same bytes");
    assert!(view.copy_to_bytes(&mut vec![0; bytes.len() + 1]).is_err());
    seen.set_item("bytes", PyBytes::new(py, &bytes))?;
    let first = view.value(vec![0; view.ndim()]);
    match first {
        Ok(None) => {}
        Ok(Some(value)) => seen.set_item("first", told(py, value)?)?,
        Err(error) => seen.set_item("no_value", error.to_string())?,
    }
    Ok(seen.unbind())
}

fn told(py: Python<'_>, value: Value) -> PyResult<Py<PyAny>> {
    match value {
        Value::Int(value) => value.into_py_any(py),
        Value::UInt(value) => value.into_py_any(py),
        Value::Bool(value) => value.into_py_any(py),
        Value::Float(value) => value.into_py_any(py),
        Value::Complex { re, im } => PyComplex::from_doubles(py, re, im).into_py_any(py),
        Value::Bytes(value) => PyBytes::new(py, &value).into_py_any(py),
        Value::Text(value) => value.into_py_any(py),
        Value::List(values) => {
            let values: PyResult<Vec<_>> =
                values.into_iter().map(|value| told(py, value)).collect();
            values?.into_py_any(py)
        }
        Value::Tuple(fields) => {
            let values: PyResult<Vec<_>> = fields
                .into_iter()
                .map(|(_, value)| told(py, value))
                .collect();
            PyTuple::new(py, values?)?.into_py_any(py)
        }
        other => format!("{other:?}").into_py_any(py),
    }
}

/// Which item types `object` may be viewed as: one view, asked for each in turn.
#[pyfunction]
pub(crate) fn fits(object: &Bound<'_, PyAny>) -> PyResult<Vec<&'static str>> {
    let mut view: View<'_> = object.extract()?;
    let mut found = Vec::new();
    for name in NAMES {
        let fits;
        (view, fits) = with_item_type!(name, try_as(object, view))?;
        if fits {
            found.push(name);
        }
    }
    Ok(found)
}

fn try_as<'py, T: Told>(
    object: &Bound<'py, PyAny>,
    view: View<'py>,
) -> PyResult<(View<'py>, bool)> {
    match view.typed::<T, DYNAMIC>() {
        Ok(_) => Ok((object.extract()?, true)),
        Err((view, _)) => Ok((view, false)),
    }
}

/// Copies bytes in.
#[pyfunction]
pub(crate) fn copied_in(view: ViewMut<'_, Any>, bytes: &[u8]) -> PyResult<()> {
    view.copy_from_bytes(bytes)
}

/// The items as arrays of the `ndarray` crate, as nested lists: copied; in place by proof; in place by a promise of the test's.
#[pyfunction]
pub(crate) fn arrays(object: &Bound<'_, PyAny>) -> PyResult<(Py<PyAny>, Py<PyAny>, Py<PyAny>)> {
    let py = object.py();
    let view: View<'_, u16> = object.extract()?;
    let copied = nested(py, view.to_ndarray()?.view())?;
    let proven = view
        .as_ndarray()
        .map(|array| nested(py, array))
        .transpose()?;
    let promised = super::promise::array_of(&view);
    let promised = promised.map(|array| nested(py, array)).transpose()?;
    let none = || py.None();
    Ok((
        copied,
        proven.unwrap_or_else(none),
        promised.unwrap_or_else(none),
    ))
}

fn nested(py: Python<'_>, array: ArrayViewD<'_, u16>) -> PyResult<Py<PyAny>> {
    if array.ndim() == 0 {
        return array.iter().next().copied().into_py_any(py);
    }
    let parts: PyResult<Vec<_>> = array.outer_iter().map(|part| nested(py, part)).collect();
    parts?.into_py_any(py)
}

//! Python objects to and from the values that one item holds.
//!
//! | in the format | from Python | to Python |
//! |---|---|---|
//! | integers, addresses, bit fields | what `operator.index` takes | `int` |
//! | `?` | anything, by its truth | `bool` |
//! | `e f d g` | what `float` takes, but text | `float`; a `long double` is rounded |
//! | complex | also what has `__complex__` | `complex` |
//! | `c s p`, named `x` | any bytes-like object | `bytes` |
//! | `u w` | `str` | `str` |
//! | `T{…}`, several items | a tuple or a list | `tuple` |
//! | sub-arrays, counts | any sequence | `list` |
//!
//! Conversion to Rust runs the objects' own code, so it is done before anything is borrowed or locked.

use onloan::Loan;
use onloan::format::{Kind, Node, Plan, Record, Scalar, Value};
use onloan::request::Request;
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyComplex, PyFloat, PyList, PyString, PyTuple};

use crate::errors;
use crate::shape::{index, shown};

/// Writes the item that `object` stands for.
///
/// # Errors
/// `TypeError` and `ValueError` for what does not fit, and whatever the object's own code raises. Then no byte of `out` has changed.
pub(crate) fn write(plan: &Plan, object: &Bound<'_, PyAny>, out: &mut [u8]) -> PyResult<()> {
    let value = to_value(plan.root(), object)?;
    plan.write(&value, out).map_err(|error| {
        if error.is_type_error() {
            errors::type_error(error)
        } else {
            errors::value(error)
        }
    })
}

fn to_value(node: &Node, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    match node {
        Node::Scalar(scalar) => scalar_value(*scalar, object),
        Node::Record(record) => record_value(record, object),
        Node::Array(array) => array_value(array.shape(), array.element(), object),
    }
}

fn record_value(record: &Record, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    if object.cast::<PyTuple>().is_err() && object.cast::<PyList>().is_err() {
        return Err(wanted("a tuple", object));
    }
    let given = parts(object, record.fields().len())?;
    let mut values = Vec::with_capacity(given.len());
    for (position, (field, object)) in record.fields().iter().zip(&given).enumerate() {
        let value = to_value(field.node(), object).map_err(|error| {
            let name = field
                .name()
                .map_or_else(|| position.to_string(), str::to_owned);
            errors::located(object.py(), error, &name)
        })?;
        values.push((None, value));
    }
    Ok(Value::Tuple(values))
}

fn array_value(shape: &[usize], element: &Node, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let [extent, inner @ ..] = shape else {
        return to_value(element, object);
    };
    if is_text(object) {
        return Err(wanted("a list", object));
    }
    let given = parts(object, *extent)?;
    let elements: PyResult<_> = given
        .iter()
        .map(|object| array_value(inner, element, object))
        .collect();
    Ok(Value::List(elements?))
}

/// Exactly `count` elements of an iterable.
pub(crate) fn parts<'py>(
    object: &Bound<'py, PyAny>,
    count: usize,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut given = Vec::new();
    for part in object.try_iter()? {
        let part = part?;
        if given.len() == count {
            return Err(errors::value(format!("needs exactly {count}, not more")));
        }
        given.push(part);
    }
    if given.len() == count {
        Ok(given)
    } else {
        Err(errors::value(format!(
            "needs exactly {count}, not {}",
            given.len()
        )))
    }
}

/// Iterable, but one value.
pub(crate) fn is_text(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PyString>() || object.is_instance_of::<PyBytes>()
}

/// A value of it is bytes.
pub(crate) fn is_bytes(scalar: Scalar) -> bool {
    use Kind::{Bytes, Char, Opaque, Pascal};
    matches!(scalar.kind(), Char | Bytes | Pascal | Opaque)
}

fn scalar_value(scalar: Scalar, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    match scalar.kind() {
        Kind::Signed | Kind::Unsigned | Kind::Pointer | Kind::Bits { .. } => {
            integer(scalar, object)
        }
        Kind::Bool => Ok(Value::Bool(object.is_truthy()?)),
        Kind::Float | Kind::LongDouble => Ok(Value::Float(float(object)?)),
        Kind::Complex | Kind::LongComplex => complex(object),
        _ if is_bytes(scalar) => bytes(object),
        Kind::Text { .. } => text(object),
        kind => Err(errors::type_error(format!(
            "values of {kind:?} are not written"
        ))),
    }
}

fn integer(scalar: Scalar, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let int = index(object)?.ok_or_else(|| wanted("an integer", object))?;
    if let Ok(number) = int.extract::<i64>() {
        return Ok(Value::Int(number));
    }
    int.extract::<u64>().map(Value::UInt).map_err(|_| {
        let (least, greatest) = scalar.integer_range().unwrap_or_default();
        errors::value(format!(
            "argument out of range: {}, needs {least} <= number <= {greatest}",
            shown(&int)
        ))
    })
}

fn float(object: &Bound<'_, PyAny>) -> PyResult<f64> {
    let out_of_range = |error: PyErr| {
        let py = object.py();
        if error.is_instance_of::<PyOverflowError>(py) {
            let new = PyValueError::new_err(error.value(py).to_string());
            new.set_cause(py, Some(error));
            new
        } else {
            error
        }
    };
    object.extract().map_err(out_of_range)
}

fn complex(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let class = object.get_type();
    let name = pyo3::intern!(object.py(), "__complex__");
    let given = if object.is_instance_of::<PyComplex>() || !class.hasattr(name)? {
        object.clone()
    } else {
        class.call_method1(name, (object,))?
    };
    Ok(match given.cast::<PyComplex>() {
        Ok(complex) => Value::Complex {
            re: complex.real(),
            im: complex.imag(),
        },
        Err(_) => Value::Float(float(&given)?),
    })
}

fn bytes(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Value::Bytes(bytes.as_bytes().to_vec()));
    }
    if !Loan::possible(object) {
        return Err(wanted("bytes", object));
    }
    let loan = Loan::acquire(object, Request::SIMPLE)?;
    let mut copy = vec![0; loan.layout().nbytes()];
    loan.copy_to(object.py(), &mut copy)
        .map_err(errors::value)?;
    Ok(Value::Bytes(copy))
}

fn text(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let text = object
        .cast::<PyString>()
        .map_err(|_| wanted("a str", object))?;
    if let Ok(text) = text.extract::<String>() {
        return Ok(Value::Text(text));
    }
    // With lone surrogates, which Rust's strings cannot hold.
    let units = text.call_method1("encode", ("utf-32-le", "surrogatepass"))?;
    let units = units.cast_into::<PyBytes>()?;
    let unit = |unit: &[u8]| {
        unit.iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u32::from(*byte))
    };
    Ok(Value::Units(
        units.as_bytes().chunks_exact(4).map(unit).collect(),
    ))
}

#[cold]
fn wanted(what: &str, object: &Bound<'_, PyAny>) -> PyErr {
    match object.get_type().name() {
        Ok(name) => errors::type_error(format!("needs {what}, not '{name}'")),
        Err(error) => error,
    }
}

/// The Python object that a value is.
///
/// # Errors
/// `ValueError` for code units beyond U+10FFFF; `MemoryError`.
pub(crate) fn to_python<'py>(py: Python<'py>, value: Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Int(number) => number.into_pyobject(py)?.into_any(),
        Value::UInt(number) => number.into_pyobject(py)?.into_any(),
        Value::Bool(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
        Value::Float(number) => PyFloat::new(py, number).into_any(),
        Value::Complex { re, im } => PyComplex::from_doubles(py, re, im).into_any(),
        Value::LongDouble(number) => PyFloat::new(py, number.to_f64()).into_any(),
        Value::LongComplex { re, im } => {
            PyComplex::from_doubles(py, re.to_f64(), im.to_f64()).into_any()
        }
        Value::Bytes(bytes) => PyBytes::new(py, &bytes).into_any(),
        Value::Text(text) => PyString::new(py, &text).into_any(),
        Value::Units(units) => units_to_python(py, &units)?,
        Value::Pointer(address) => address.into_pyobject(py)?.into_any(),
        Value::Tuple(fields) => {
            let fields = fields.into_iter().map(|(_, value)| to_python(py, value));
            PyTuple::new(py, fields.collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
        Value::List(values) => {
            let values = values.into_iter().map(|value| to_python(py, value));
            PyList::new(py, values.collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
        other => {
            return Err(errors::value(format!(
                "{} has no Python object",
                other.kind_name()
            )));
        }
    })
}

fn units_to_python<'py>(py: Python<'py>, units: &[u32]) -> PyResult<Bound<'py, PyAny>> {
    if let Some(unit) = units.iter().find(|unit| **unit > 0x0010_FFFF) {
        return Err(errors::value(format!(
            "code unit {unit:#x} is no character"
        )));
    }
    let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    PyBytes::new(py, &bytes).call_method1("decode", ("utf-32-le", "surrogatepass"))
}

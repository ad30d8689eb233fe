//! One request, made through the raw C API into poisoned memory, and everything that came back.

use onloan::request::{Offer, Refusal, Request, negotiate};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::check::poisoned::{Field, Poisoned, Raised};
use crate::shape;

/// Makes one request and releases what it got. A dict of what happened.
///
/// Every byte of the `Py_buffer` holds poison beforehand. Always there: granted;
/// poisoned, the names of fields that still hold the poison; obj, one of "self",
/// "other", "null" and "poison". If refused: error, the exception's type name,
/// and message. If granted: owner, the object that obj names or None, buf, len,
/// itemsize, readonly, ndim, and format, shape, strides and suboffsets, None
/// where NULL; a field that holds the poison is None too.
///
/// The flags are given to the exporter as they are. Errors: `ValueError` for a
/// poison that is no byte.
#[pyfunction]
#[pyo3(signature = (object, flags, /, *, poison=0xA5))]
pub(crate) fn request<'py>(
    object: &Bound<'py, PyAny>,
    flags: i32,
    poison: u32,
) -> PyResult<Bound<'py, PyDict>> {
    let py = object.py();
    let poison = u8::try_from(poison).map_err(|_| PyValueError::new_err("poison is a byte"))?;
    let mut view = Poisoned::new(poison);
    let granted = view.ask(object, flags);
    let raised = Raised::take(py);
    let facts = PyDict::new(py);
    facts.set_item("granted", granted)?;
    facts.set_item("obj", view.owner_kind(object).name())?;
    let survivors: Vec<_> = view.survivors().into_iter().map(Field::name).collect();
    facts.set_item("poisoned", PyList::new(py, survivors)?)?;
    if !granted {
        let (error, message) = raised.map_or_else(
            || {
                (
                    "SystemError".to_owned(),
                    "refused without an exception".to_owned(),
                )
            },
            |raised| (raised.name, raised.message),
        );
        facts.set_item("error", error)?;
        facts.set_item("message", message)?;
        return Ok(facts);
    }
    let read = write_granted(&view, &facts);
    view.release(py);
    read.map(|()| facts)
}

/// What a granted request filled in.
fn write_granted(view: &Poisoned, facts: &Bound<'_, PyDict>) -> PyResult<()> {
    let py = facts.py();
    let filled = view.filled();
    facts.set_item("owner", view.owner(py))?;
    facts.set_item("buf", filled.buf)?;
    facts.set_item("len", filled.len)?;
    facts.set_item("itemsize", filled.itemsize)?;
    facts.set_item("readonly", filled.readonly)?;
    facts.set_item("ndim", filled.ndim)?;
    let format = filled.format.as_deref().map(String::from_utf8_lossy);
    facts.set_item("format", format)?;
    for (name, array) in [
        ("shape", &filled.shape),
        ("strides", &filled.strides),
        ("suboffsets", &filled.suboffsets),
    ] {
        let numbers = array.as_deref().map(|numbers| shape::tuple(py, numbers));
        facts.set_item(name, numbers.transpose()?)?;
    }
    Ok(())
}

/// What memory of a kind answers to a request: None if it is granted, else
/// (code, message) of the refusal.
#[pyfunction]
#[pyo3(signature = (readonly, c_contiguous, f_contiguous, indirect, flags, /))]
pub(crate) fn expected(
    readonly: bool,
    c_contiguous: bool,
    f_contiguous: bool,
    indirect: bool,
    flags: i32,
) -> Option<(&'static str, String)> {
    let offer = Offer::new(readonly, c_contiguous, f_contiguous, indirect);
    let request = Request::from_flags(flags);
    let clause = negotiate(offer, request).err()?;
    let message = Refusal::new(offer, request)
        .map_or_else(|| clause.to_string(), |refusal| refusal.to_string());
    Some((clause.code(), message))
}

/// All 72 requests that there are, as a list of (name, flags).
#[pyfunction]
pub(crate) fn requests() -> Vec<(String, i32)> {
    Request::all()
        .map(|request| (request.to_string(), request.flags()))
        .collect()
}

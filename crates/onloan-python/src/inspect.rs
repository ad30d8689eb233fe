//! Facts about any exporter's buffer, for `onloan inspect`: its layout worked out, its format taken apart, its memory drawn.

use onloan::Loan;
use onloan::format::{Format, Plan};
use onloan::layout::Layout;
use onloan::layout::picture::{Canvas, Limits};
use onloan::request::Request;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::shape;

/// Whether an object is an exporter at all; it may still refuse.
#[pyfunction]
#[pyo3(signature = (object, /))]
pub(crate) fn lends(object: &Bound<'_, PyAny>) -> bool {
    Loan::possible(object)
}

/// What an object lends now: a dict of facts.
///
/// request is the request made, (name, flags); itemsize, nbytes, ndim, shape,
/// strides and suboffsets (None without) are as in `Py_buffer`, what is missing
/// filled in; format is "B" where none was given. fields is a list of dicts with
/// name, offset, kind, size, shape and strides, and `format_error` says why there
/// is none. extent is (lowest, highest) byte addressed from item [0, …, 0], and
/// lent how many different bytes of it are addressed, None where that cannot be
/// said. Errors: what the exporter raises.
#[pyfunction]
#[pyo3(signature = (object, flags=None, /))]
pub(crate) fn describe<'py>(
    object: &Bound<'py, PyAny>,
    flags: Option<i32>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = object.py();
    let request = flags.map_or(Request::FULL_RO, Request::from_flags);
    let loan = Loan::acquire(object, request)?;
    let layout = loan.layout();
    let facts = PyDict::new(py);
    facts.set_item("request", (request.to_string(), request.flags()))?;
    facts.set_item("format", loan.format().to_string_lossy())?;
    facts.set_item("itemsize", layout.itemsize())?;
    facts.set_item("nbytes", layout.nbytes())?;
    facts.set_item("ndim", layout.ndim())?;
    facts.set_item("shape", shape::tuple(py, layout.shape())?)?;
    facts.set_item("strides", shape::tuple(py, layout.strides())?)?;
    let suboffsets = layout.suboffsets().map(|axes| shape::tuple(py, axes));
    facts.set_item("suboffsets", suboffsets.transpose()?)?;
    facts.set_item("readonly", loan.readonly())?;
    facts.set_item("c_contiguous", layout.is_c_contiguous())?;
    facts.set_item("f_contiguous", layout.is_f_contiguous())?;
    let extent = layout.extent().unwrap_or_default();
    facts.set_item("extent", (extent.start, extent.end))?;
    facts.set_item("lent", lent(layout))?;
    match plan(&loan) {
        Ok(plan) => {
            facts.set_item("fields", fields(py, &plan)?)?;
            facts.set_item("format_error", py.None())?;
        }
        Err(error) => {
            facts.set_item("fields", PyList::empty(py))?;
            facts.set_item("format_error", error)?;
        }
    }
    Ok(facts)
}

/// Bytes addressed, counted once, if that can be counted.
fn lent(layout: &Layout) -> Option<usize> {
    let picture = layout.picture(&Limits { cells: 1, lines: 1 });
    match picture.levels.as_slice() {
        [] => Some(0),
        [facts] => facts.lent,
        _ => None,
    }
}

fn plan(loan: &Loan) -> Result<Plan, String> {
    let format =
        Format::parse_bytes(loan.format().to_bytes()).map_err(|error| error.to_string())?;
    format
        .plan_for(loan.layout().itemsize())
        .map_err(|error| error.to_string())
}

fn fields<'py>(py: Python<'py>, plan: &Plan) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for field in plan.fields() {
        let facts = PyDict::new(py);
        facts.set_item("name", &field.path)?;
        facts.set_item("offset", field.offset)?;
        facts.set_item("kind", field.scalar.to_string())?;
        facts.set_item("size", field.scalar.size())?;
        facts.set_item("shape", &field.shape)?;
        facts.set_item("strides", &field.strides)?;
        list.append(facts)?;
    }
    Ok(list)
}

/// Draws the memory that an object lends, as text of at most so many columns.
///
/// Errors: what the exporter raises.
#[pyfunction]
#[pyo3(signature = (object, flags=None, /, *, columns=78, lines=12, ascii=false))]
pub(crate) fn draw(
    object: &Bound<'_, PyAny>,
    flags: Option<i32>,
    columns: usize,
    lines: usize,
    ascii: bool,
) -> PyResult<String> {
    let request = flags.map_or(Request::FULL_RO, Request::from_flags);
    let loan = Loan::acquire(object, request)?;
    Ok(loan.layout().draw(&Canvas {
        columns,
        lines,
        ascii,
    }))
}

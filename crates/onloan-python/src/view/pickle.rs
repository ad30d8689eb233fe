//! Travelling: a view is pickled by protocol 5, which carries memory beside the pickle.
//!
//! | the view | what travels as a `PickleBuffer` |
//! |---|---|
//! | without gaps | its own memory, lent on: not copied if the buffers go beside the pickle |
//! | with gaps | a copy of its items, in C order |
//!
//! What arrives is a view of whatever the carrier made of the bytes, with the old format and shape; read-only if the old one was, or if that memory
//! is. Below protocol 5 there is nothing that would carry memory, and a view refuses as memoryview always does.

use std::ffi::CString;

use onloan::layout::Order;
use onloan::request::Request;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyTuple};

use super::item::Item;
use super::{View, bytes, cast};

/// The first protocol with buffers.
const WITH_BUFFERS: i32 = 5;

pub(super) fn reduce<'py>(slf: &Bound<'py, View>, protocol: i32) -> PyResult<Bound<'py, PyTuple>> {
    let py = slf.py();
    let view = slf.get();
    if protocol < WITH_BUFFERS {
        return Err(PyTypeError::new_err(format!(
            "cannot pickle 'View' object by protocol {protocol}: buffers travel from protocol {WITH_BUFFERS} on"
        )));
    }
    let access = view.enter()?;
    if view.item.plan().is_none() || view.item.holds_objects() {
        return Err(PyTypeError::new_err(format!(
            "cannot pickle 'View' object: items of format '{}' mean nothing elsewhere",
            view.item.name()
        )));
    }
    let geometry = access.geometry();
    let (lent, order) = match (geometry.is_c_contiguous(), geometry.is_f_contiguous()) {
        (true, _) => (slf.clone().into_any(), Order::C),
        (false, true) => (slf.clone().into_any(), Order::F),
        (false, false) => {
            let copy = bytes::copy(&access, py, Order::C)?.into_any();
            let copy = if view.readonly {
                copy
            } else {
                PyByteArray::from(&copy)?.into_any()
            };
            (copy, Order::C)
        }
    };
    let itemsize = geometry.itemsize();
    drop(access);
    let module = py.import("pickle")?;
    let arguments = (
        module.getattr("PickleBuffer")?.call1((lent,))?,
        view.item.text(),
        itemsize,
        crate::shape::tuple(py, view.geometry.shape())?,
        match order {
            Order::C => "C",
            Order::F => "F",
        },
        view.readonly,
    );
    let rebuild = py.import("onloan._onloan")?.getattr("_rebuild_view")?;
    (rebuild, arguments).into_pyobject(py)
}

/// Makes a View of what a pickle holds: data lends the bytes of the items, in
/// the order in which they lay.
///
/// Errors: `ValueError` or `TypeError` if the bytes are not those of the items;
/// `BufferError` if data refuses.
#[pyfunction]
#[pyo3(name = "_rebuild_view", signature = (data, format, itemsize, shape, order, readonly, /))]
pub(crate) fn rebuild(
    data: &Bound<'_, PyAny>,
    format: CString,
    itemsize: usize,
    shape: &Bound<'_, PyAny>,
    order: &str,
    readonly: bool,
) -> PyResult<View> {
    let py = data.py();
    let item = Item::of(&format, itemsize);
    if item.plan().is_none() || item.holds_objects() {
        return Err(PyValueError::new_err(format!(
            "a pickle with items of {itemsize} bytes and format {format:?}"
        )));
    }
    let mut lent = View::acquire(data, Request::FULL_RO)?;
    let gaps = {
        let access = lent.enter()?;
        let geometry = access.geometry();
        let gapless = geometry.is_c_contiguous() || geometry.is_f_contiguous();
        (!gapless)
            .then(|| bytes::copy(&access, py, Order::C))
            .transpose()?
    };
    if let Some(copy) = gaps {
        lent = View::acquire(copy.as_any(), Request::FULL_RO)?;
    }
    let view = cast::as_items(&lent, py, item, shape, cast::order(Some(order))?)?;
    if readonly && !view.readonly {
        return view.again(py, true);
    }
    Ok(view)
}

//! Memory that a function makes when it is first used.
//!
//! What the function returns is held by a loan of its own, not copied: a decoded array is often as large as the machine allows. So the object
//! it returned counts one export while we lend, cannot shrink meanwhile, and may be changed by others who have it, as any exporter's memory.

use std::sync::{Arc, Mutex, PoisonError};

use onloan::layout::Layout;
use onloan::request::Request;
use onloan::{Lazy, Loan};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::create::c_order;
use super::memory::{self, Memory};
use super::{Buffer, Origin};
use crate::errors;
use crate::item::Item;
use crate::shape;

/// A function shared by the `Buffer`, which shows it to the cyclic collector, and the cell, which calls it: one reference for both.
#[derive(Clone)]
pub(super) struct Function(Arc<Mutex<Option<Py<PyAny>>>>);

impl Function {
    fn get(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(function) => Ok(function.clone_ref(py)),
            None => Err(PyRuntimeError::new_err(
                "the function of this lazy Buffer was collected as part of a cycle",
            )),
        }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.0.try_lock().as_deref() {
            Ok(Some(function)) => visit.call(function),
            _ => Ok(()),
        }
    }

    pub(super) fn clear(&self) {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Dropped without the lock: that may run Python.
        drop(held);
    }
}

/// `Buffer.lazy(function, …)`.
pub(super) fn lazy(
    function: &Bound<'_, PyAny>,
    format: &str,
    shape: Option<&Bound<'_, PyAny>>,
) -> PyResult<Buffer> {
    if !function.is_callable() {
        return Err(errors::type_error(
            "the function of a lazy Buffer is called without arguments; this cannot be called",
        ));
    }
    let item = Item::new(format, None)?;
    let layout = match shape {
        Some(shape) => Some(c_order(&shape::shape(shape)?, &item)?),
        None => None,
    };
    let function = Function(Arc::new(Mutex::new(Some(function.clone().unbind()))));
    let (called, expected, itemsize) = (function.clone(), layout.clone(), item.size());
    let made = Lazy::new(move |py| make(py, &called, expected.as_ref(), itemsize));
    let cell = memory::lazy(made, &item, layout.clone())?;
    Ok(Buffer::made(
        cell,
        item,
        Origin::Lazy(function, layout.map(Box::new)),
    ))
}

fn make(
    py: Python<'_>,
    function: &Function,
    expected: Option<&Layout>,
    itemsize: usize,
) -> PyResult<Memory> {
    let result = function.get(py)?.bind(py).call0()?;
    if !Loan::possible(&result) {
        return Err(errors::type_error(format!(
            "the function of a lazy Buffer returned '{}', which lends no buffer",
            result.get_type().name()?
        )));
    }
    let loan = Loan::acquire(&result, Request::FULL_RO)?;
    let bytes = loan.layout().nbytes();
    match expected {
        Some(layout) if layout.nbytes() != bytes => Err(errors::value(format!(
            "the function of a lazy Buffer returned {bytes} bytes; {layout} are {}",
            layout.nbytes()
        ))),
        None if !bytes.is_multiple_of(itemsize) => Err(errors::value(format!(
            "the function of a lazy Buffer returned {bytes} bytes, which are not a number of items of {itemsize} bytes"
        ))),
        _ => Memory::of_loan(py, loan),
    }
}

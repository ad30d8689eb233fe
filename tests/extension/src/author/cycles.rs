//! An exporter that the cyclic garbage collector knows: it may hold a view of itself.

use std::sync::{Mutex, PoisonError};

use onloan::{ExportCell, exporter};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

/// Cyclic(data): writable bytes, and any object in `held`.
#[pyclass(frozen, weakref, subclass, module = "onloan_suite")]
pub(crate) struct Cyclic {
    cell: ExportCell<Vec<u8>>,
    held: Mutex<Option<Py<PyAny>>>,
    cleared: Option<Py<PyAny>>,
}

impl Cyclic {
    fn exchange(&self, object: Option<Py<PyAny>>) -> Option<Py<PyAny>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *held, object)
    }
}

#[exporter(cell)]
#[pymethods]
impl Cyclic {
    /// `cleared` is a list to which the number of exports is added when the collector clears this object, before and after.
    #[new]
    #[pyo3(signature = (data, cleared = None))]
    fn new(data: Vec<u8>, cleared: Option<Py<PyAny>>) -> Self {
        Cyclic {
            cell: ExportCell::writable(data),
            held: Mutex::new(None),
            cleared,
        }
    }

    fn hold(&self, object: Py<PyAny>) {
        drop(self.exchange(Some(object)));
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.cell.exports()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(held) = self.held.try_lock()
            && let Some(object) = &*held
        {
            visit.call(object)?;
        }
        if let Some(cleared) = &self.cleared {
            visit.call(cleared)?;
        }
        Ok(())
    }

    fn __clear__(&self, py: Python<'_>) -> PyResult<()> {
        let before = self.cell.exports();
        drop(self.exchange(None));
        if let Some(cleared) = &self.cleared {
            cleared.call_method1(py, "append", ((before, self.cell.exports()),))?;
        }
        Ok(())
    }
}

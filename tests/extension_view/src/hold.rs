//! Loans and views that are kept, sent away, and dropped in odd places.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use onloan::request::Request;
use onloan::{ExportCell, Loan, View, exporter};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::scalars::request;

/// Holds a loan until told otherwise.
#[pyclass(frozen, weakref, subclass)]
pub(crate) struct Holder {
    loan: Mutex<Option<Loan>>,
}

#[pymethods]
impl Holder {
    #[new]
    #[pyo3(signature = (object, flags = 0x11c))]
    fn new(object: &Bound<'_, PyAny>, flags: i32) -> PyResult<Holder> {
        let loan = Loan::acquire(object, request(flags))?;
        Ok(Holder {
            loan: Mutex::new(Some(loan)),
        })
    }

    /// Through a view of any type.
    #[staticmethod]
    fn of_view(view: View<'_>) -> Holder {
        Holder {
            loan: Mutex::new(Some(view.into_loan())),
        }
    }

    #[getter]
    fn held(&self) -> bool {
        self.with(|loan| loan.is_some())
    }

    #[getter]
    fn shape(&self) -> PyResult<Vec<isize>> {
        self.with(|loan| Ok(there(loan)?.layout().shape().to_vec()))
    }

    #[getter]
    fn format(&self) -> PyResult<Vec<u8>> {
        self.with(|loan| Ok(there(loan)?.format().to_bytes().to_vec()))
    }

    /// What the format is parsed to, and what it is as a plan; for formats that are none, why.
    fn parsed(&self) -> PyResult<(String, String)> {
        self.with(|loan| {
            let loan = there(loan)?;
            let format = match loan.parsed_format() {
                Ok(format) => format.to_string(),
                Err(error) => error.to_string(),
            };
            let plan = match loan.plan() {
                Ok(plan) => format!("{} bytes", plan.size()),
                Err(error) => error.to_string(),
            };
            Ok((format, plan))
        })
    }

    fn tobytes(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        self.with(|loan| {
            let loan = there(loan)?;
            let mut bytes = vec![0; loan.layout().nbytes()];
            loan.copy_to(py, &mut bytes)
                .map_err(|error| PyValueError::new_err(error.to_string()))?;
            Ok(bytes)
        })
    }

    fn copy_from(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<()> {
        self.with(|loan| there(loan)?.copy_from(py, bytes))
    }

    fn fill(&self, py: Python<'_>, item: &[u8]) -> PyResult<()> {
        self.with(|loan| there(loan)?.fill(py, item))
    }

    /// By `Loan::release`.
    fn release(&self, py: Python<'_>) {
        if let Some(loan) = self.take() {
            loan.release(py);
        }
    }

    /// By dropping it here.
    fn drop(&self) {
        drop(self.take());
    }

    /// By dropping it on a thread that has never heard of Python.
    fn drop_in_thread(&self, py: Python<'_>) {
        let loan = self.take();
        py.detach(|| thread::spawn(move || drop(loan)).join().is_ok());
    }

    /// By dropping it here while detached from the interpreter.
    fn drop_detached(&self, py: Python<'_>) {
        let loan = self.take();
        py.detach(|| drop(loan));
    }

    /// Never gives it back.
    fn forget(&self) {
        std::mem::forget(self.take());
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.loan.try_lock() {
            Ok(loan) => loan.as_ref().map_or(Ok(()), |loan| loan.traverse(&visit)),
            Err(_) => Ok(()),
        }
    }

    fn __clear__(&self) {
        drop(self.take());
    }
}

impl Holder {
    fn take(&self) -> Option<Loan> {
        // Out of the lock first: a release runs anything.
        self.with_mut(Option::take)
    }

    fn with<R>(&self, run: impl FnOnce(Option<&Loan>) -> R) -> R {
        self.with_mut(|loan| run(loan.as_ref()))
    }

    fn with_mut<R>(&self, run: impl FnOnce(&mut Option<Loan>) -> R) -> R {
        let mut guard = self
            .loan
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        run(&mut guard)
    }
}

fn there(loan: Option<&Loan>) -> PyResult<&Loan> {
    loan.ok_or_else(|| PyValueError::new_err("given back"))
}

/// Two views of one object, given back in the order of the author's choice; while both are held, `meanwhile` is called.
#[pyclass(frozen)]
pub(crate) struct View2;

#[pymethods]
impl View2 {
    #[staticmethod]
    fn hold(
        first: View<'_, u8>,
        second: View<'_, u8>,
        meanwhile: &Bound<'_, PyAny>,
        second_first: bool,
    ) -> PyResult<Vec<u8>> {
        meanwhile.call0()?;
        let sum = first
            .iter()
            .zip(&*second)
            .map(|(one, two)| one.wrapping_add(two))
            .collect();
        if second_first {
            second.release();
            drop(first);
        } else {
            first.release();
            drop(second);
        }
        Ok(sum)
    }
}

/// Panics while a view is held; the panic is caught.
#[pyfunction]
pub(crate) fn acquire_and_panic(object: &Bound<'_, PyAny>) -> bool {
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let view: PyResult<View<'_>> = object.extract().map_err(Into::into);
        if view.is_ok() {
            // Without a message on stderr: no hook is run.
            std::panic::resume_unwind(Box::new("while a view is held"));
        }
    }));
    panicked.is_err()
}

/// Drops a loan while an exception is pending; gives the exception that is pending afterwards.
#[pyfunction]
pub(crate) fn drop_while_pending(object: &Bound<'_, PyAny>, by_view: bool) -> PyResult<Py<PyAny>> {
    let py = object.py();
    if by_view {
        let view: View<'_> = object.extract()?;
        PyRuntimeError::new_err("pending").restore(py);
        drop(view);
    } else {
        let loan = Loan::acquire(object, Request::FULL_RO)?;
        PyRuntimeError::new_err("pending").restore(py);
        drop(loan);
    }
    Ok(match PyErr::take(py) {
        Some(error) => error.into_value(py).into_any(),
        None => py.None(),
    })
}

/// Asks for memory with flags that are refused, while another loan of the same object is held.
#[pyfunction]
pub(crate) fn refuse_while_held(object: &Bound<'_, PyAny>, flags: i32) -> PyResult<String> {
    let held = Loan::acquire(object, Request::FULL_RO)?;
    let refused = View::<onloan::Any>::acquire(object, request(flags));
    drop(held);
    match refused {
        Ok(_) => Err(PyValueError::new_err("granted")),
        Err(error) => Ok(error.code().to_owned()),
    }
}

/// A class of this module with a read-only or a writable cell.
#[pyclass(frozen)]
struct Cell {
    cell: ExportCell<Vec<u32>>,
}

#[exporter(cell)]
#[pymethods]
impl Cell {}

/// An exporter of this module.
#[pyfunction]
pub(crate) fn lend_cell(py: Python<'_>, items: Vec<u32>, writable: bool) -> PyResult<Py<PyAny>> {
    let cell = if writable {
        ExportCell::writable(items)
    } else {
        ExportCell::read_only(items)
    };
    Ok(Py::new(py, Cell { cell })?.into_any())
}

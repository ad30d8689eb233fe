//! Hooks that do what Python callables do: record, raise, call back into the object; and what those cannot: panic, release the global lock.

use std::thread;
use std::time::Duration;

use onloan::{ExportCell, exporter};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::of_kind;

/// Hooked(kind, data, …): every hook is a callable. One that returns "panic" makes the hook panic, "detach" makes it release the global lock.
#[pyclass(frozen, weakref, module = "onloan_suite")]
pub(crate) struct Hooked {
    cell: ExportCell<Vec<u8>>,
}

/// Does what the callable could not do itself.
fn follow(answer: &Bound<'_, PyAny>) {
    let Ok(answer) = answer.cast::<PyString>() else {
        return;
    };
    if answer == "panic" {
        panic!("a hook panicked");
    }
    if answer == "detach" {
        answer
            .py()
            .detach(|| thread::sleep(Duration::from_millis(2)));
    }
}

#[exporter(cell)]
#[pymethods]
impl Hooked {
    /// `first` and `last` are called with the bytes of the storage, `release` with the number of exports that stay.
    #[new]
    #[pyo3(signature = (kind, data, *, first = None, release = None, last = None, shape = None, strides = None, copies = false))]
    #[allow(clippy::too_many_arguments)] // A constructor with keywords is one in Python too.
    fn new(
        kind: &str,
        data: Vec<u8>,
        first: Option<Py<PyAny>>,
        release: Option<Py<PyAny>>,
        last: Option<Py<PyAny>>,
        shape: Option<Vec<usize>>,
        strides: Option<Vec<isize>>,
        copies: bool,
    ) -> PyResult<Self> {
        let mut builder = ExportCell::builder(data);
        if let Some(hook) = first {
            builder = builder.on_first_export(move |py, data| {
                follow(hook.bind(py).call1((PyBytes::new(py, data),))?.as_any());
                Ok(())
            });
        }
        if let Some(hook) = release {
            builder = builder.on_release(move |py, left| {
                follow(&hook.bind(py).call1((left,))?);
                Ok(())
            });
        }
        if let Some(hook) = last {
            builder = builder.on_last_release(move |py, data| {
                follow(hook.bind(py).call1((PyBytes::new(py, data),))?.as_any());
                Ok(())
            });
        }
        if let Some(shape) = shape {
            builder = builder.shape(shape);
        }
        if let Some(strides) = strides {
            builder = builder.strides(strides);
        }
        if copies {
            builder = builder.contiguous_copies();
        }
        Ok(Hooked {
            cell: of_kind(kind, builder)?,
        })
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.cell.exports()
    }

    /// Opts in: the ledger is told of each export.
    fn register(&self, py: Python<'_>) -> PyResult<()> {
        Ok(self.cell.register(py)?)
    }

    fn push(&self, py: Python<'_>, byte: u8) -> PyResult<()> {
        self.cell.write(py)?.push(byte);
        Ok(())
    }

    fn read<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.cell.read(py)?))
    }

    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.cell.take(py)?))
    }
}

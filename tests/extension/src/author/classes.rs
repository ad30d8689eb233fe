//! The cell behind a class that is frozen, one that is not, and one that stays on its thread: guards held while Python runs, taking back,
//! putting back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use onloan::layout::{Layout, LayoutError};
use onloan::{ExportCell, exporter};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::of_kind;

/// FrozenCell(kind, data): bytes in a cell, and all that a cell can do.
#[pyclass(frozen, subclass, weakref, module = "onloan_suite")]
pub(crate) struct FrozenCell {
    cell: ExportCell<Vec<u8>>,
    go_on: AtomicBool,
}

#[exporter(cell)]
#[pymethods]
impl FrozenCell {
    #[new]
    #[pyo3(signature = (kind, data, shape = None))]
    fn new(kind: &str, data: Vec<u8>, shape: Option<Vec<usize>>) -> PyResult<Self> {
        let mut builder = ExportCell::builder(data);
        if let Some(shape) = shape {
            builder = builder.shape(shape);
        }
        Ok(FrozenCell {
            cell: of_kind(kind, builder)?,
            go_on: AtomicBool::new(false),
        })
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.cell.exports()
    }

    #[getter]
    fn is_taken(&self) -> bool {
        self.cell.is_taken()
    }

    /// Opts in: the ledger is told of each export.
    fn register(&self, py: Python<'_>) -> PyResult<()> {
        Ok(self.cell.register(py)?)
    }

    #[getter]
    fn is_registered(&self) -> bool {
        self.cell.is_registered()
    }

    /// Calls `callback` with what is read, under a read guard.
    fn read<'py>(
        &self,
        py: Python<'py>,
        callback: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let guard = self.cell.read(py)?;
        callback.call1((PyBytes::new(py, &guard),))
    }

    /// Calls `callback` under a write guard, and puts what it returns in the place of what was there, whatever its length.
    fn write<'py>(&self, py: Python<'py>, callback: &Bound<'py, PyAny>) -> PyResult<()> {
        let mut guard = self.cell.write(py)?;
        let data: Vec<u8> = callback.call0()?.extract()?;
        *guard = data;
        Ok(())
    }

    /// Lays the bytes out anew under a write guard, after `data` has been put in their place.
    fn lay_out(
        &self,
        py: Python<'_>,
        data: Vec<u8>,
        offset: usize,
        shape: Vec<isize>,
        strides: Vec<isize>,
        itemsize: usize,
    ) -> PyResult<()> {
        let mut guard = self.cell.write(py)?;
        *guard = data;
        let wrong = |error: LayoutError| PyValueError::new_err(error.to_string());
        let layout = Layout::strided(&shape, &strides, itemsize).map_err(wrong)?;
        guard.set_layout(offset, layout).map_err(wrong)
    }

    /// Adds a byte: the allocation may move.
    fn push(&self, py: Python<'_>, byte: u8) -> PyResult<()> {
        self.cell.write(py)?.push(byte);
        Ok(())
    }

    /// Panics under a write guard.
    fn panic_while_writing(&self, py: Python<'_>) -> PyResult<()> {
        let mut guard = self.cell.write(py)?;
        guard.clear();
        panic!("a panic under a write guard");
    }

    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.cell.take(py)?))
    }

    /// Calls `receive` with the bytes as soon as nobody uses them.
    fn take_later(&self, py: Python<'_>, receive: Py<PyAny>) -> PyResult<()> {
        self.cell.take_later(py, move |py, data| {
            receive.call1(py, (PyBytes::new(py, &data),)).map(drop)
        })?;
        Ok(())
    }

    /// Bytes of the items from `start` on, also beside exports; and how many there are.
    fn look<'py>(
        &self,
        py: Python<'py>,
        start: usize,
        count: usize,
    ) -> PyResult<(Bound<'py, PyBytes>, usize)> {
        let mut bytes = vec![0; count];
        self.cell.copy_to(py, start, &mut bytes)?;
        let size = self.cell.layout(py)?.nbytes();
        Ok((PyBytes::new(py, &bytes), size))
    }

    fn put(&self, py: Python<'_>, data: Vec<u8>) -> PyResult<()> {
        let size = data.len();
        self.cell.put(py, data).map_err(|refused| {
            assert_eq!(refused.storage.len(), size, "given back whole");
            refused.into()
        })
    }

    /// Holds a guard while other threads run, until `go_on`. `entered` is called first.
    fn hold(&self, py: Python<'_>, guard: &str, entered: &Bound<'_, PyAny>) -> PyResult<()> {
        self.go_on.store(false, Ordering::SeqCst);
        let wait = || {
            while !self.go_on.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
        };
        if guard == "read" {
            let guard = self.cell.read(py)?;
            let bytes: &[u8] = &guard;
            let before = bytes.to_vec();
            entered.call0()?;
            py.detach(|| {
                wait();
                assert_eq!(before, bytes);
            });
        } else {
            let mut guard = self.cell.write(py)?;
            let bytes: &mut [u8] = &mut guard;
            entered.call0()?;
            py.detach(|| {
                wait();
                bytes.reverse();
            });
        }
        Ok(())
    }

    fn go_on(&self) {
        self.go_on.store(true, Ordering::SeqCst);
    }
}

/// OrdinaryCell(kind, data): a class whose methods may take `&mut self`.
#[pyclass(subclass, weakref, module = "onloan_suite")]
pub(crate) struct OrdinaryCell {
    cell: ExportCell<Vec<u8>>,
    changes: u32,
}

#[exporter(cell)]
#[pymethods]
impl OrdinaryCell {
    #[new]
    fn new(kind: &str, data: Vec<u8>) -> PyResult<Self> {
        Ok(OrdinaryCell {
            cell: of_kind(kind, ExportCell::builder(data))?,
            changes: 0,
        })
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.cell.exports()
    }

    #[getter]
    fn changes(&self) -> u32 {
        self.changes
    }

    /// Opts in: the ledger is told of each export.
    fn register(&self, py: Python<'_>) -> PyResult<()> {
        Ok(self.cell.register(py)?)
    }

    /// Calls `callback` while this object is mutably borrowed, with the number of exports.
    fn change(&mut self, callback: &Bound<'_, PyAny>) -> PyResult<u64> {
        callback.call1((self.cell.exports(),))?;
        self.changes += 1;
        Ok(self.cell.exports())
    }

    fn push(&mut self, py: Python<'_>, byte: u8) -> PyResult<()> {
        self.cell.write(py)?.push(byte);
        Ok(())
    }
}

/// UnsendableCell(data): PyO3 lets nobody touch it on another thread.
#[pyclass(unsendable, weakref, module = "onloan_suite")]
pub(crate) struct UnsendableCell {
    cell: ExportCell<Vec<u8>>,
}

#[exporter(cell)]
#[pymethods]
impl UnsendableCell {
    #[new]
    fn new(data: Vec<u8>) -> Self {
        UnsendableCell {
            cell: ExportCell::writable(data),
        }
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.cell.exports()
    }
}

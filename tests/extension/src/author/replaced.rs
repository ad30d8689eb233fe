//! Cells that go while their memory is lent: replaced, dropped, dropped on a thread without Python. A witness sees when the memory goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use onloan::{ExportCell, Region, RegionMut, Storage, StorageMut, exporter};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::of_kind;

/// `Witness()`: knows how many of the storages that it was given to are gone.
#[pyclass(frozen, module = "onloan_suite")]
pub(crate) struct Witness {
    dropped: Arc<AtomicU32>,
}

#[pymethods]
impl Witness {
    #[new]
    fn new() -> Self {
        Witness {
            dropped: Arc::default(),
        }
    }

    #[getter]
    fn dropped(&self) -> u32 {
        self.dropped.load(Ordering::SeqCst)
    }
}

/// Bytes whose end is seen. Some lie inside of the storage itself, where a move would show.
pub(crate) struct Witnessed {
    inside: [u8; 16],
    outside: Vec<u8>,
    dropped: Arc<AtomicU32>,
}

impl Witnessed {
    fn new(data: &[u8], witness: &Witness) -> Witnessed {
        let mut inside = [0; 16];
        let outside = match inside.get_mut(..data.len()) {
            Some(place) => {
                place.copy_from_slice(data);
                Vec::new()
            }
            None => data.to_vec(),
        };
        Witnessed {
            inside,
            outside,
            dropped: Arc::clone(&witness.dropped),
        }
    }
}

impl Storage for Witnessed {
    fn region(&self) -> Region<'_> {
        if self.outside.is_empty() {
            Region::of(&self.inside)
        } else {
            Region::of(&self.outside)
        }
    }
}

impl StorageMut for Witnessed {
    fn region_mut(&mut self) -> RegionMut<'_> {
        if self.outside.is_empty() {
            RegionMut::of(&mut self.inside)
        } else {
            RegionMut::of(&mut self.outside)
        }
    }
}

impl Drop for Witnessed {
    fn drop(&mut self) {
        self.inside.fill(0xdd);
        self.outside.fill(0xdd);
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// Replaceable(kind, data, witness): at most 16 bytes lie inside of the storage, more lie outside.
#[pyclass(weakref, module = "onloan_suite")]
pub(crate) struct Replaceable {
    cell: Option<ExportCell<Witnessed>>,
}

impl Replaceable {
    fn cell(&self) -> PyResult<&ExportCell<Witnessed>> {
        self.cell
            .as_ref()
            .ok_or_else(|| PyValueError::new_err("the cell is gone"))
    }
}

#[exporter(cell)]
#[pymethods]
impl Replaceable {
    #[new]
    fn new(kind: &str, data: &[u8], witness: &Witness) -> PyResult<Self> {
        let storage = Witnessed::new(data, witness);
        Ok(Replaceable {
            cell: Some(of_kind(kind, ExportCell::builder(storage))?),
        })
    }

    #[getter]
    fn exports(&self) -> PyResult<u64> {
        Ok(self.cell()?.exports())
    }

    /// Opts in: the ledger is told of each export.
    fn register(&self, py: Python<'_>) -> PyResult<()> {
        Ok(self.cell()?.register(py)?)
    }

    /// Another cell of the same kind in the place of this one.
    fn replace(&mut self, kind: &str, data: &[u8], witness: &Witness) -> PyResult<()> {
        let storage = Witnessed::new(data, witness);
        self.cell = Some(of_kind(kind, ExportCell::builder(storage))?);
        Ok(())
    }

    fn drop_cell(&mut self) {
        self.cell = None;
    }

    /// Drops the cell on a thread that Python does not know.
    fn drop_elsewhere(&mut self, py: Python<'_>) {
        let cell = self.cell.take();
        py.detach(|| thread::spawn(move || drop(cell)).join())
            .expect("dropping a cell does not panic");
    }

    /// Promises the storage, and drops it as soon as it arrives; `received` is then called.
    fn take_later(&self, py: Python<'_>, received: Py<PyAny>) -> PyResult<()> {
        self.cell()?.take_later(py, move |py, storage| {
            drop(storage);
            received.call0(py).map(drop)
        })?;
        Ok(())
    }
}

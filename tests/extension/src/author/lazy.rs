//! Memory that exists only while somebody uses it, with every opening and closing counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use onloan::{ExportCell, Lazy, Region, RegionMut, Storage, StorageMut, exporter};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::lent::{Lent, encoded};
use super::of_kind;

/// Numbers of 16 bits that are made when they are looked at, laid out as told.
#[pyfunction]
#[pyo3(signature = (numbers, *, shape = None, strides = None, offset = 0, format = None))]
pub(crate) fn lazy_numbers(
    numbers: Vec<u16>,
    shape: Option<Vec<usize>>,
    strides: Option<Vec<isize>>,
    offset: usize,
    format: Option<String>,
) -> PyResult<Lent> {
    let mut builder = ExportCell::builder(Lazy::new(move |_py| Ok(numbers.clone()))).offset(offset);
    if let Some(shape) = shape {
        builder = builder.shape(shape);
    }
    if let Some(strides) = strides {
        builder = builder.strides(strides);
    }
    if let Some(format) = format {
        builder = builder.format(format);
    }
    Ok(Lent::new(builder.read_only()?, |lazy: &Lazy<Vec<u16>>| {
        lazy.get().map(encoded).unwrap_or_default()
    }))
}

/// What happened to the memory of one object so far.
#[derive(Default)]
struct Life {
    opened: AtomicU32,
    closed: AtomicU32,
    dropped: AtomicU32,
}

/// Memory that was made.
struct Made {
    data: Vec<u8>,
    life: Arc<Life>,
}

impl Drop for Made {
    fn drop(&mut self) {
        self.life.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

impl Storage for Made {
    fn region(&self) -> Region<'_> {
        Region::of(&self.data)
    }

    fn open(&self, _py: Python<'_>) -> PyResult<()> {
        self.life.opened.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn close(&mut self, _py: Python<'_>) {
        self.life.closed.fetch_add(1, Ordering::SeqCst);
    }
}

impl StorageMut for Made {
    fn region_mut(&mut self) -> RegionMut<'_> {
        RegionMut::of(&mut self.data)
    }
}

/// Produced(kind, make): `make()` gives the bytes, whenever there have to be some; it may return "panic".
#[pyclass(frozen, weakref, module = "onloan_suite")]
pub(crate) struct Produced {
    cell: ExportCell<Lazy<Made>>,
    life: Arc<Life>,
}

#[exporter(cell)]
#[pymethods]
impl Produced {
    #[new]
    #[pyo3(signature = (kind, make, *, first = None, last = None, shape = None, format = None))]
    fn new(
        kind: &str,
        make: Py<PyAny>,
        first: Option<Py<PyAny>>,
        last: Option<Py<PyAny>>,
        shape: Option<Vec<usize>>,
        format: Option<String>,
    ) -> PyResult<Self> {
        let life = Arc::new(Life::default());
        let lives = Arc::clone(&life);
        let lazy = Lazy::new(move |py| {
            let made = make.bind(py).call0()?;
            if made.extract::<&str>().is_ok_and(|text| text == "panic") {
                panic!("it cannot be made");
            }
            Ok(Made {
                data: made.extract()?,
                life: Arc::clone(&lives),
            })
        });
        let mut builder = ExportCell::builder(lazy);
        if let Some(hook) = first {
            builder = builder.on_first_export(move |py, _| hook.call0(py).map(drop));
        }
        if let Some(hook) = last {
            builder = builder.on_last_release(move |py, _| hook.call0(py).map(drop));
        }
        if let Some(shape) = shape {
            builder = builder.shape(shape);
        }
        if let Some(format) = format {
            builder = builder.format(format);
        }
        Ok(Produced {
            cell: of_kind(kind, builder)?,
            life,
        })
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.cell.exports()
    }

    /// How often the memory was opened, closed and dropped.
    #[getter]
    fn life(&self) -> (u32, u32, u32) {
        let now = |count: &AtomicU32| count.load(Ordering::SeqCst);
        (
            now(&self.life.opened),
            now(&self.life.closed),
            now(&self.life.dropped),
        )
    }

    /// Opts in: the ledger is told of each export.
    fn register(&self, py: Python<'_>) -> PyResult<()> {
        Ok(self.cell.register(py)?)
    }

    /// Calls `callback` with the bytes under a read guard.
    fn read<'py>(
        &self,
        py: Python<'py>,
        callback: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let guard = self.cell.read(py)?;
        let made = guard.get().map(|made| PyBytes::new(py, &made.data));
        callback.call1((made,))
    }

    /// Takes the storage back as soon as it can be had, and calls `receive` with this object; it may put the storage in again.
    fn pass_through(slf: &Bound<'_, Self>, receive: Py<PyAny>) -> PyResult<()> {
        let this = slf.clone().unbind();
        slf.get().cell.take_later(slf.py(), move |py, lazy| {
            let back = this.get().cell.put(py, lazy).is_ok();
            receive.call1(py, (back,)).map(drop)
        })?;
        Ok(())
    }
}

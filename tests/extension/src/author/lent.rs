//! One class for every storage: tests ask what its memory looks like, whatever owns it.

use std::sync::Arc;

use onloan::{Export, ExportCell, Kind, Storage, exporter};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// What the storage holds, as its owner in Rust sees it.
type Look = Box<dyn Fn(Python<'_>) -> PyResult<Vec<u8>> + Send + Sync>;

/// An object that lends a cell, whatever its storage.
#[pyclass(frozen, weakref, module = "onloan_suite")]
pub(crate) struct Lent {
    cell: Arc<dyn Export + Send + Sync>,
    kind: Kind,
    exports: Box<dyn Fn() -> u64 + Send + Sync>,
    look: Look,
    copy: Look,
    register: Box<dyn Fn(Python<'_>) -> PyResult<()> + Send + Sync>,
}

impl Lent {
    /// `items` gives the items of the storage in C order, without using its region.
    pub(super) fn new<S: Storage>(
        cell: ExportCell<S>,
        items: impl Fn(&S) -> Vec<u8> + Send + Sync + 'static,
    ) -> Lent {
        let kind = cell.kind();
        let cell = Arc::new(cell);
        let counted = Arc::clone(&cell);
        let looked_at = Arc::clone(&cell);
        let copied = Arc::clone(&cell);
        let registered = Arc::clone(&cell);
        Lent {
            cell,
            kind,
            exports: Box::new(move || counted.exports()),
            look: Box::new(move |py| Ok(items(&*looked_at.read(py)?))),
            copy: Box::new(move |py| {
                let mut bytes = vec![0; copied.layout(py)?.nbytes()];
                copied.copy_to(py, 0, &mut bytes)?;
                Ok(bytes)
            }),
            register: Box::new(move |py| Ok(registered.register(py)?)),
        }
    }
}

#[exporter(cell)]
#[pymethods]
impl Lent {
    /// How many exports are out.
    #[getter]
    fn exports(&self) -> u64 {
        (self.exports)()
    }

    /// Opts in: the ledger is told of each export.
    fn register(&self, py: Python<'_>) -> PyResult<()> {
        (self.register)(py)
    }

    #[getter]
    fn readonly(&self) -> bool {
        self.kind == Kind::ReadOnly
    }

    /// What is lent, as the cell copies it, also beside exports.
    fn copied<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &(self.copy)(py)?))
    }

    /// The bytes of all items in C order, as Rust has them. `BufferError` while it may not look.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &(self.look)(py)?))
    }
}

/// A value as the bytes that it has in memory, written down field by field: what `Element` claims is held against it.
pub(super) trait Encode {
    fn encode(&self, to: &mut Vec<u8>);
}

/// All of them, one behind the other.
pub(super) fn encoded<'a, T: Encode + 'a>(values: impl IntoIterator<Item = &'a T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in values {
        value.encode(&mut bytes);
    }
    bytes
}

macro_rules! encode_numbers {
    ($($number:ty)*) => {$(
        impl Encode for $number {
            fn encode(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_ne_bytes());
            }
        }
    )*};
}

encode_numbers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64 half::f16);

impl<T: Encode, const N: usize> Encode for [T; N] {
    fn encode(&self, to: &mut Vec<u8>) {
        for value in self {
            value.encode(to);
        }
    }
}

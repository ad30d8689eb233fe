//! Classes in Rust that extend an exporter: one that adds nothing, one that lends memory of its own.

use onloan::{ExportCell, exporter};
use pyo3::prelude::*;

/// Base(data): read-only bytes.
#[pyclass(frozen, subclass, weakref, module = "onloan_suite")]
pub(crate) struct Base {
    data: ExportCell<Vec<u8>>,
}

#[exporter(data)]
#[pymethods]
impl Base {
    #[new]
    fn new(data: Vec<u8>) -> Self {
        Base {
            data: ExportCell::read_only(data),
        }
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.data.exports()
    }
}

/// Child(data): lends what its base lends.
#[pyclass(frozen, subclass, extends = Base, module = "onloan_suite")]
pub(crate) struct Child {
    name: &'static str,
}

#[pymethods]
impl Child {
    #[new]
    fn new(data: Vec<u8>) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Base::new(data)).add_subclass(Child { name: "child" })
    }

    #[getter]
    fn name(&self) -> &str {
        self.name
    }
}

/// Other(data, numbers): lends `numbers`, and its base's `data` no more.
#[pyclass(frozen, subclass, extends = Base, module = "onloan_suite")]
pub(crate) struct Other {
    numbers: ExportCell<Vec<u32>>,
}

#[exporter(numbers)]
#[pymethods]
impl Other {
    #[new]
    fn new(data: Vec<u8>, numbers: Vec<u32>) -> PyClassInitializer<Self> {
        let other = Other {
            numbers: ExportCell::writable(numbers),
        };
        PyClassInitializer::from(Base::new(data)).add_subclass(other)
    }

    #[getter]
    fn own_exports(&self) -> u64 {
        self.numbers.exports()
    }
}

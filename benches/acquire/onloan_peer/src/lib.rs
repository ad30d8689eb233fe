//! Exporters as an author writes them with onloan: a cell, an attribute, no `unsafe`.

use onloan::{ExportCell, exporter};
use pyo3::prelude::*;

/// A frozen class that lends bytes.
#[pyclass(frozen)]
struct Frozen {
    data: ExportCell<Vec<u8>>,
}

#[exporter(data)]
#[pymethods]
impl Frozen {
    #[new]
    fn new(data: Vec<u8>, readonly: bool) -> Self {
        let data = if readonly {
            ExportCell::read_only(data)
        } else {
            ExportCell::writable(data)
        };
        Self { data }
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.data.exports()
    }
}

/// A class that is not frozen and lends bytes.
#[pyclass]
struct Ordinary {
    data: ExportCell<Vec<u8>>,
}

#[exporter(data)]
#[pymethods]
impl Ordinary {
    #[new]
    fn new(data: Vec<u8>, readonly: bool) -> Self {
        let data = if readonly {
            ExportCell::read_only(data)
        } else {
            ExportCell::writable(data)
        };
        Self { data }
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.data.exports()
    }
}

/// A frozen class that lends doubles.
#[pyclass(frozen)]
struct FrozenDoubles {
    data: ExportCell<Vec<f64>>,
}

#[exporter(data)]
#[pymethods]
impl FrozenDoubles {
    #[new]
    fn new(data: Vec<f64>, readonly: bool) -> Self {
        let data = if readonly {
            ExportCell::read_only(data)
        } else {
            ExportCell::writable(data)
        };
        Self { data }
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.data.exports()
    }
}

/// Exporters made with onloan.
#[pymodule]
mod onloan_peer {
    #[pymodule_export]
    use super::{Frozen, FrozenDoubles, Ordinary};
}

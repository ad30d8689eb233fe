use onloan::{ExportCell, exporter};
use pyo3::prelude::*;

#[pyclass(frozen)]
struct Tokens {
    ids: ExportCell<Vec<u32>>,
}

#[exporter(ids)]
#[pymethods]
impl Clone for Tokens {
    fn clone(&self) -> Self {
        unreachable!()
    }
}

fn main() {}

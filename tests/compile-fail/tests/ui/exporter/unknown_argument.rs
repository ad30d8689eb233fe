use onloan::{ExportCell, exporter};
use pyo3::prelude::*;

#[pyclass(frozen)]
struct Tokens {
    ids: ExportCell<Vec<u32>>,
}

#[exporter(by = ids)]
#[pymethods]
impl Tokens {
    fn name(&self) -> &str {
        "tokens"
    }
}

fn main() {}

use onloan::{ExportCell, exporter};
use pyo3::prelude::*;

#[pyclass(frozen)]
struct Tokens {
    ids: ExportCell<Vec<u32>>,
    places: ExportCell<Vec<u64>>,
}

#[exporter(ids, places)]
#[pymethods]
impl Tokens {
    fn name(&self) -> &str {
        "tokens"
    }
}

fn main() {}

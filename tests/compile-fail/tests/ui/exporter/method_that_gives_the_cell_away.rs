use std::sync::Mutex;

use onloan::{ExportCell, exporter};
use pyo3::prelude::*;

#[pyclass(frozen)]
struct Tokens {
    ids: Mutex<Vec<u32>>,
}

impl Tokens {
    fn active(&self) -> ExportCell<Vec<u32>> {
        ExportCell::read_only(self.ids.lock().unwrap().clone())
    }
}

#[exporter(via = active)]
#[pymethods]
impl Tokens {
    fn name(&self) -> &str {
        "tokens"
    }
}

fn main() {}

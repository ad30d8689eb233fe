use onloan::exporter;
use pyo3::prelude::*;

#[pyclass(frozen)]
struct Tokens {
    ids: Vec<u32>,
}

impl Tokens {
    fn active(&self) -> &Vec<u32> {
        &self.ids
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

use onloan::exporter;
use pyo3::prelude::*;

#[pyclass(frozen)]
struct Tokens {
    ids: Vec<u32>,
}

#[exporter(ids)]
#[pymethods]
impl Tokens {
    fn name(&self) -> &str {
        "tokens"
    }
}

fn main() {}

use onloan::{ExportCell, exporter};
use pyo3::prelude::*;

#[pyclass(frozen)]
struct Tokens {
    ids: ExportCell<Vec<u32>>,
}

struct Generic<T>(T);

#[exporter(0)]
#[pymethods]
impl<T> Generic<T> {}

fn main() {}

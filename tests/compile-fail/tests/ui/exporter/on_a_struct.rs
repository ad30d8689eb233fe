use onloan::{ExportCell, exporter};
use pyo3::prelude::*;

#[exporter(ids)]
#[pyclass(frozen)]
struct Tokens {
    ids: ExportCell<Vec<u32>>,
}

fn main() {}

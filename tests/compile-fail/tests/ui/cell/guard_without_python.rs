use onloan::{ExportCell, ReadGuard};
use pyo3::prelude::*;

fn kept<'cell>(cell: &'cell ExportCell<Vec<u8>>) -> ReadGuard<'cell, 'static, Vec<u8>> {
    Python::attach(|py| cell.read(py)).unwrap()
}

fn main() {}

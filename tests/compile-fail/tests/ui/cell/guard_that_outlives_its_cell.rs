use onloan::{ExportCell, ReadGuard, Refused};
use pyo3::prelude::*;

fn kept(py: Python<'_>) -> Result<ReadGuard<'_, '_, Vec<u8>>, Refused> {
    let cell = ExportCell::read_only(vec![1, 2, 3]);
    cell.read(py)
}

fn main() {}

use onloan::{ExportCell, Refused};
use pyo3::prelude::*;

fn dropped(py: Python<'_>, cell: ExportCell<Vec<u8>>) -> Result<usize, Refused> {
    let guard = cell.read(py)?;
    drop(cell);
    Ok(guard.len())
}

fn main() {}

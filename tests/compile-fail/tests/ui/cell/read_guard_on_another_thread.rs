use onloan::ExportCell;
use pyo3::prelude::*;

fn detached(py: Python<'_>, cell: &ExportCell<Vec<u8>>) -> PyResult<usize> {
    let guard = cell.read(py)?;
    Ok(py.detach(|| guard.len()))
}

fn main() {}

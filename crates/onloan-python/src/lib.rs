//! The extension module `onloan._onloan`.
use pyo3::prelude::*;

#[pymodule]
fn _onloan(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

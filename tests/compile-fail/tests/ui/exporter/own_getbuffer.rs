use std::ffi::c_int;

use onloan::{ExportCell, exporter};
use pyo3::ffi;
use pyo3::prelude::*;

#[pyclass(frozen)]
struct Tokens {
    ids: ExportCell<Vec<u32>>,
}

#[exporter(ids)]
#[pymethods]
impl Tokens {
    unsafe fn __getbuffer__(_slf: &Bound<'_, Self>, _view: *mut ffi::Py_buffer, _flags: c_int) -> PyResult<()> {
        Ok(())
    }
}

fn main() {}

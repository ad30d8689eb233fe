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
    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {}
}

fn main() {}

//! The extension module `onloan._onloan`: what the package `onloan` has from Rust. One file a concern.

#![deny(unsafe_code)]

use pyo3::prelude::*;

mod buffer;
#[allow(unsafe_code)]
mod check;
mod errors;
mod inspect;
mod item;
mod nested;
mod probe;
mod shape;
#[allow(unsafe_code)]
mod trace;
#[allow(unsafe_code)]
mod type_slots;
mod values;
#[allow(unsafe_code)]
mod view;

#[pymodule]
fn _onloan(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<buffer::Buffer>()?;
    module.add_function(wrap_pyfunction!(buffer::rebuild, module)?)?;
    view::register(module)?;
    module.add_function(wrap_pyfunction!(view::rebuild, module)?)?;
    module.add_function(wrap_pyfunction!(inspect::describe, module)?)?;
    module.add_function(wrap_pyfunction!(inspect::draw, module)?)?;
    module.add_function(wrap_pyfunction!(inspect::lends, module)?)?;
    module.add_function(wrap_pyfunction!(probe::expected, module)?)?;
    module.add_function(wrap_pyfunction!(probe::request, module)?)?;
    module.add_function(wrap_pyfunction!(probe::requests, module)?)?;
    check::register(module)?;
    trace::register(module)?;
    module.add_function(wrap_pyfunction!(type_slots::buffer_slots, module)?)?;
    Ok(())
}

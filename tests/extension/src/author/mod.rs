//! What an author of an extension writes: no `unsafe`, no flags, no counting.

pub(crate) mod classes;
pub(crate) mod cycles;
pub(crate) mod elements;
pub(crate) mod fields;
pub(crate) mod hooks;
pub(crate) mod inheritance;
pub(crate) mod layouts;
pub(crate) mod lazy;
pub(crate) mod lent;
pub(crate) mod replaced;
pub(crate) mod storages;

use onloan::{BuildError, ExportCell, ExportCellBuilder, StorageMut};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A cell of the kind that a test names: `read_only`, `writable` or `exclusive`.
fn of_kind<S: StorageMut>(kind: &str, builder: ExportCellBuilder<S>) -> PyResult<ExportCell<S>> {
    type Build<S> = fn(ExportCellBuilder<S>) -> Result<ExportCell<S>, BuildError>;
    let build: Build<S> = match kind {
        "read_only" => ExportCellBuilder::read_only,
        "writable" => ExportCellBuilder::writable,
        "exclusive" => ExportCellBuilder::exclusive,
        other => return Err(PyValueError::new_err(format!("no kind of cell: {other}"))),
    };
    Ok(build(builder)?)
}

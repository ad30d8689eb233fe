//! Any layout that the builder takes, over bytes; and rows with suboffsets.

use onloan::layout::Layout;
use onloan::{ExportCell, Rows};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::lent::{Lent, encoded};
use super::of_kind;

/// Lays `data` out as told. `items()` of the result gives all of `data`, also what is not lent.
#[pyfunction]
#[pyo3(signature = (kind, data, *, shape = None, strides = None, offset = 0, format = None, layout = None, copies = false))]
#[allow(clippy::too_many_arguments)] // The builder's methods, as keywords.
pub(crate) fn laid_out(
    kind: &str,
    data: Vec<u8>,
    shape: Option<Vec<usize>>,
    strides: Option<Vec<isize>>,
    offset: usize,
    format: Option<String>,
    layout: Option<(Vec<isize>, Vec<isize>, usize)>,
    copies: bool,
) -> PyResult<Lent> {
    let mut builder = ExportCell::builder(data).offset(offset);
    if let Some(shape) = shape {
        builder = builder.shape(shape);
    }
    if let Some(strides) = strides {
        builder = builder.strides(strides);
    }
    if let Some(format) = format {
        builder = builder.format(format);
    }
    if let Some((shape, strides, itemsize)) = layout {
        let layout = Layout::strided(&shape, &strides, itemsize)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        builder = builder.layout(layout);
    }
    if copies {
        builder = builder.contiguous_copies();
    }
    Ok(Lent::new(of_kind(kind, builder)?, Clone::clone))
}

/// Rows of 32-bit integers, each in an allocation of its own.
#[pyfunction]
#[pyo3(signature = (kind, rows, *, copies = false))]
pub(crate) fn rows(kind: &str, rows: Vec<Vec<i32>>, copies: bool) -> PyResult<Lent> {
    let rows = Rows::new(rows).map_err(|ragged| PyValueError::new_err(ragged.to_string()))?;
    let mut builder = ExportCell::builder(rows);
    if copies {
        builder = builder.contiguous_copies();
    }
    Ok(Lent::new(of_kind(kind, builder)?, |rows: &Rows<i32>| {
        let all = (0..rows.shape().0).filter_map(|row| rows.row(row));
        encoded(all.flatten())
    }))
}

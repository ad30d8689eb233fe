//! Buffers from data, from values, and of zeros.

use onloan::layout::Layout;
use onloan::request::Request;
use onloan::{Loan, Pages};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PySequence};

use super::memory::{self, Memory};
use super::{Buffer, Origin};
use crate::errors;
use crate::item::Item;
use crate::nested;
use crate::shape::{self, index};
use crate::values;

/// The data of a `Buffer`, of which there may be none. (`None` is data too, of the wrong kind.)
pub(super) enum Data<'py> {
    Nothing,
    Given(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for Data<'py> {
    type Error = PyErr;

    fn extract(object: pyo3::Borrowed<'_, 'py, PyAny>) -> PyResult<Data<'py>> {
        Ok(Data::Given(object.to_owned()))
    }
}

/// `Buffer(data, …)`.
pub(super) fn from_data(
    py: Python<'_>,
    data: Data<'_>,
    format: Option<&str>,
    shape: Option<&Bound<'_, PyAny>>,
    readonly: bool,
    align: Option<&Bound<'_, PyAny>>,
) -> PyResult<Buffer> {
    let data = match data {
        Data::Given(data) => data,
        Data::Nothing => PyBytes::new(py, b"").into_any(),
    };
    let data = &data;
    let align = alignment(align)?;
    let shape = shape.map(shape::shape).transpose()?;
    if Loan::possible(data) {
        return of_exporter(data, format, shape, readonly, align);
    }
    let whole = shape.as_ref().is_none_or(|shape| !shape.is_empty());
    if whole && let Some(number) = index(data)? {
        return Err(PyTypeError::new_err(format!(
            "cannot make a Buffer of an integer: for zeros there is Buffer.zeros({})",
            shape::shown(&number)
        )));
    }
    let Some(format) = format else {
        return Err(PyTypeError::new_err(
            "a Buffer of values needs a format, as in Buffer([1, 2], format='i')",
        ));
    };
    of_values(data, &Item::new(format, None)?, shape, align)
        .and_then(|(memory, layout)| made(memory, Item::new(format, None)?, layout, readonly))
}

/// `Buffer.zeros(shape, …)`.
pub(super) fn zeros(
    shape: &Bound<'_, PyAny>,
    format: &str,
    align: Option<&Bound<'_, PyAny>>,
    huge_pages: bool,
    readonly: bool,
) -> PyResult<Buffer> {
    let align = alignment(align)?;
    let item = Item::new(format, None)?;
    let layout = c_order(&shape::shape(shape)?, &item)?;
    let pages = if huge_pages {
        Pages::Huge
    } else {
        Pages::Ordinary
    };
    let memory = Memory::zeros(layout.nbytes(), align, pages)?;
    made(memory, item, layout, readonly)
}

/// A `Buffer` of its own memory.
pub(super) fn made(memory: Memory, item: Item, layout: Layout, readonly: bool) -> PyResult<Buffer> {
    let cell = memory::held(memory, &item, layout, readonly)?;
    Ok(Buffer::made(cell, item, Origin::Memory))
}

impl Buffer {
    /// The same, its exports put down from now on if that is wanted.
    pub(super) fn registered(self, py: Python<'_>, wanted: bool) -> PyResult<Buffer> {
        if wanted {
            self.cell.register(py)?;
        }
        Ok(self)
    }
}

pub(super) fn c_order(shape: &[isize], item: &Item) -> PyResult<Layout> {
    Layout::c_order(shape, item.size()).map_err(errors::value)
}

fn alignment(align: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
    let Some(align) = align else {
        return Ok(memory::ALIGN);
    };
    let bytes = shape::count(align, "align")?;
    if bytes.is_power_of_two() {
        Ok(bytes)
    } else {
        Err(errors::value(format!(
            "align is {bytes}, not a power of two"
        )))
    }
}

fn of_exporter(
    data: &Bound<'_, PyAny>,
    format: Option<&str>,
    shape: Option<Vec<isize>>,
    readonly: bool,
    align: usize,
) -> PyResult<Buffer> {
    let loan = Loan::acquire(data, Request::FULL_RO)?;
    let given = loan.layout();
    let item = match format {
        Some(format) => {
            Item::new(format, Some(given.itemsize())).or_else(|_| Item::new(format, None))?
        }
        None => {
            let format = loan.format().to_str().map_err(errors::value)?;
            Item::new(format, Some(given.itemsize()))?
        }
    };
    let layout = layout_for(given, &item, shape)?;
    let bytes = memory::copy(data.py(), &loan, align)?;
    made(Memory::Own(bytes), item, layout, readonly)
}

/// How the bytes of `given` are laid out as items of `item`: in `shape`, or in the shape they have, whose last extent then counts other items.
pub(super) fn layout_for(
    given: &Layout,
    item: &Item,
    shape: Option<Vec<isize>>,
) -> PyResult<Layout> {
    let shape = match shape {
        Some(shape) => shape,
        None if item.size() == given.itemsize() => given.shape().to_vec(),
        None => {
            let mut shape = given.shape().to_vec();
            let last = shape.last_mut().ok_or_else(|| {
                errors::value("an item without axes cannot become items of another size")
            })?;
            let bytes = last.unsigned_abs() * given.itemsize();
            if !bytes.is_multiple_of(item.size()) {
                return Err(errors::value(format!(
                    "{bytes} bytes are not a number of items of {} bytes",
                    item.size()
                )));
            }
            *last = (bytes / item.size()).cast_signed();
            shape
        }
    };
    let layout = c_order(&shape, item)?;
    if layout.nbytes() != given.nbytes() {
        return Err(errors::value(format!(
            "{layout} are {} bytes; the data has {}",
            layout.nbytes(),
            given.nbytes()
        )));
    }
    Ok(layout)
}

/// Items from nested sequences, or one item if `shape` has no axes.
pub(super) fn of_values(
    data: &Bound<'_, PyAny>,
    item: &Item,
    shape: Option<Vec<isize>>,
    align: usize,
) -> PyResult<(Memory, Layout)> {
    let mut data = data.clone();
    let shape = match shape {
        Some(shape) => shape,
        None => {
            if data.cast::<PySequence>().is_err() && !values::is_text(&data) {
                let all: Vec<_> = data.try_iter()?.collect::<PyResult<_>>()?;
                data = PyList::new(data.py(), all)?.into_any();
            }
            nested::shape_of(item.plan(), &data)?
        }
    };
    let layout = c_order(&shape, item)?;
    let mut memory = Memory::zeros(layout.nbytes(), align, Pages::Ordinary)?;
    if let Memory::Own(bytes) = &mut memory {
        nested::write(item.plan(), &shape, &data, bytes)?;
    }
    Ok((memory, layout))
}

//! One item of any format, out and in.

use onloan::format::Plan;
use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;

use super::item::Item;
use super::native::{self, Packed};
use super::place::Place;
use crate::errors;
use crate::values;

/// Reads the items of one view, keeping what can be kept between two of them.
pub(super) struct Reader<'item> {
    item: &'item Item,
    bytes: Vec<u8>,
}

impl<'item> Reader<'item> {
    #[inline]
    pub(super) fn of(item: &'item Item) -> Reader<'item> {
        Reader {
            item,
            bytes: Vec::new(),
        }
    }

    /// What is read.
    pub(super) fn item(&self) -> &'item Item {
        self.item
    }

    /// The value of an item.
    ///
    /// # Errors
    /// `NotImplementedError` for what is no format, or one of items of another size.
    #[inline]
    pub(super) fn read<'py>(
        &mut self,
        py: Python<'py>,
        place: Place<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.item.native() {
            Some(code) => native::unpack(py, code, place),
            None => self.read_planned(py, place),
        }
    }

    fn read_planned<'py>(
        &mut self,
        py: Python<'py>,
        place: Place<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let plan = plan(self.item)?;
        place.read_item(&mut self.bytes);
        values::to_python(py, plan.read(&self.bytes).map_err(errors::value)?)
    }
}

/// The bytes of an item to be.
pub(super) enum Packing {
    Native(Packed),
    Bytes(Vec<u8>),
}

impl Packing {
    /// What `object` is as an item. Runs its code.
    ///
    /// # Errors
    /// `TypeError` and `ValueError` for what does not fit; `NotImplementedError` as for reading.
    #[inline]
    pub(super) fn of(item: &Item, object: &Bound<'_, PyAny>) -> PyResult<Packing> {
        match item.native() {
            Some(code) => native::pack(code, item.text(), object).map(Packing::Native),
            None => {
                let plan = plan(item)?;
                let mut bytes = vec![0; plan.size()];
                values::write(plan, object, &mut bytes)?;
                Ok(Packing::Bytes(bytes))
            }
        }
    }

    /// Writes the item; nothing if it is read-only.
    #[inline]
    pub(super) fn write(self, place: Place<'_>) {
        match self {
            Packing::Native(packed) => packed.write(place),
            Packing::Bytes(bytes) => place.write_item(&bytes),
        };
    }
}

fn plan(item: &Item) -> PyResult<&Plan> {
    item.plan().ok_or_else(|| unsupported(item))
}

#[cold]
pub(super) fn unsupported(item: &Item) -> PyErr {
    PyNotImplementedError::new_err(format!("memoryview: unsupported format {}", item.name()))
}

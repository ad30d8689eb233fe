//! Items of any type, as bytes and as values.

use onloan_core::format::Value;
use onloan_core::kernel::CopyError;
use pyo3::prelude::*;

use super::access::{AccessError, room_for};
use super::item_type::Any;
use super::loan::FormatError;
use super::typed::View;
use crate::storage::OutOfMemory;

impl<const NDIM: usize> View<'_, Any, NDIM> {
    /// The bytes of all items, copied, in C order. CPython: `memoryview.tobytes`.
    ///
    /// # Errors
    /// [`OutOfMemory`]: a few bytes can be lent as any number of items, with strides of 0.
    pub fn to_bytes(&self) -> Result<Vec<u8>, OutOfMemory> {
        let bytes = self.layout().nbytes();
        let mut copy = room_for(bytes)?;
        copy.resize(bytes, 0);
        let copied = self.loan().copy_to(self.py(), &mut copy);
        copied.map_err(|_| OutOfMemory {
            bytes: Some(bytes),
            align: 1,
        })?;
        Ok(copy)
    }

    /// Copies the bytes of all items out, in C order. CPython: `PyBuffer_ToContiguous`.
    ///
    /// # Errors
    /// `to` has another number of bytes.
    pub fn copy_to_bytes(&self, to: &mut [u8]) -> Result<(), CopyError> {
        self.loan().copy_to(self.py(), to)
    }

    /// Writes the bytes of all items, in C order. CPython: `PyBuffer_FromContiguous`.
    ///
    /// # Errors
    /// The items are not writable; `from` has another number of bytes.
    pub fn copy_from_bytes(&self, from: &[u8]) -> PyResult<()> {
        if !self.is_writable() {
            return Err(AccessError::NotWritable.into());
        }
        self.loan().copy_from(self.py(), from)
    }

    /// The value of the item at an index, as its format says; `None` out of bounds.
    ///
    /// # Errors
    /// The format is none, or not one of items of this size. The bytes can be copied all the same.
    pub fn value(&self, index: impl AsRef<[usize]>) -> Result<Option<Value>, FormatError> {
        let plan = self.loan().plan().map_err(Clone::clone)?;
        // SAFETY: pointers that the layout addresses may be followed: assumed of exporters (`exporter-bounds`), held (`LENT`).
        let Some(place) = (unsafe { self.geometry.place(index.as_ref()) }) else {
            return Ok(None);
        };
        let mut item = vec![0; self.itemsize()];
        // SAFETY:
        // in bounds: the bytes of an item (checked), assumed of exporters (`exporter-bounds`); `item` has as many.
        // alive: held (`LENT`). apart: `item` is new.
        // initialized: assumed of exporters (`exporter-initialized`).
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        unsafe { place.copy_to_nonoverlapping(item.as_mut_ptr(), item.len()) };
        let value = plan.read(&item);
        Ok(Some(value.unwrap_or_else(|error| {
            unreachable!("a plan for items of this size: {error}")
        })))
    }
}

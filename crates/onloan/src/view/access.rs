//! Reading and writing items whose type is known.

use std::fmt;
use std::slice;

use onloan_core::element::AnyBits;
use onloan_core::kernel::{CopyError, copy_raw, fill_raw, gather_raw, scatter_raw};
use onloan_core::layout::{Layout, Order};
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::items::Items;
use super::iter::{Iter, Rows};
use crate::storage::OutOfMemory;

/// Why items cannot be read or written as asked. As a Python exception: `TypeError` for read-only memory, `IndexError` for an index,
/// `ValueError` for lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessError {
    /// The items are not to be written to: that was not asked for when they were acquired.
    NotWritable,
    /// An index that is out of bounds, or has not one number for each axis.
    OutOfRange,
    /// A slice with another number of items.
    LengthsDiffer {
        /// Of the view.
        items: usize,
        /// Of the slice.
        slice: usize,
    },
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccessError::NotWritable => {
                f.write_str("the view is read-only: ask for it with `Request::WRITABLE`")
            }
            AccessError::OutOfRange => f.write_str("the index is out of range"),
            AccessError::LengthsDiffer { items, slice } => {
                write!(f, "the view has {items} items, the slice {slice}")
            }
        }
    }
}

impl std::error::Error for AccessError {}

impl From<AccessError> for PyErr {
    fn from(error: AccessError) -> PyErr {
        let text = error.to_string();
        match error {
            AccessError::NotWritable => PyTypeError::new_err(text),
            AccessError::OutOfRange => PyIndexError::new_err(text),
            AccessError::LengthsDiffer { .. } => PyValueError::new_err(text),
        }
    }
}

impl<T: AnyBits, const NDIM: usize> Items<T, NDIM> {
    /// The item at an index, one number for each axis; `None` out of bounds.
    ///
    /// ```no_run
    /// # fn corner(image: &onloan::View<'_, u8, 2>) -> Option<u8> {
    /// image.get([0, 0])
    /// # }
    /// ```
    #[inline]
    #[must_use]
    pub fn get(&self, index: impl AsRef<[usize]>) -> Option<T> {
        let place = self.place(index.as_ref())?;
        // SAFETY:
        // in bounds: the place of an item (checked), of `size_of::<T>()` bytes (`FITS`): assumed of exporters (`exporter-bounds`).
        // alive: held (`LENT`).
        // initialized: assumed of exporters (`exporter-initialized`); any bytes are a `T` (`AnyBits`).
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        Some(unsafe { place.read_unaligned() })
    }

    /// Writes the item at an index.
    ///
    /// # Errors
    /// The items are not writable, or the index is out of bounds.
    #[inline]
    pub fn set(&self, index: impl AsRef<[usize]>, value: T) -> Result<(), AccessError> {
        self.writable()?;
        let place = self.place(index.as_ref()).ok_or(AccessError::OutOfRange)?;
        // SAFETY: as in `get`; and writable (checked).
        unsafe { place.write_unaligned(value) };
        Ok(())
    }

    #[inline]
    fn place(&self, index: &[usize]) -> Option<*mut T> {
        // SAFETY: pointers that the layout addresses may be followed: assumed of exporters (`exporter-bounds`), held (`LENT`).
        unsafe { self.geometry.place(index) }.map(<*mut u8>::cast)
    }

    /// All items in C order, as copies.
    #[inline]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::over(self)
    }

    /// The rows in C order: all axes are walked but the last, and each gives an iterator over its items. Without axes there is one row of
    /// one item.
    #[inline]
    pub fn rows(&self) -> Rows<'_, T> {
        Rows::over(self)
    }

    /// All items, copied, in C order.
    ///
    /// # Errors
    /// [`OutOfMemory`]: a few bytes can be lent as any number of items, with strides of 0.
    pub fn to_vec(&self) -> Result<Vec<T>, OutOfMemory> {
        let items = self.len();
        let mut copy = room_for(items)?;
        // SAFETY: room for `items` items.
        unsafe { self.copy_out(copy.as_mut_ptr()) };
        // SAFETY: written right before, all of them.
        unsafe { copy.set_len(items) };
        Ok(copy)
    }

    /// Copies all items out, in C order. CPython: `PyBuffer_ToContiguous`.
    ///
    /// # Errors
    /// `to` has another number of items.
    pub fn copy_to_slice(&self, to: &mut [T]) -> Result<(), AccessError> {
        self.same_length(to.len())?;
        // SAFETY: as many items as there are here (checked).
        unsafe { self.copy_out(to.as_mut_ptr()) };
        Ok(())
    }

    /// Writes all items, in C order. CPython: `PyBuffer_FromContiguous`.
    ///
    /// # Errors
    /// The items are not writable, or `from` has another number of them.
    pub fn copy_from_slice(&self, from: &[T]) -> Result<(), AccessError> {
        self.writable()?;
        self.same_length(from.len())?;
        // SAFETY: as many items as there are here (checked), which may be written to (checked).
        if unsafe { self.scatter(from.as_ptr()) }.is_err() {
            // No memory for a temporary copy, which it takes only where the exporter says that its memory is Rust's.
            for (place, value) in Iter::over(self).places().zip(from) {
                // SAFETY: as in `set`; the places are those of the items.
                unsafe { place.write_unaligned(*value) };
            }
        }
        Ok(())
    }

    /// Writes `value` to every item.
    ///
    /// # Errors
    /// The items are not writable.
    pub fn fill(&self, value: T) -> Result<(), AccessError> {
        self.writable()?;
        let value = [value];
        // SAFETY: all bytes of an element are initialised (`Element`); as many as it has.
        let item = unsafe { slice::from_raw_parts(value.as_ptr().cast(), size_of::<T>()) };
        // SAFETY: writable, tables, unraced: as in `copy_from_slice`. apart: `value` is Rust's own.
        let filled = unsafe { fill_raw(self.geometry.base, self.layout(), item) };
        debug_assert_eq!(filled, Ok(()), "one item size, and nothing is shared");
        Ok(())
    }

    /// # Safety
    /// There is room for [`len`](Self::len) items from `to` on.
    unsafe fn copy_out(&self, to: *mut T) {
        let from = self.geometry.base;
        if self.geometry.is_gapless() {
            // SAFETY:
            // in bounds, alive, initialized, unraced: as in `get`; without gaps the items are these bytes. Without bytes nothing is asked.
            unsafe {
                from.copy_to(to.cast(), self.geometry.nbytes());
            };
            return;
        }
        // SAFETY: granted by the caller.
        if unsafe { self.gather(to) }.is_err() {
            // As in `copy_from_slice`.
            for (place, value) in self.iter().enumerate() {
                // SAFETY: room for as many items (granted by the caller).
                unsafe { to.wrapping_add(place).write(value) };
            }
        }
    }

    /// # Safety
    /// As [`copy_out`](Self::copy_out).
    unsafe fn gather(&self, to: *mut T) -> Result<(), CopyError> {
        let (to, from) = (to.cast(), self.geometry.base);
        match self.geometry.axes() {
            Some((shape, strides)) => {
                let itemsize = self.itemsize();
                // SAFETY:
                // readable, unraced: as in `get`. writable: granted by the caller.
                // strided: checked when they were acquired (`AXES_CHECKED`).
                unsafe { gather_raw(to, Order::C, from, shape, strides, itemsize) }
            }
            // SAFETY: as above; `tables`: assumed of exporters (`exporter-bounds`).
            None => unsafe { copy_raw(to, &self.gapless(), from, self.layout()) },
        }
    }

    /// # Safety
    /// As many items from `from` on as there are here; these may be written to.
    unsafe fn scatter(&self, from: *const T) -> Result<(), CopyError> {
        let (to, from) = (self.geometry.base, from.cast());
        match self.geometry.axes() {
            Some((shape, strides)) => {
                let itemsize = self.itemsize();
                // SAFETY:
                // readable: granted by the caller; all bytes of an element are initialised (`Element`).
                // writable: assumed of exporters (`exporter-bounds`), asked for and granted (the caller checked), held (`LENT`).
                // strided: checked when they were acquired (`AXES_CHECKED`).
                // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
                unsafe { scatter_raw(to, shape, strides, itemsize, from, Order::C) }
            }
            // SAFETY: as above; `tables`: assumed of exporters (`exporter-bounds`).
            None => unsafe { copy_raw(to, self.layout(), from, &self.gapless()) },
        }
    }

    /// The same items without gaps.
    fn gapless(&self) -> Layout {
        Layout::c_order(self.shape(), self.itemsize())
            .unwrap_or_else(|error| unreachable!("the items themselves can be counted: {error}"))
    }

    #[inline]
    fn writable(&self) -> Result<(), AccessError> {
        if self.is_writable() {
            Ok(())
        } else {
            Err(AccessError::NotWritable)
        }
    }

    fn same_length(&self, slice: usize) -> Result<(), AccessError> {
        let items = self.len();
        if items == slice {
            Ok(())
        } else {
            Err(AccessError::LengthsDiffer { items, slice })
        }
    }
}

/// An empty vector with room for so many items.
pub(super) fn room_for<T>(items: usize) -> Result<Vec<T>, OutOfMemory> {
    let mut room = Vec::new();
    match room.try_reserve_exact(items) {
        Ok(()) => Ok(room),
        Err(_) => Err(OutOfMemory {
            bytes: items.checked_mul(size_of::<T>()),
            align: align_of::<T>(),
        }),
    }
}

impl<'view, T: AnyBits, const NDIM: usize> IntoIterator for &'view Items<T, NDIM> {
    type Item = T;
    type IntoIter = Iter<'view, T>;

    fn into_iter(self) -> Iter<'view, T> {
        self.iter()
    }
}

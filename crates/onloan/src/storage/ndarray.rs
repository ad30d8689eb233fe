//! Arrays of the `ndarray` crate, with their own axes and strides.

use ::ndarray::{ArcArray, Array, ArrayRef, Dimension};
use onloan_core::element::{AnyBits, Element};
use onloan_core::layout::Layout;
use std::ptr::NonNull;

use super::{Region, RegionMut, Storage, StorageMut};

/// Shape and strides of an array in bytes, as a region that starts at its lowest element.
///
/// # Safety
/// `first` points to element [0,…,0] of `array`, and may be read (written) through for `'a`.
unsafe fn region<'a, T: Element, D: Dimension>(
    array: &ArrayRef<T, D>,
    first: *mut T,
) -> Region<'a> {
    const {
        assert!(
            T::SHAPE.is_empty(),
            "an ndarray of arrays: use one more axis instead"
        );
    };
    let itemsize = size_of::<T>() as isize;
    let shape: Vec<isize> = array
        .shape()
        .iter()
        .map(|extent| extent.cast_signed())
        .collect();
    let strides: Vec<isize> = array
        .strides()
        .iter()
        .map(|stride| stride * itemsize)
        .collect();
    let layout = Layout::strided(&shape, &strides, size_of::<T>())
        .unwrap_or_else(|error| unreachable!("an array in memory has no layout: {error}"));
    let extent = layout.extent().unwrap_or_default();
    let start = first.cast::<u8>().wrapping_offset(extent.start);
    let start = NonNull::new(start).unwrap_or(NonNull::<T>::dangling().cast());
    // SAFETY: ndarray keeps all elements that shape and strides address alive in the array's own allocation, initialised;
    // the caller vouches for the access.
    unsafe { Region::from_raw::<T>(start, extent.len(), -extent.start, layout) }
}

impl<T: Element, D: Dimension + 'static> Storage for Array<T, D> {
    fn region(&self) -> Region<'_> {
        // SAFETY: `as_ptr` points to the first element, borrowed with `self`.
        unsafe { region(self, self.as_ptr().cast_mut()) }
    }
}

impl<T: AnyBits, D: Dimension + 'static> StorageMut for Array<T, D> {
    fn region_mut(&mut self) -> RegionMut<'_> {
        let first = self.as_mut_ptr();
        // SAFETY: `as_mut_ptr` points to the first element, and may be written through.
        let region = unsafe { region(self, first) };
        // SAFETY: borrowed exclusively with `self`, which owns the elements; any bytes are a `T` (`AnyBits`).
        unsafe { RegionMut::assume_exclusive(region) }
    }
}

/// Shared with other owners in Rust, who read: never lent writable.
impl<T: Element, D: Dimension + 'static> Storage for ArcArray<T, D> {
    fn region(&self) -> Region<'_> {
        // SAFETY: `as_ptr` points to the first element, borrowed with `self`.
        unsafe { region(self, self.as_ptr().cast_mut()) }
    }
}

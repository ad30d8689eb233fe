//! Views as arrays of the `ndarray` crate: copied, or in place where that is proven sound or promised.

use ::ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, ShapeBuilder};
use onloan_core::element::AnyBits;

use super::items::Items;
use super::typed::View;
use crate::storage::OutOfMemory;

impl<T: AnyBits, const NDIM: usize> Items<T, NDIM> {
    /// All items, copied into an array of the same shape, in C order.
    ///
    /// Where the rank is known, `into_dimensionality::<Ix2>()` says so to the compiler.
    ///
    /// # Errors
    /// [`OutOfMemory`]: a few bytes can be lent as any number of items, with strides of 0.
    pub fn to_ndarray(&self) -> Result<ArrayD<T>, OutOfMemory> {
        let shape = IxDyn(&extents(self.shape()));
        let array = ArrayD::from_shape_vec(shape, self.to_vec()?);
        Ok(array.unwrap_or_else(|error| unreachable!("as many items as the shape says: {error}")))
    }
}

impl<T: AnyBits, const NDIM: usize> View<'_, T, NDIM> {
    /// The items in place, with their own strides: only where it is known that nobody changes them while the view lives, and where
    /// they lie at addresses that are right for `T`. Else `None`: then [`to_ndarray`](Items::to_ndarray) copies them.
    ///
    /// What is known of whom is said at [`as_slice`](View::as_slice).
    #[must_use]
    pub fn as_ndarray(&self) -> Option<ArrayViewD<'_, T>> {
        if !self.is_stable() {
            return None;
        }
        // SAFETY: stable (checked).
        unsafe { self.as_ndarray_unchecked() }
    }

    /// The items in place, with their own strides, if they lie at addresses that are right for `T`, and not behind pointers.
    ///
    /// # Safety
    /// Nobody writes to the memory while the array is used: no other consumer, no other thread, not the exporter. That the view is read-only does not
    /// say so.
    #[must_use]
    pub unsafe fn as_ndarray_unchecked(&self) -> Option<ArrayViewD<'_, T>> {
        let shape = extents(self.shape());
        if self.is_empty() {
            return ArrayViewD::from_shape(IxDyn(&shape), &[]).ok();
        }
        let size = size_of::<T>().cast_signed();
        let even = self.strides().iter().all(|stride| stride % size == 0);
        let extent = self.layout().extent()?;
        let lowest = self.as_ptr().wrapping_offset(extent.start).cast::<T>();
        if self.layout().is_indirect() || !even || !lowest.is_aligned() {
            return None;
        }
        // `ndarray` wants the lowest address and strides that are not negative; the axes are turned afterwards.
        let steps: Vec<usize> = self
            .strides()
            .iter()
            .map(|stride| (stride / size).unsigned_abs())
            .collect();
        let placed = IxDyn(&shape).strides(IxDyn(&steps));
        // SAFETY:
        // in bounds: the items of the layout from their lowest address on: assumed of exporters (`exporter-bounds`). Aligned (checked).
        // alive: held while the view is borrowed (`LENT`).
        // initialized: assumed of exporters (`exporter-initialized`); any bytes are a `T` (`AnyBits`).
        // unchanged: granted by the caller.
        let mut array = unsafe { ArrayViewD::from_shape_ptr(placed, lowest) };
        for (axis, stride) in self.strides().iter().enumerate() {
            if *stride < 0 {
                array.invert_axis(Axis(axis));
            }
        }
        Some(array)
    }
}

fn extents(shape: &[isize]) -> Vec<usize> {
    shape.iter().map(|extent| extent.unsigned_abs()).collect()
}

//! Items: what a view, or a part of one, has; their places, and parts of them.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use onloan_core::layout::{Layout, LayoutError, Order, Part, Select, Slice};

use super::geometry::Geometry;
use super::item_type::{Any, Viewed};
use super::pointers::Pointers;
use super::rank::DYNAMIC;

/// The items of a [`View`](super::View), or of a [`SubView`] of one: what both can do.
///
/// | | |
/// |---|---|
/// | where they lie | [`shape`](Self::shape), [`extents`](Self::extents), [`layout`](Self::layout), [`len`](Self::len) |
/// | copies | [`to_vec`](Self::to_vec), [`copy_to_slice`](Self::copy_to_slice), [`copy_from_slice`](Self::copy_from_slice), [`fill`](Self::fill) |
/// | one by one | [`get`](Self::get), [`set`](Self::set), [`iter`](Self::iter), [`rows`](Self::rows) |
/// | parts | [`index_axis`](Self::index_axis), [`slice`](Self::slice), [`select`](Self::select), [`transpose`](Self::transpose) |
///
/// Every item is read as a copy, from any address; no reference into the memory is made. What is written is written at once. Others may
/// write meanwhile: between two calls that run Python an item may have changed.
///
/// # What is assumed of exporters
///
/// `exporter-bounds`, `exporter-initialized` and `no-writer-meanwhile`, as for a [`Loan`](crate::Loan).
//
// Invariant `LENT`: `&Items` lives only while its loan is held and the thread is attached. A view is neither `Send` nor `Sync`, and has a
// `Python` token; a sub-view borrows from it.
// Invariant `FITS`: for `T: AnyBits` an item has `size_of::<T>()` bytes, which were found to mean a `T`.
#[repr(transparent)]
pub struct Items<T: Viewed = Any, const NDIM: usize = DYNAMIC> {
    pub(super) geometry: Geometry,
    item: PhantomData<*mut T>,
}

impl<T: Viewed, const NDIM: usize> Items<T, NDIM> {
    /// # Safety
    /// `FITS`: the items are `T`s, with `NDIM` axes; `LENT` for as long as the reference is used.
    #[inline]
    pub(super) unsafe fn of(geometry: &Geometry) -> &Items<T, NDIM> {
        // SAFETY: `repr(transparent)` over `Geometry`; the rest is granted by the caller.
        unsafe { &*std::ptr::from_ref(geometry).cast() }
    }

    /// How many items there are; 1 without axes.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.geometry.size()
    }

    /// There are none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many axes there are.
    #[inline]
    #[must_use]
    pub fn ndim(&self) -> usize {
        self.geometry.ndim()
    }

    /// How many items along each axis.
    #[inline]
    #[must_use]
    pub fn shape(&self) -> &[isize] {
        self.geometry.shape()
    }

    /// How many bytes from one item to the next along each axis; of an axis with a suboffset, from one pointer to the next.
    #[inline]
    #[must_use]
    pub fn strides(&self) -> &[isize] {
        self.geometry.strides()
    }

    /// How many items along each axis, where the rank is fixed.
    ///
    /// ```no_run
    /// use onloan::View;
    ///
    /// fn area(image: &View<'_, u8, 2>) -> usize {
    ///     let [height, width] = image.extents();
    ///     height * width
    /// }
    /// ```
    #[must_use]
    pub fn extents(&self) -> [usize; NDIM] {
        const { assert!(NDIM != DYNAMIC, "of any rank: use `shape`") };
        let mut extents = [0; NDIM];
        for (extent, given) in extents.iter_mut().zip(self.shape()) {
            *extent = given.unsigned_abs();
        }
        extents
    }

    /// The bytes of an item.
    #[inline]
    #[must_use]
    pub fn itemsize(&self) -> usize {
        self.geometry.itemsize()
    }

    /// Everything about where the items lie, from [`as_ptr`](Self::as_ptr) on.
    #[inline]
    #[must_use]
    pub fn layout(&self) -> &Layout {
        self.geometry.layout()
    }

    /// The address of item [0,…,0]; with suboffsets, of the first table of pointers. Of no alignment, and NULL only without bytes.
    #[inline]
    #[must_use]
    pub fn as_ptr(&self) -> *const u8 {
        self.geometry.base
    }

    /// The items may be written to: that was asked for, and granted.
    #[inline]
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.geometry.facts.writable
    }

    /// The items lie without gaps, the last index varying fastest.
    #[inline]
    #[must_use]
    pub fn is_c_contiguous(&self) -> bool {
        self.geometry.is_gapless()
    }

    /// The items lie without gaps, the first index varying fastest.
    #[must_use]
    pub fn is_f_contiguous(&self) -> bool {
        self.layout().is_contiguous_in(Order::F)
    }

    /// The part at one index of `axis`, which goes. Negative indices count from the end.
    ///
    /// # Errors
    /// No such axis, index out of range; with suboffsets there are parts that cannot be described.
    pub fn index_axis(&self, axis: usize, index: isize) -> Result<SubView<'_, T>, LayoutError> {
        Ok(self.part(self.layout().index(axis, index)?))
    }

    /// The part at a slice of `axis`, which stays.
    ///
    /// # Errors
    /// No such axis, step zero; with suboffsets there are parts that cannot be described.
    pub fn slice(&self, axis: usize, slice: Slice) -> Result<SubView<'_, T, NDIM>, LayoutError> {
        Ok(self.part(self.layout().slice(axis, slice)?))
    }

    /// The part at an index of several entries, one for each axis from the first, as in Python: `[2, 1:5, ...]`.
    ///
    /// # Errors
    /// As [`index_axis`](Self::index_axis) and [`slice`](Self::slice); more entries than axes.
    pub fn select(&self, selectors: &[Select]) -> Result<SubView<'_, T>, LayoutError> {
        Ok(self.part(self.layout().select(selectors)?))
    }

    /// The same items with the axes in reverse order.
    ///
    /// # Errors
    /// Suboffsets, with which an axis cannot be moved.
    pub fn transpose(&self) -> Result<SubView<'_, T, NDIM>, LayoutError> {
        let geometry = self.beside(self.geometry.base, self.layout().transpose()?);
        Ok(SubView::of(geometry))
    }

    /// The same items as a type with a fixed rank; `None` if they have another one.
    #[must_use]
    pub fn with_rank<const FIXED: usize>(&self) -> Option<SubView<'_, T, FIXED>> {
        let fits = FIXED == DYNAMIC || self.ndim() == FIXED;
        fits.then(|| SubView::of(self.beside(self.geometry.base, self.layout().clone())))
    }

    fn part<const RANK: usize>(&self, part: Part) -> SubView<'_, T, RANK> {
        // SAFETY: the way to a part of this layout follows only pointers that the layout addresses, and none where there are no items:
        // assumed of exporters (`exporter-bounds`), held (`LENT`).
        let mut pointers = unsafe { Pointers::promised() };
        let base = part.start.walk(&mut pointers, self.geometry.base);
        SubView::of(self.beside(base, part.layout))
    }

    fn beside(&self, base: *mut u8, layout: Layout) -> Geometry {
        let mut geometry = Geometry::of(base, layout);
        geometry.facts.writable = self.geometry.facts.writable;
        geometry
    }
}

impl<T: Viewed, const NDIM: usize> fmt::Debug for Items<T, NDIM> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("layout", self.layout())
            .field("writable", &self.is_writable())
            .finish_non_exhaustive()
    }
}

/// A part of a [`View`](super::View): some of its items, in another order perhaps. It shares the loan of the view, from which it borrows.
pub struct SubView<'view, T: Viewed = Any, const NDIM: usize = DYNAMIC> {
    geometry: Geometry,
    view: PhantomData<&'view Items<T, NDIM>>,
}

impl<T: Viewed, const NDIM: usize> SubView<'_, T, NDIM> {
    /// Invariants `LENT` and `FITS` are those of the items that the geometry is a part of.
    fn of(geometry: Geometry) -> Self {
        SubView {
            geometry,
            view: PhantomData,
        }
    }
}

impl<T: Viewed, const NDIM: usize> Deref for SubView<'_, T, NDIM> {
    type Target = Items<T, NDIM>;

    #[inline]
    fn deref(&self) -> &Items<T, NDIM> {
        // SAFETY: a part of items of which `FITS` and `LENT` hold, for as long as it borrows from them; the rank is counted by `of`'s callers.
        unsafe { Items::of(&self.geometry) }
    }
}

impl<T: Viewed, const NDIM: usize> fmt::Debug for SubView<'_, T, NDIM> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

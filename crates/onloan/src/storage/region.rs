//! Memory as a storage shows it: where it lies, and how items are laid out in it.

use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::ptr::NonNull;

use onloan_core::element::{AnyBits, Element};
use onloan_core::layout::{Layout, LayoutError, MAX_NDIM};

/// How the items are spelled: usually a constant of the element, so that nothing is allocated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FormatText {
    Constant(&'static CStr),
    Owned(CString),
}

impl FormatText {
    pub(crate) fn as_c_str(&self) -> &CStr {
        match self {
            FormatText::Constant(text) => text,
            FormatText::Owned(text) => text,
        }
    }
}

/// Memory with items in it, borrowed from a storage for `'a`.
///
/// ```text
///   start                  start + offset                            start + size
///     │ ····················· │ [0,…,0] │ items, as `layout` says ·········· │
/// ```
#[derive(Debug)]
pub struct Region<'a> {
    start: NonNull<u8>,
    /// Bytes that may be addressed from `start`: of the items, or with suboffsets of the table of pointers.
    size: usize,
    /// From `start` to item [0,…,0].
    offset: isize,
    layout: Layout,
    format: FormatText,
    /// Rust holds the memory as `&[T]` while it is borrowed: only a writable loan could change it.
    steady: bool,
    storage: PhantomData<&'a [u8]>,
}

impl<'a> Region<'a> {
    /// The elements of a slice: one axis, and those of the element if it is an array. For reading only.
    #[must_use]
    pub fn of<T: Element>(slice: &'a [T]) -> Region<'a> {
        Region::whole::<T>(NonNull::from(slice).cast(), slice.len())
    }

    fn whole<T: Element>(start: NonNull<u8>, count: usize) -> Region<'a> {
        const {
            assert!(
                T::SHAPE.len() < MAX_NDIM,
                "an array of arrays with more than 63 dimensions"
            );
        };
        let layout = extents::<T>(count).unwrap_or_else(|error| {
            unreachable!("a slice of {count} elements has no layout: {error}")
        });
        let (size, format) = (
            count * size_of::<T>(),
            FormatText::Constant(T::Item::FORMAT),
        );
        Region {
            start,
            size,
            offset: 0,
            layout,
            format,
            steady: true,
            storage: PhantomData,
        }
    }

    /// The same memory with another layout, whose item [0,…,0] lies `offset` bytes behind the start of the memory.
    ///
    /// ```
    /// use onloan::layout::Layout;
    /// use onloan::Region;
    ///
    /// let samples = [1.0_f32, 2.0, 3.0, 4.0];
    /// let second_channel = Layout::strided(&[2], &[8], 4)?;
    /// let region = Region::of(&samples).with_layout(4, second_channel)?;
    /// # Ok::<(), onloan::layout::LayoutError>(())
    /// ```
    ///
    /// # Errors
    /// [`LayoutError::OutsideRegion`] if an item would lie outside of the memory, or one of the two layouts has suboffsets.
    /// [`LayoutError::ItemSizesDiffer`] if the items have another size: the format would not describe them.
    pub fn with_layout(self, offset: usize, layout: Layout) -> Result<Region<'a>, LayoutError> {
        let itemsize = self.layout.itemsize();
        self.laid_out(offset, layout, itemsize)
    }

    /// The same memory with another layout of items that have `itemsize` bytes.
    pub(crate) fn laid_out(
        self,
        offset: usize,
        layout: Layout,
        itemsize: usize,
    ) -> Result<Region<'a>, LayoutError> {
        if layout.itemsize() != itemsize {
            let wanted = layout.itemsize();
            return Err(LayoutError::ItemSizesDiffer { itemsize, wanted });
        }
        let outside = LayoutError::OutsideRegion {
            start: offset as i128,
            end: offset as i128,
            region: self.size,
        };
        if self.layout.is_indirect() || layout.is_indirect() {
            return Err(outside);
        }
        let offset = isize::try_from(offset).map_err(|_| outside)?;
        layout.fits(self.size, offset)?;
        Ok(Region {
            offset,
            layout,
            ..self
        })
    }

    /// Memory that no slice describes: with gaps that belong to others, or with suboffsets.
    ///
    /// `start` and `size` give the bytes that may be addressed, `offset` the way from there to item [0,…,0].
    ///
    /// # Safety
    /// For `'a`: every item that `layout` addresses, and every pointer on the way there, lies in memory that is allocated, initialised, and not
    /// written to by Rust. Items are of type `T`.
    #[must_use]
    pub(crate) unsafe fn from_raw<T: Element>(
        start: NonNull<u8>,
        size: usize,
        offset: isize,
        layout: Layout,
    ) -> Region<'a> {
        Region {
            start,
            size,
            offset,
            layout,
            format: FormatText::Constant(T::FORMAT),
            steady: false,
            storage: PhantomData,
        }
    }

    /// Spelled otherwise; the size was checked by the caller.
    pub(crate) fn spelled(self, format: FormatText) -> Region<'a> {
        Region { format, ..self }
    }

    /// How the items are laid out.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How an item is spelled, as in `Py_buffer.format`.
    #[must_use]
    pub fn format(&self) -> &CStr {
        self.format.as_c_str()
    }

    /// Bytes of memory that belong to the region, lent or not.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Nobody changes the memory while it is borrowed, unless it is lent writable.
    pub(crate) fn is_steady(&self) -> bool {
        self.steady
    }

    /// The address of item [0,…,0]: `Py_buffer.buf`.
    pub(crate) fn address(&self) -> *mut u8 {
        self.start.as_ptr().wrapping_offset(self.offset)
    }

    pub(crate) fn into_parts(self) -> (Layout, FormatText) {
        (self.layout, self.format)
    }
}

/// Memory that consumers may write to: a [`Region`] that is borrowed exclusively for `'a`.
///
/// There is no way from `&` to it, so that what others may look at, or what is constant, cannot be lent writable.
#[derive(Debug)]
pub struct RegionMut<'a>(Region<'a>);

impl<'a> RegionMut<'a> {
    /// The elements of a slice, for reading and writing.
    #[must_use]
    pub fn of<T: AnyBits>(slice: &'a mut [T]) -> RegionMut<'a> {
        let count = slice.len();
        RegionMut(Region::whole::<T>(NonNull::from(slice).cast(), count))
    }

    /// No memory at all.
    #[must_use]
    pub fn empty() -> RegionMut<'a> {
        RegionMut::of::<u8>(&mut [])
    }

    /// The same memory with another layout, as [`Region::with_layout`].
    ///
    /// # Errors
    /// As there.
    pub fn with_layout(self, offset: usize, layout: Layout) -> Result<RegionMut<'a>, LayoutError> {
        self.0.with_layout(offset, layout).map(RegionMut)
    }

    /// Memory that no slice describes.
    ///
    /// # Safety
    /// The items of `region`, and the pointers on the way there, are borrowed exclusively for `'a`: nobody in Rust has a reference into
    /// them. Any bytes are a value of what Rust takes them for.
    #[must_use]
    pub(crate) unsafe fn assume_exclusive(region: Region<'a>) -> RegionMut<'a> {
        RegionMut(region)
    }

    /// The same, for reading.
    #[must_use]
    pub fn into_region(self) -> Region<'a> {
        self.0
    }
}

/// How many elements, then the extents of the element if it is an array.
fn extents<T: Element>(count: usize) -> Result<Layout, LayoutError> {
    let itemsize = size_of::<T::Item>();
    // Only elements without size can be more than that; nobody can count them.
    let signed = |extent: usize| isize::try_from(extent).unwrap_or(isize::MAX);
    match T::SHAPE {
        [] => Layout::c_order(&[signed(count)], itemsize),
        [inner] => Layout::c_order(&[signed(count), signed(*inner)], itemsize),
        shape => {
            let shape: Vec<isize> = std::iter::once(count)
                .chain(shape.iter().copied())
                .map(signed)
                .collect();
            Layout::c_order(&shape, itemsize)
        }
    }
}

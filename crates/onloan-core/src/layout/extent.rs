//! Which bytes a layout addresses: its levels, the extent of each, and whether it fits a region.

use core::ops::Range;

use super::{Layout, LayoutError};

/// The bytes from the lowest addressed one to one past the highest, counted from where the level
/// starts: at item `[0,…,0]`. With negative strides `start` is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extent {
    /// The lowest addressed byte, at most 0.
    pub start: isize,
    /// One past the highest addressed byte, at least 0.
    pub end: isize,
}

impl Extent {
    /// The number of bytes from start to end, addressed or skipped.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        // Not above `isize::MAX` in any layout, and right up to `usize::MAX`.
        self.end.wrapping_sub(self.start) as usize
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// Axes that are applied one after another without following a pointer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Level {
    /// The axes. Of a level of pointers, the last one is indirect; the last level may have none.
    pub axes: Range<usize>,
    /// What is added to the pointer that leads here; 0 on the first level.
    pub suboffset: isize,
    /// Whether pointers lie here, and not items.
    pub pointers: bool,
    /// The bytes of a pointer, or of an item.
    pub itemsize: usize,
    /// What is addressed from one starting point of this level; empty if there is no item.
    pub extent: Extent,
}

impl Layout {
    /// The levels, from `buf` to the items: one, and one more for each indirect axis.
    pub fn levels(&self) -> impl Iterator<Item = Level> + '_ {
        self.spans().map(|span| Level {
            extent: match self.measure(&span) {
                Ok(extent) if self.size() > 0 => extent,
                _ => Extent::default(),
            },
            axes: span.axes,
            suboffset: span.suboffset,
            pointers: span.pointers,
            itemsize: span.itemsize,
        })
    }

    /// What is addressed from `buf` without following a pointer: the items, or with suboffsets the
    /// first table of pointers. `None` if there is no item.
    ///
    /// ```
    /// use onloan_core::layout::{Extent, Layout};
    ///
    /// let reversed = Layout::strided(&[3], &[-4], 4)?;
    /// assert_eq!(reversed.extent(), Some(Extent { start: -8, end: 4 }));
    /// # Ok::<(), onloan_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn extent(&self) -> Option<Extent> {
        if self.size() == 0 {
            None
        } else {
            self.levels().next().map(|level| level.extent)
        }
    }

    /// Whether everything addressed from `buf` lies in a region of `region` bytes, `buf` being
    /// `offset` bytes behind its start. Without items nothing is addressed and only `offset` has
    /// to lie in the region, or at its end. With suboffsets this is about the first table of
    /// pointers.
    ///
    /// `verify_structure` of CPython's documentation, without its demand that offset and strides
    /// be multiples of `itemsize`.
    ///
    /// # Errors
    ///
    /// [`LayoutError::OutsideRegion`] with what is addressed.
    pub fn fits(&self, region: usize, offset: isize) -> Result<(), LayoutError> {
        let extent = self.extent().unwrap_or_default();
        let start = offset as i128 + extent.start as i128;
        let end = offset as i128 + extent.end as i128;
        if start >= 0 && end <= region as i128 {
            Ok(())
        } else {
            Err(LayoutError::OutsideRegion { start, end, region })
        }
    }

    /// Every extent can be counted in `isize`.
    pub(super) fn check_extents(&self) -> Result<(), LayoutError> {
        if self.size() == 0 {
            return Ok(());
        }
        self.spans()
            .try_for_each(|span| self.measure(&span).map(|_| ()))
    }

    fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        let mut next = Some((0, 0));
        core::iter::from_fn(move || {
            let (start, suboffset) = next?;
            next = (start..self.ndim())
                .find_map(|axis| self.suboffset(axis).map(|suboffset| (axis + 1, suboffset)));
            let (end, itemsize) = match next {
                Some((end, _)) => (end, size_of::<*const u8>()),
                None => (self.ndim(), self.itemsize()),
            };
            Some(Span {
                axes: start..end,
                suboffset,
                pointers: next.is_some(),
                itemsize,
            })
        })
    }

    fn measure(&self, span: &Span) -> Result<Extent, LayoutError> {
        let mut extent = Extent {
            start: 0,
            end: span.itemsize as isize,
        };
        let axes = self.shape().iter().zip(self.strides()).enumerate();
        for (axis, (&count, &stride)) in axes.take(span.axes.end).skip(span.axes.start) {
            let reach = (count - 1).checked_mul(stride);
            let length = reach.and_then(|reach| {
                if reach < 0 {
                    extent.start = extent.start.checked_add(reach)?;
                } else {
                    extent.end = extent.end.checked_add(reach)?;
                }
                extent.end.checked_sub(extent.start)
            });
            if length.is_none() {
                return Err(LayoutError::TooFarApart {
                    axis,
                    extent: count,
                    stride,
                });
            }
        }
        Ok(extent)
    }
}

/// A level whose extent is not measured yet.
struct Span {
    axes: Range<usize>,
    suboffset: isize,
    pointers: bool,
    itemsize: usize,
}

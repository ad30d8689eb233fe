//! A part of a layout: a layout of its own, and where it starts.

use smallvec::SmallVec;

use super::{Dims, Layout, LayoutError, Memory};

/// A layout made from another one that need not start where that one starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// The layout of the part.
    pub layout: Layout,
    /// The way from the `buf` of the whole to the `buf` of the part.
    pub start: Start,
}

/// A way through memory: pointers to follow, then bytes to go.
///
/// Without suboffsets it is an offset in bytes. Indexing away an indirect axis leaves a pointer to
/// follow.
///
/// ```text
///   buf ── +8 ──▶ pointer ──▶ ── +4 ──▶ the part        Start { pointers: [8], offset: 4 }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Start {
    pointers: SmallVec<[isize; 2]>,
    offset: isize,
}

impl Start {
    /// The way in bytes, if no pointer is to be followed.
    #[must_use]
    pub fn offset(&self) -> Option<isize> {
        if self.pointers.is_empty() {
            Some(self.offset)
        } else {
            None
        }
    }

    /// Goes the way from `base`.
    #[inline]
    pub fn walk<M: Memory>(&self, memory: &mut M, base: M::Address) -> M::Address {
        let mut address = base;
        for &offset in &self.pointers {
            let pointer = memory.offset(address, offset);
            address = memory.follow(pointer);
        }
        memory.offset(address, self.offset)
    }
}

/// A layout being taken apart.
pub(super) struct Cut {
    pub(super) shape: Dims,
    pub(super) strides: Dims,
    suboffsets: Dims,
    /// What the remaining axes are called in the whole.
    pub(super) axes: SmallVec<[usize; 8]>,
    start: Start,
    itemsize: usize,
}

impl Cut {
    pub(super) fn of(layout: &Layout) -> Self {
        let (shape, strides, suboffsets) = layout.dims();
        Self {
            shape,
            strides,
            suboffsets,
            axes: (0..layout.ndim()).collect(),
            start: Start::default(),
            itemsize: layout.itemsize(),
        }
    }

    pub(super) fn finish(self) -> Result<Part, LayoutError> {
        let layout = Layout::checked(self.shape, self.strides, self.suboffsets, self.itemsize)?;
        // Without items nothing was addressed: no pointer may be followed.
        let start = if layout.size() == 0 {
            Start::default()
        } else {
            self.start
        };
        Ok(Part { layout, start })
    }

    /// Moves item 0 of `axis` by `bytes`: past the last pointer followed before that axis, or from
    /// `buf`. CPython's `init_slice` does the same.
    pub(super) fn shift(&mut self, axis: usize, bytes: isize) -> Result<(), LayoutError> {
        let before = self.suboffsets.get_mut(..axis).unwrap_or_default();
        let Some(indirect) = before.iter().rposition(|suboffset| *suboffset >= 0) else {
            self.start.offset = self.start.offset.wrapping_add(bytes);
            return Ok(());
        };
        let suboffset = before[indirect].checked_add(bytes);
        match suboffset {
            Some(suboffset) if suboffset >= 0 => {
                before[indirect] = suboffset;
                Ok(())
            }
            _ => Err(LayoutError::NegativeSuboffset {
                axis: self.axes[indirect],
                suboffset,
            }),
        }
    }

    /// Takes away `axis`, whose pointer, if any, the axis before will have to follow, or the start.
    pub(super) fn remove(&mut self, axis: usize) -> Result<(), LayoutError> {
        self.shape.remove(axis);
        self.strides.remove(axis);
        let name = self.axes.remove(axis);
        if self.suboffsets.is_empty() {
            return Ok(());
        }
        let suboffset = self.suboffsets.remove(axis);
        if suboffset < 0 {
            return Ok(());
        }
        match axis.checked_sub(1) {
            None => {
                self.start.pointers.push(self.start.offset);
                self.start.offset = suboffset;
                Ok(())
            }
            Some(before) if self.suboffsets[before] < 0 => {
                self.suboffsets[before] = suboffset;
                Ok(())
            }
            Some(_) => Err(LayoutError::TwoPointersInARow { axis: name }),
        }
    }
}

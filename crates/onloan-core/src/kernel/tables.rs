//! From `buf` through tables of pointers to where the items lie.
//!
//! ```text
//!   buf ─▶ │ pointer │ pointer │      axes up to the last indirect one of any side: walked here
//!             │         └─▶ part      axes behind it: a part, addressed by strides alone
//!             └─▶ part
//! ```
//!
//! All sides are walked in step, also those that have fewer pointers to follow, or none.

use core::ops::{ControlFlow, Range};

use super::order::Axes;
use crate::layout::{Layout, Memory};

/// Some layouts of one shape, and how many of their axes have to be walked to be done with pointers.
pub(super) struct Tables<'l, const N: usize> {
    layouts: [&'l Layout; N],
    depth: usize,
}

/// Called with where each part starts; a break ends the walk.
pub(super) type Visit<'v, const N: usize> = &'v mut dyn FnMut([*const u8; N]) -> ControlFlow<()>;

impl<'l, const N: usize> Tables<'l, N> {
    /// # Duties
    /// The layouts have one shape, in which no extent is 0.
    pub(super) fn of(layouts: [&'l Layout; N]) -> Self {
        let last = |layout: &Layout| {
            if !layout.is_indirect() {
                return 0;
            }
            let indirect = (0..layout.ndim()).rfind(|axis| layout.suboffset(*axis).is_some());
            indirect.map_or(0, |axis| axis + 1)
        };
        let depth = layouts.iter().map(|layout| last(layout)).max();
        Self {
            layouts,
            depth: depth.unwrap_or(0),
        }
    }

    /// The axes of a part.
    #[inline]
    pub(super) fn part(&self) -> Axes<N> {
        let first = self.layouts.first().map(|layout| layout.shape());
        let shape = first.and_then(|shape| shape.get(self.depth..));
        let strides = |layout: &'l Layout| layout.strides().get(self.depth..).unwrap_or_default();
        Axes::of(shape.unwrap_or_default(), self.layouts.map(strides))
    }

    /// Whether there is one part only, without a pointer before it.
    pub(super) fn is_direct(&self) -> bool {
        self.depth == 0
    }

    /// What one side addresses, counted from its `buf`, if it has no pointers.
    pub(super) fn direct_extent(&self, side: usize) -> Option<Range<isize>> {
        let layout = self.layouts[side];
        let extent = layout.extent().unwrap_or_default();
        (!layout.is_indirect()).then_some(extent.start..extent.end)
    }

    /// Visits every part, in C order. `bufs` are the `Py_buffer.buf`s.
    ///
    /// # Safety
    ///
    /// `tables` of [the module](super), for each layout with its `buf`.
    pub(super) unsafe fn each(&self, bufs: [*const u8; N], visit: Visit<'_, N>) -> ControlFlow<()> {
        // SAFETY: `tables`, passed on to the caller.
        let pointers = unsafe { Pointers::promised() };
        self.descend(0, bufs, pointers, visit)
    }

    /// Never deeper than a layout has axes.
    fn descend(
        &self,
        axis: usize,
        at: [*const u8; N],
        mut pointers: Pointers,
        visit: Visit<'_, N>,
    ) -> ControlFlow<()> {
        if axis == self.depth {
            return visit(at);
        }
        let extent = self
            .layouts
            .first()
            .map_or(0, |layout| layout.shape()[axis]);
        let steps = self.layouts.map(|layout| layout.strides()[axis]);
        let suboffsets = self.layouts.map(|layout| layout.suboffset(axis));
        let mut lines = at;
        for _ in 0..extent {
            let next = core::array::from_fn(|side| match suboffsets[side] {
                None => lines[side],
                Some(suboffset) => pointers.follow(lines[side]).wrapping_offset(suboffset),
            });
            if axis + 1 == self.depth {
                visit(next)?;
            } else {
                self.descend(axis + 1, next, pointers, visit)?;
            }
            for (line, step) in lines.iter_mut().zip(steps) {
                *line = line.wrapping_offset(step);
            }
        }
        ControlFlow::Continue(())
    }
}

/// Memory in this process, with pointers that may be followed.
///
/// Invariant `FOLLOWED`: one exists only while every pointer that it is asked to follow may be
/// read. It is asked by walks over layouts, only for what those address.
#[derive(Clone, Copy)]
pub(super) struct Pointers(());

impl Pointers {
    /// # Safety
    ///
    /// `tables` of [the module](super) holds for every layout that is walked with it.
    pub(super) const unsafe fn promised() -> Self {
        Self(())
    }
}

impl Memory for Pointers {
    type Address = *const u8;

    #[inline]
    fn offset(&mut self, address: *const u8, bytes: isize) -> *const u8 {
        address.wrapping_offset(bytes)
    }

    #[inline]
    fn follow(&mut self, address: *const u8) -> *const u8 {
        // SAFETY: in bounds, initialized: `FOLLOWED`. Alignment is not needed.
        unsafe { address.cast::<*const u8>().read_unaligned() }
    }
}

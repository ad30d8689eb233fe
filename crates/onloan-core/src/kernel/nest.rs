//! A copy worked out: which loops around which inner loop.
//!
//! Working it out costs about as much as copying a hundred items, so it is done once and then run for
//! every part of the memory that looks the same: every row behind a pointer, every block of a large
//! array.

use smallvec::SmallVec;

use super::line::{self, Line};
use super::order::{Axes, Axis, Odometer};
use super::swap::Unit;
use super::transpose::Grid;
use super::{FROM, TO};

/// From how many bytes on a block is moved as well alone as with its neighbours.
const LARGE: usize = 64;

/// How few blocks make a line that is not worth to be started.
const SHORT: usize = 8;

/// The loops of one copy.
#[derive(Debug)]
pub(super) struct Nest {
    outer: SmallVec<[Axis<2>; 6]>,
    start: [isize; 2],
    inner: Inner,
    block: usize,
}

#[derive(Debug)]
enum Inner {
    /// One block, anywhere in memory.
    Block,
    Line(Line, Axis<2>),
    Grid(Grid),
}

impl Nest {
    /// The fastest loops for memory that is not shared.
    ///
    /// # Duties
    ///
    /// `apart`: no byte of the target is one of the source. Blocks of the target may lie on each
    /// other: the last of them in the order of the axes stays.
    pub(super) fn apart(axes: Axes<2>, itemsize: usize) -> Self {
        Self::fastest(axes, itemsize, None)
    }

    /// The fastest loops for memory that is not shared, and for items whose bytes are turned around.
    ///
    /// # Duties
    ///
    /// As [`Nest::apart`].
    pub(super) fn swapped(axes: Axes<2>, unit: Unit) -> Self {
        Self::fastest(axes, unit.bytes(), Some(unit))
    }

    fn fastest(mut axes: Axes<2>, itemsize: usize, swap: Option<Unit>) -> Self {
        axes.keep_last(TO);
        let in_order = axes.clone();
        axes.ascend(TO);
        axes.sort(TO);
        if axes.may_overlap_itself(TO, itemsize) {
            return match swap {
                None => Self::in_order(in_order, itemsize),
                Some(unit) => Self::lines(in_order, line::swapped_in_order(unit), itemsize),
            };
        }
        axes.join();
        let block = match swap {
            None => axes.fold(itemsize),
            Some(_) => itemsize,
        };
        let Axes { mut list, start } = axes;
        let inner = match (list.pop(), swap) {
            (Some(inner), _) => inner,
            (None, None) => return Self::of(list, start, Inner::Block, block),
            (None, Some(_)) => Axis::one(),
        };
        let distance = |axis: &Axis<2>| match axis.strides[FROM].unsigned_abs() {
            0 => usize::MAX,
            distance => distance,
        };
        let nearest = (0..list.len()).min_by_key(|axis| distance(&list[*axis]));
        let across = nearest.filter(|axis| {
            let nearer = inner.strides[FROM] != 0 && distance(&list[*axis]) < distance(&inner);
            block < LARGE && nearer
        });
        let across = across.or_else(|| {
            let next = list.len().checked_sub(1)?;
            let longer = inner.extent < SHORT && list[next].extent > inner.extent;
            (block < LARGE && longer).then_some(next)
        });
        match across {
            Some(across) => {
                let across = list.remove(across);
                let (grid, moved) = Grid::new(inner, across, block, swap);
                let start = [start[TO] + moved[TO], start[FROM] + moved[FROM]];
                Self::of(list, start, Inner::Grid(grid), block)
            }
            None => {
                let line = match swap {
                    None => line::gather(block, inner.strides),
                    Some(unit) => line::swapped(unit, inner.strides),
                };
                Self::of(list, start, Inner::Line(line, inner), block)
            }
        }
    }

    /// One block after the other, in the order of the axes as they are.
    pub(super) fn in_order(axes: Axes<2>, block: usize) -> Self {
        match axes.list.is_empty() {
            true => Self::of(axes.list, axes.start, Inner::Block, block),
            false => Self::lines(axes, line::in_order(block), block),
        }
    }

    /// Line after line, in the order of the axes as they are.
    fn lines(axes: Axes<2>, line: Line, block: usize) -> Self {
        let Axes { mut list, start } = axes;
        let axis = list.pop().unwrap_or(Axis::one());
        Self::of(list, start, Inner::Line(line, axis), block)
    }

    fn of(outer: SmallVec<[Axis<2>; 6]>, start: [isize; 2], inner: Inner, block: usize) -> Self {
        Self {
            outer,
            start,
            inner,
            block,
        }
    }

    /// Copies, item `[0,…,0]` being at `to` and `from`.
    ///
    /// # Safety
    ///
    /// `readable` and `writable` for all items that the axes address; the duties of the function that
    /// made the nest; `unraced`.
    pub(super) unsafe fn run(&self, to: *mut u8, from: *const u8) {
        if self.outer.is_empty() {
            let [to_at, from_at] = self.start;
            // SAFETY: all items: promised by the caller.
            unsafe { self.run_inner(to.wrapping_offset(to_at), from.wrapping_offset(from_at)) };
            return;
        }
        for [to_at, from_at] in Odometer::new(&self.outer, self.start) {
            // SAFETY: a part of the items: promised by the caller.
            unsafe { self.run_inner(to.wrapping_offset(to_at), from.wrapping_offset(from_at)) };
        }
    }

    /// Copies the inner axes.
    ///
    /// # Safety
    ///
    /// As [`Nest::run`], for the items of the inner axes, the first of which is at `to` and `from`.
    #[inline]
    unsafe fn run_inner(&self, to: *mut u8, from: *const u8) {
        match &self.inner {
            Inner::Block => {
                // SAFETY: in bounds: a block of each side. They may overlap.
                unsafe { from.copy_to(to, self.block) };
            }
            Inner::Line(line, axis) => {
                // SAFETY: a line of blocks of each side; the duties of `line` are those of the nest.
                unsafe { line(to, from, axis.extent, axis.strides, self.block) };
            }
            Inner::Grid(grid) => {
                // SAFETY: a grid of blocks of each side; its duties are those of the nest.
                unsafe { grid.run(to, from) };
            }
        }
    }
}

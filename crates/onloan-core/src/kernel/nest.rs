//! A copy worked out: which loops around which inner loop.
//!
//! Working it out costs about as much as copying a hundred items, so it is done once and then run for
//! every part of the memory that looks the same: every row behind a pointer, every block of a large
//! array.

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
    /// The loops around, and where they start.
    outer: Axes<2>,
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
    #[inline]
    pub(super) fn apart(axes: Axes<2>, itemsize: usize) -> Self {
        let mut nest = Self::of(axes, itemsize);
        nest.find_fastest(None);
        nest
    }

    /// The fastest loops for memory that is not shared, and for items whose bytes are turned around.
    ///
    /// # Duties
    ///
    /// As [`Nest::apart`].
    #[inline]
    pub(super) fn swapped(axes: Axes<2>, unit: Unit) -> Self {
        let mut nest = Self::of(axes, unit.bytes());
        nest.find_fastest(Some(unit));
        nest
    }

    /// One block after the other, in the order of the axes as they are.
    pub(super) fn in_order(axes: Axes<2>, block: usize) -> Self {
        let mut nest = Self::of(axes, block);
        nest.keep_order(None);
        nest
    }

    /// All axes around one block; the duty of the caller is to say what is inside. A nest is large, and is worked out where it is.
    fn of(outer: Axes<2>, block: usize) -> Self {
        Self {
            outer,
            inner: Inner::Block,
            block,
        }
    }

    fn find_fastest(&mut self, swap: Option<Unit>) {
        let axes = &mut self.outer;
        axes.keep_last(TO);
        // A single axis is in order again when it is turned back.
        let many = axes.list.len() > 1;
        let in_order = many.then(|| axes.copied());
        let start = axes.start;
        axes.ascend(TO);
        axes.sort(TO);
        if axes.may_overlap_itself(TO, self.block) {
            match in_order {
                Some(in_order) => *axes = in_order,
                None if axes.start != start => axes.turn(),
                None => {}
            }
            return self.keep_order(swap);
        }
        axes.join();
        if swap.is_none() {
            self.block = axes.fold(self.block);
        }
        let inner = match (axes.list.pop(), swap) {
            (Some(inner), _) => inner,
            (None, None) => return,
            (None, Some(_)) => Axis::one(),
        };
        self.inner = match self.across(&inner) {
            Some(across) => {
                let across = self.outer.list.remove(across);
                let (grid, moved) = Grid::new(inner, across, self.block, swap);
                self.outer.advance(moved);
                Inner::Grid(grid)
            }
            None => {
                let line = match swap {
                    None => line::gather(self.block, inner.strides),
                    Some(unit) => line::swapped(unit, inner.strides),
                };
                Inner::Line(line, inner)
            }
        };
    }

    /// The axis that is to be walked together with the innermost one, where there is such a one: it is nearer in the source, or the innermost
    /// one is hardly worth a loop.
    #[inline]
    fn across(&self, inner: &Axis<2>) -> Option<usize> {
        let list = &self.outer.list;
        let next = list.len().checked_sub(1)?;
        if self.block >= LARGE {
            return None;
        }
        let distance = |axis: &Axis<2>| match axis.strides[FROM].unsigned_abs() {
            0 => usize::MAX,
            distance => distance,
        };
        let nearest = (0..list.len()).min_by_key(|axis| distance(&list[*axis]));
        let nearer =
            |axis: &usize| inner.strides[FROM] != 0 && distance(&list[*axis]) < distance(inner);
        let longer = inner.extent < SHORT && list[next].extent > inner.extent;
        nearest.filter(nearer).or(longer.then_some(next))
    }

    /// Line after line, in the order of the axes as they are.
    fn keep_order(&mut self, swap: Option<Unit>) {
        let line = match swap {
            None => line::in_order(self.block),
            Some(unit) => line::swapped_in_order(unit),
        };
        self.inner = match (self.outer.list.pop(), swap) {
            (Some(axis), _) => Inner::Line(line, axis),
            (None, Some(_)) => Inner::Line(line, Axis::one()),
            (None, None) => Inner::Block,
        };
    }

    /// Copies, item `[0,…,0]` being at `to` and `from`.
    ///
    /// # Safety
    ///
    /// `readable` and `writable` for all items that the axes address; the duties of the function that
    /// made the nest; `unraced`.
    pub(super) unsafe fn run(&self, to: *mut u8, from: *const u8) {
        if self.outer.list.is_empty() {
            let [to_at, from_at] = self.outer.start;
            // SAFETY: all items: promised by the caller.
            unsafe { self.run_inner(to.wrapping_offset(to_at), from.wrapping_offset(from_at)) };
            return;
        }
        for [to_at, from_at] in Odometer::new(&self.outer.list, self.outer.start) {
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

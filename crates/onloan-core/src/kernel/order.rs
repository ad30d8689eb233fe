//! The axes of layouts that are walked together, put into the order in which memory is best walked.
//!
//! Which axis is called the first is the author's choice; memory has its own order. So the axes of
//! `N` layouts of one shape are first freed of everything that is only a way to write them down:
//!
//! ```text
//!   shape (2, 1, 3, 4)                     what is left
//!   to    strides (12, 99, 4, 1)
//!   from  strides (12, 0, 4, 1)
//!
//!   drop     extents of 1                  (2, 3, 4)
//!   ascend   walk from the lowest address  strides of one side ≥ 0, the others may change sign
//!   sort     long strides outside          (2, 3, 4)
//!   join     12 = 3·4 and 4 = 4·1          (24)  strides 1, 1
//!   fold     strides are the item size     ()    one block of 24 bytes
//! ```
//!
//! # Promises
//!
//! After each step the same pairs of places are walked, in another order. All sums stay in `isize`,
//! because those of the layouts do.

use core::ops::Range;

use smallvec::SmallVec;

use crate::layout::Order;

/// So many axes are held without an allocation; few enough for them to be moved about quickly.
pub(super) const INLINE: usize = 4;

/// One axis: how many steps, and the bytes of a step on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis<const N: usize> {
    pub(super) extent: usize,
    pub(super) strides: [isize; N],
}

impl<const N: usize> Axis<N> {
    /// An axis of one item.
    pub(super) fn one() -> Self {
        Self {
            extent: 1,
            strides: [0; N],
        }
    }

    /// The bytes from the first place to the last on one side.
    fn reach(&self, side: usize) -> isize {
        (self.extent as isize - 1).wrapping_mul(self.strides[side])
    }

    /// The same places from the other end; what has to be added on each side to get there.
    pub(super) fn turn(&mut self) -> [isize; N] {
        let ends = core::array::from_fn(|side| self.reach(side));
        self.strides = self.strides.map(isize::wrapping_neg);
        ends
    }
}

/// The axes of `N` sides, outermost first. Extents are at least 2, except where made by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Axes<const N: usize> {
    pub(super) list: SmallVec<[Axis<N>; INLINE]>,
    /// The bytes from item `[0,…,0]` to where the walk starts, on each side.
    pub(super) start: [isize; N],
}

impl<const N: usize> Axes<N> {
    /// The axes with more than one item. No extent is 0.
    #[inline]
    pub(super) fn of(shape: &[isize], strides: [&[isize]; N]) -> Self {
        let mut axes = Self {
            list: SmallVec::new(),
            start: [0; N],
        };
        for (place, extent) in shape.iter().enumerate() {
            if *extent != 1 {
                axes.list.push(Axis {
                    extent: extent.unsigned_abs(),
                    strides: strides.map(|strides| strides[place]),
                });
            }
        }
        axes
    }

    /// The same axes once more; a clone goes through them one by one.
    pub(super) fn copied(&self) -> Self {
        Self {
            list: SmallVec::from_slice(&self.list),
            start: self.start,
        }
    }

    /// One axis of `count` blocks without gaps.
    pub(super) fn gapless(count: usize, block: usize) -> Self {
        let axis = Axis {
            extent: count,
            strides: [block as isize; N],
        };
        Self {
            list: core::iter::once(axis).collect(),
            start: [0; N],
        }
    }

    pub(super) fn advance(&mut self, ends: [isize; N]) {
        for (start, end) in self.start.iter_mut().zip(ends) {
            *start = start.wrapping_add(end);
        }
    }

    /// Leaves only the last place of the axes along which `side` does not move: of all that is
    /// written to one place, the last stays.
    pub(super) fn keep_last(&mut self, side: usize) {
        let mut moved = [0_isize; N];
        self.list.retain(|axis| {
            let moves = axis.strides[side] != 0;
            if !moves {
                for (moved, end) in moved.iter_mut().zip(axis.turn()) {
                    *moved = moved.wrapping_add(end);
                }
            }
            moves
        });
        self.advance(moved);
    }

    /// Makes `side` walk from its lowest address up; where it does not move, the first side that does.
    pub(super) fn ascend(&mut self, side: usize) {
        let mut moved = [0_isize; N];
        for axis in &mut self.list {
            let direction = match axis.strides[side] {
                0 => axis.strides.iter().copied().find(|stride| *stride != 0),
                stride => Some(stride),
            };
            if direction.is_some_and(|direction| direction < 0) {
                for (moved, end) in moved.iter_mut().zip(axis.turn()) {
                    *moved = moved.wrapping_add(end);
                }
            }
        }
        self.advance(moved);
    }

    /// Makes every axis walk the other way round.
    pub(super) fn turn(&mut self) {
        let mut moved = [0_isize; N];
        for axis in &mut self.list {
            for (moved, end) in moved.iter_mut().zip(axis.turn()) {
                *moved = moved.wrapping_add(end);
            }
        }
        self.advance(moved);
    }

    /// Long strides of `side` outside; equal ones by the strides of the other sides.
    pub(super) fn sort(&mut self, side: usize) {
        self.list.sort_by_key(|axis| {
            let mut key = axis.strides.map(isize::unsigned_abs);
            key.swap(0, side);
            core::cmp::Reverse(key)
        });
    }

    /// Makes one axis of two neighbours where the outer one begins where the inner one ends, on
    /// all sides.
    pub(super) fn join(&mut self) {
        let mut last = 0;
        for next in 1..self.list.len() {
            let axis = self.list[next];
            let outer = &mut self.list[last];
            if continues(outer, &axis) {
                outer.extent *= axis.extent;
                outer.strides = axis.strides;
            } else {
                last += 1;
                self.list[last] = axis;
            }
        }
        self.list.truncate(last + 1);
    }

    /// Takes the innermost axis into the block of `block` bytes, if its blocks lie without gaps on
    /// all sides; the bytes that are now moved at once.
    pub(super) fn fold(&mut self, block: usize) -> usize {
        match self.list.last() {
            Some(axis) if axis.strides == [block as isize; N] => {
                let extent = axis.extent;
                self.list.pop();
                block * extent
            }
            _ => block,
        }
    }

    /// Whether the places of `side`, `block` bytes each, may lie on each other. `false` is a proof
    /// that they do not; the axes are sorted by `side` and it ascends.
    pub(super) fn may_overlap_itself(&self, side: usize, block: usize) -> bool {
        let mut covered = block as isize;
        self.list.iter().rev().any(|axis| {
            let overlaps = axis.strides[side] < covered;
            covered = covered.saturating_add(axis.reach(side));
            overlaps
        })
    }

    /// Whether `side` has its blocks one after the other in the order of the axes.
    pub(super) fn is_gapless(&self, side: usize, block: usize) -> bool {
        let mut step = block as isize;
        self.list.iter().rev().all(|axis| {
            let gapless = axis.strides[side] == step;
            step = step.wrapping_mul(axis.extent as isize);
            gapless
        })
    }

    /// The bytes from the lowest addressed one of `side` to one past the highest, counted from item
    /// `[0,…,0]`; items have `itemsize` bytes. For axes as [`of`](Self::of) has made them.
    pub(super) fn extent(&self, side: usize, itemsize: usize) -> Range<isize> {
        let reaches = self.list.iter().map(|axis| axis.reach(side));
        reaches.fold(0..itemsize as isize, |all, reach| {
            all.start.wrapping_add(reach.min(0))..all.end.wrapping_add(reach.max(0))
        })
    }

    /// How many blocks there are.
    pub(super) fn count(&self) -> usize {
        self.list.iter().map(|axis| axis.extent).product()
    }
}

impl Axes<2> {
    /// The axes of items with these strides beside items without gaps in that order; `sides` says which of the two is which side.
    #[inline]
    pub(super) fn beside_gapless(
        shape: &[isize],
        strides: &[isize],
        itemsize: usize,
        order: Order,
        sides: impl Fn(isize, isize) -> [isize; 2],
    ) -> Self {
        let mut axes = Self {
            list: SmallVec::new(),
            start: [0; 2],
        };
        let mut step = itemsize as isize;
        let mut add = |(extent, stride): (&isize, &isize)| {
            if *extent != 1 {
                axes.list.push(Axis {
                    extent: extent.unsigned_abs(),
                    strides: sides(step, *stride),
                });
            }
            step = step.wrapping_mul(*extent);
        };
        match order {
            Order::C => shape.iter().zip(strides).rev().for_each(&mut add),
            Order::F => shape.iter().zip(strides).for_each(&mut add),
        }
        if order == Order::C {
            axes.list.reverse();
        }
        axes
    }
}

fn continues<const N: usize>(outer: &Axis<N>, inner: &Axis<N>) -> bool {
    let whole = |side: usize| inner.strides[side].wrapping_mul(inner.extent as isize);
    (0..N).all(|side| outer.strides[side] == whole(side))
}

/// Counts through the indices of some axes like an odometer, keeping the place on each side.
pub(super) struct Odometer<'a, const N: usize> {
    axes: &'a [Axis<N>],
    index: SmallVec<[usize; INLINE]>,
    at: [isize; N],
    more: bool,
}

impl<'a, const N: usize> Odometer<'a, N> {
    /// Starts at `at`, bytes from somewhere on each side. No extent is 0.
    pub(super) fn new(axes: &'a [Axis<N>], at: [isize; N]) -> Self {
        Self {
            axes,
            index: SmallVec::from_elem(0, axes.len()),
            at,
            more: true,
        }
    }
}

impl<const N: usize> Iterator for Odometer<'_, N> {
    type Item = [isize; N];

    #[inline]
    fn next(&mut self) -> Option<[isize; N]> {
        if !self.more {
            return None;
        }
        let given = self.at;
        for (axis, index) in self.axes.iter().zip(self.index.iter_mut()).rev() {
            *index += 1;
            if *index < axis.extent {
                for (at, stride) in self.at.iter_mut().zip(axis.strides) {
                    *at = at.wrapping_add(stride);
                }
                return Some(given);
            }
            *index = 0;
            for (side, at) in self.at.iter_mut().enumerate() {
                *at = at.wrapping_sub(axis.reach(side));
            }
        }
        self.more = false;
        Some(given)
    }
}

//! Cutting the axes of a part into blocks that fit into the cache.
//!
//! ```text
//!   axes      [ outer … ]  [ one is cut ]  [ … inner ]
//!   a block                  `most` steps   all of it         as many items as the cache holds
//! ```
//!
//! The last piece of the cut axis may be shorter; there is a loop nest for either length.

use smallvec::SmallVec;

use super::nest::Nest;
use super::order::{Axes, Axis, INLINE, Odometer};

/// Which way through the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The last index varies fastest.
    InC,
    /// Along the memory of the first side.
    AsItLies,
}

/// The blocks of a part.
#[derive(Debug)]
pub(super) struct Cut<const N: usize> {
    outer: Axes<N>,
    pieces: Axis<N>,
    /// Steps of the cut axis in a block, but for the last.
    most: usize,
    inner: Axes<N>,
}

/// One block: where it starts on each side, and how many items it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block<const N: usize> {
    pub(super) at: [isize; N],
    pub(super) count: usize,
    /// Whether it is a shorter one.
    pub(super) is_rest: bool,
}

impl<const N: usize> Cut<N> {
    /// Blocks of up to `limit` items, but at least one.
    pub(super) fn of(mut axes: Axes<N>, way: Way, limit: usize) -> Self {
        if way == Way::AsItLies {
            axes.ascend(0);
            axes.sort(0);
        }
        axes.join();
        let Axes { mut list, start } = axes;
        let mut inner: SmallVec<[Axis<N>; INLINE]> = SmallVec::new();
        let mut inner_count = 1;
        let mut pieces = Axis {
            extent: 1,
            strides: [0; N],
        };
        while let Some(axis) = list.pop() {
            if axis.extent > limit / inner_count {
                pieces = axis;
                break;
            }
            inner_count *= axis.extent;
            inner.insert(0, axis);
        }
        Self {
            outer: Axes { list, start },
            most: (limit / inner_count).clamp(1, pieces.extent),
            pieces,
            inner: Axes {
                list: inner,
                start: [0; N],
            },
        }
    }

    /// The axes of a block with that many steps of the cut axis.
    fn block(&self, steps: usize) -> Axes<N> {
        let mut axes = self.inner.clone();
        if steps > 1 {
            let pieces = Axis {
                extent: steps,
                ..self.pieces
            };
            axes.list.insert(0, pieces);
        }
        axes
    }

    /// Whether the items of a block lie without gaps on one side, in the order of the cut.
    pub(super) fn is_gapless(&self, side: usize, itemsize: usize) -> bool {
        self.block(self.most).is_gapless(side, itemsize)
    }

    /// How to copy a block from one side to where there are no gaps (`gather`) or back: for whole
    /// blocks and for the rest.
    pub(super) fn nests(&self, side: usize, itemsize: usize, gather: bool) -> [Nest; 2] {
        let rest = match self.pieces.extent % self.most {
            0 => self.most,
            rest => rest,
        };
        [self.most, rest].map(|steps| {
            let strides = |gapless: isize, own: isize| match gather {
                true => [gapless, own],
                false => [own, gapless],
            };
            beside_gapless(&self.block(steps), side, itemsize, strides)
        })
    }

    /// All blocks, in the order of the cut.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<N>> + '_ {
        let inner = self.inner.count();
        let starts = Odometer::new(&self.outer.list, self.outer.start);
        starts.flat_map(move |start| {
            let pieces = (0..self.pieces.extent).step_by(self.most);
            pieces.map(move |first| {
                let steps = self.most.min(self.pieces.extent - first);
                let way = |side: usize| (first as isize).wrapping_mul(self.pieces.strides[side]);
                Block {
                    at: core::array::from_fn(|side| start[side].wrapping_add(way(side))),
                    count: steps * inner,
                    is_rest: steps != self.most,
                }
            })
        })
    }
}

/// The copy between one side of some axes and items without gaps, in the order of the axes.
fn beside_gapless<const N: usize>(
    axes: &Axes<N>,
    side: usize,
    itemsize: usize,
    strides: impl Fn(isize, isize) -> [isize; 2],
) -> Nest {
    let mut step = itemsize as isize;
    let mut list: SmallVec<[Axis<2>; INLINE]> = SmallVec::new();
    for axis in axes.list.iter().rev() {
        list.insert(
            0,
            Axis {
                extent: axis.extent,
                strides: strides(step, axis.strides[side]),
            },
        );
        step = step.wrapping_mul(axis.extent as isize);
    }
    Nest::apart(
        Axes {
            list,
            start: [0; 2],
        },
        itemsize,
    )
}

/// The copy of one side of some axes to where there are no gaps.
pub(super) fn gathering<const N: usize>(axes: &Axes<N>, side: usize, itemsize: usize) -> Nest {
    beside_gapless(axes, side, itemsize, |gapless, own| [gapless, own])
}

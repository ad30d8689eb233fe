//! Along which axes each level is drawn.

use alloc::{format, string::String, vec::Vec};
use core::ops::Range;

use super::count::running_axes;
use crate::layout::{Layout, Level};

/// The index along one axis; `None` where all of them lead to the same place.
pub(super) type Place = Option<isize>;

/// A level with the axes along which it is drawn.
pub(super) struct Shelf {
    pub(super) level: Level,
    /// From strip to strip, largest stride first.
    pub(super) across: Vec<usize>,
    /// Along each strip; pointers have none, each is a strip of its own.
    pub(super) along: Option<usize>,
    /// The number of strips.
    pub(super) strips: usize,
    /// The number of items in each.
    pub(super) items: usize,
    /// The bytes skipped from one of them to the next.
    pub(super) gap: usize,
}

/// The levels of a layout that has items.
pub(super) struct Plan<'l> {
    pub(super) layout: &'l Layout,
    pub(super) shelves: Vec<Shelf>,
}

impl<'l> Plan<'l> {
    pub(super) fn of(layout: &'l Layout) -> Self {
        let shelf = |level: Level| {
            let mut across = running_axes(layout, &level).to_vec();
            let along = if level.pointers { None } else { across.pop() };
            let extent = |axis: &usize| layout.shape()[*axis].unsigned_abs();
            let stride = along.map_or(0, |axis| layout.strides()[axis].unsigned_abs());
            Shelf {
                strips: across.iter().map(extent).product(),
                items: along.as_ref().map_or(1, extent),
                gap: stride.saturating_sub(level.itemsize),
                across,
                along,
                level,
            }
        };
        Self {
            layout,
            shelves: layout.levels().map(shelf).collect(),
        }
    }

    /// Whether all there is to draw is one row of items.
    pub(super) fn is_row(&self) -> bool {
        matches!(&self.shelves[..], [shelf] if shelf.strips == 1)
    }

    /// The index that each level starts with.
    pub(super) fn start(&self) -> Vec<Place> {
        let axes = self.layout.shape().iter().zip(self.layout.strides());
        axes.map(|(extent, stride)| (*extent < 2 || *stride != 0).then_some(0))
            .collect()
    }

    /// Goes to the item of a strip at a position counted from the lowest address. Gives its
    /// distance from the one with index 0.
    pub(super) fn go_along(&self, shelf: &Shelf, position: usize, index: &mut [Place]) -> isize {
        shelf.along.map_or(0, |axis| self.go(axis, position, index))
    }

    /// Goes to the strip at a position counted from the lowest address. Gives its distance from
    /// the one with index `[0,…,0]`.
    pub(super) fn go_across(&self, shelf: &Shelf, position: usize, index: &mut [Place]) -> isize {
        let mut rest = position;
        let axes = shelf.across.iter().rev().map(|&axis| {
            let extent = self.layout.shape()[axis].unsigned_abs();
            let offset = self.go(axis, rest % extent, index);
            rest /= extent;
            offset
        });
        axes.sum()
    }

    fn go(&self, axis: usize, position: usize, index: &mut [Place]) -> isize {
        let (extent, stride) = (self.layout.shape()[axis], self.layout.strides()[axis]);
        let position = position as isize;
        let place = if stride < 0 {
            extent - 1 - position
        } else {
            position
        };
        index[axis] = Some(place);
        place * stride
    }

    /// The different gaps between strips that follow each other: one for each axis that may turn.
    pub(super) fn gaps_between(&self, shelf: &Shelf) -> Vec<usize> {
        let mut index = self.start();
        let mut strip = 1;
        let mut gaps = Vec::new();
        for axis in shelf.across.iter().rev() {
            let before = self.go_across(shelf, strip - 1, &mut index);
            let next = self.go_across(shelf, strip, &mut index);
            gaps.push(self.gap_between(shelf, before, next));
            strip *= self.layout.shape()[*axis].unsigned_abs();
        }
        gaps
    }

    /// Bytes skipped from the end of one strip to the start of the next; 0 where they overlap.
    pub(super) fn gap_between(&self, shelf: &Shelf, strip: isize, next: isize) -> usize {
        let step = shelf
            .along
            .map_or(0, |axis| self.layout.strides()[axis].unsigned_abs());
        let span = (shelf.items - 1) * step + shelf.level.itemsize;
        usize::try_from(next - strip)
            .unwrap_or(0)
            .saturating_sub(span)
    }

    /// The index in the axes up to a level, and whether it is where that level starts.
    pub(super) fn label(&self, level: &Level, index: &[Place]) -> (String, bool) {
        if index.is_empty() {
            return ("[()]".into(), true);
        }
        let mut label = String::from("[");
        for (axis, place) in index.iter().take(level.axes.end).enumerate() {
            if axis > 0 {
                label.push(',');
            }
            match place {
                Some(place) => label += &format!("{place}"),
                None => label.push('*'),
            }
        }
        label.push(']');
        let mut own = index.iter().take(level.axes.end).skip(level.axes.start);
        (label, own.all(|place| place.unwrap_or(0) == 0))
    }

    /// The longest label of a level, in characters.
    pub(super) fn label_width(&self, level: &Level) -> usize {
        if self.layout.ndim() == 0 {
            return 4;
        }
        let axes = self
            .layout
            .shape()
            .iter()
            .zip(self.layout.strides())
            .take(level.axes.end);
        let digits = axes.map(|(extent, stride)| match (extent, stride) {
            (2.., 0) => 1,
            _ => 1 + (extent - 1).max(1).ilog10() as usize,
        });
        let commas = level.axes.end.saturating_sub(1);
        2 + commas + digits.sum::<usize>()
    }
}

/// What is drawn of a sequence, in order.
pub(super) enum Drawn {
    /// This one.
    One(usize),
    /// Not these.
    LeftOut(Range<usize>),
}

/// Lines of a sequence. A single one is not left out: saying so would take a line as well.
pub(super) fn drawn_lines(count: usize, limit: usize) -> impl Iterator<Item = Drawn> {
    drawn(
        count,
        if count == limit.saturating_add(1) {
            count
        } else {
            limit
        },
    )
}

/// All of a sequence, or as many as may be from its start and its end.
pub(super) fn drawn(count: usize, limit: usize) -> impl Iterator<Item = Drawn> {
    let limit = limit.max(1);
    let (head, tail) = if count <= limit {
        (count, 0)
    } else {
        (limit.div_ceil(2), limit / 2)
    };
    let left_out = head..count - tail;
    let middle = if left_out.is_empty() {
        None
    } else {
        Some(Drawn::LeftOut(left_out))
    };
    (0..head)
        .map(Drawn::One)
        .chain(middle)
        .chain((count - tail..count).map(Drawn::One))
}

/// How many items go in a strip of a row that is too long for one: a power of two, so that the
/// addresses of the strips are round.
pub(super) fn broken_at(cells: usize) -> usize {
    if cells < 4 {
        cells.max(1)
    } else {
        1 << cells.ilog2()
    }
}

//! How many bytes of a level are addressed.

use alloc::vec;

use crate::layout::{Layout, Level};

/// Up to here, cells that may overlap are counted byte by byte.
const COUNTED_BYTES: usize = 1 << 23;
const COUNTED_CELLS: usize = 1 << 18;

/// Axes of a level that lead from cell to cell: more than one index, stride not zero. Largest
/// stride first.
pub(super) fn running_axes(layout: &Layout, level: &Level) -> smallvec::SmallVec<[usize; 8]> {
    let mut axes: smallvec::SmallVec<[usize; 8]> = level
        .axes
        .clone()
        .filter(|axis| layout.shape()[*axis] > 1 && layout.strides()[*axis] != 0)
        .collect();
    axes.sort_by_key(|axis| core::cmp::Reverse(layout.strides()[*axis].unsigned_abs()));
    axes
}

/// How many different bytes the level addresses from one starting point; `None` where that would
/// take too long to count. There is at least one item.
pub(super) fn lent_bytes(layout: &Layout, level: &Level) -> Option<usize> {
    let running = running_axes(layout, level);
    let extent = |axis: &usize| layout.shape()[*axis].unsigned_abs();
    let cells: usize = running.iter().map(extent).product();
    // From the smallest stride on: does each axis step over all that lies within?
    let mut span = level.itemsize;
    let nested = running.iter().rev().all(|axis| {
        let stride = layout.strides()[*axis].unsigned_abs();
        let steps_over = stride >= span;
        span += stride * (extent(axis) - 1);
        steps_over
    });
    if nested {
        return Some(cells * level.itemsize);
    }
    if cells > COUNTED_CELLS || level.extent.len() > COUNTED_BYTES {
        return None;
    }
    let mut lent = vec![false; level.extent.len()];
    for cell in 0..cells {
        let mut rest = cell;
        let mut at = 0;
        for axis in &running {
            at += (rest % extent(axis)) * layout.strides()[*axis].unsigned_abs();
            rest /= extent(axis);
        }
        lent[at..at + level.itemsize].fill(true);
    }
    Some(lent.iter().filter(|byte| **byte).count())
}

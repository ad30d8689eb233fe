//! Copies between items with any strides and items without gaps: what reading into a slice, `tobytes` and writing from bytes come down to.
//!
//! Neither side needs a [`Layout`] for it, which costs more to make than a few hundred bytes to copy.

use core::ops::Range;

use super::copy::{CopyError, copy_raw};
use super::nest::Nest;
use super::order::Axes;
use super::{FROM, TO};
use crate::layout::{Layout, LayoutError, Order};

/// Copies the items at `from` to `to`, one after the other in that order. CPython: `PyBuffer_ToContiguous`.
///
/// # Errors
///
/// No memory for a temporary copy, where both sides share some; nothing is copied then.
///
/// # Safety
///
/// The clauses `readable` (`from`), `writable` (`to`, as many items without gaps) and `unraced` of [the module](super), and
///
/// - `strided`: shape, strides and itemsize are those of a layout that could be made: [`Layout::strided`] would not refuse them.
pub unsafe fn gather_raw(
    to: *mut u8,
    order: Order,
    from: *const u8,
    shape: &[isize],
    strides: &[isize],
    itemsize: usize,
) -> Result<(), CopyError> {
    let axes = Axes::beside_gapless(shape, strides, itemsize, order, |gapless, own| {
        [gapless, own]
    });
    // SAFETY: promised by the caller.
    if let Some(copied) = unsafe { apart(to, from, axes, itemsize) } {
        return copied;
    }
    let (to_layout, from_layout) = layouts(shape, strides, itemsize, order)?;
    // SAFETY: promised by the caller.
    unsafe { copy_raw(to, &to_layout, from, &from_layout) }
}

/// Copies items that lie one after the other in that order at `from` to their places at `to`. CPython: `PyBuffer_FromContiguous`.
///
/// # Errors
///
/// As [`gather_raw`].
///
/// # Safety
///
/// As [`gather_raw`], with the sides changed.
pub unsafe fn scatter_raw(
    to: *mut u8,
    shape: &[isize],
    strides: &[isize],
    itemsize: usize,
    from: *const u8,
    order: Order,
) -> Result<(), CopyError> {
    let axes = Axes::beside_gapless(shape, strides, itemsize, order, |gapless, own| {
        [own, gapless]
    });
    // SAFETY: promised by the caller.
    if let Some(copied) = unsafe { apart(to, from, axes, itemsize) } {
        return copied;
    }
    let (from_layout, to_layout) = layouts(shape, strides, itemsize, order)?;
    // SAFETY: promised by the caller.
    unsafe { copy_raw(to, &to_layout, from, &from_layout) }
}

/// Copies, unless both sides share memory.
///
/// # Safety
///
/// As [`copy_raw`]; the axes are those of both sides.
#[inline]
unsafe fn apart(
    to: *mut u8,
    from: *const u8,
    axes: Axes<2>,
    itemsize: usize,
) -> Option<Result<(), CopyError>> {
    if itemsize == 0 || axes.list.iter().any(|axis| axis.extent == 0) {
        return Some(Ok(()));
    }
    let bytes = |at: *const u8, side: usize| {
        let Range { start, end } = axes.extent(side, itemsize);
        at.addr().wrapping_add_signed(start)..at.addr().wrapping_add_signed(end)
    };
    let (written, read) = (bytes(to, TO), bytes(from, FROM));
    if written.start < read.end && read.start < written.end {
        return None;
    }
    let nest = Nest::apart(axes, itemsize);
    // SAFETY: promised by the caller; `apart`: the bytes do not meet.
    unsafe { nest.run(to, from) };
    Some(Ok(()))
}

/// The layout without gaps, and the one with these strides.
#[cold]
fn layouts(
    shape: &[isize],
    strides: &[isize],
    itemsize: usize,
    order: Order,
) -> Result<(Layout, Layout), CopyError> {
    let impossible = |_: LayoutError| CopyError::ShapesDiffer;
    let gapless = Layout::in_order(shape, itemsize, order).map_err(impossible)?;
    let strided = Layout::strided(shape, strides, itemsize).map_err(impossible)?;
    Ok((gapless, strided))
}

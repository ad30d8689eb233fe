//! Copying the items of one layout to the places of another, whatever the two look like.
//!
//! ```text
//!   layouts ─▶ tables of pointers ─▶ axes in memory order ─▶ loops        run for each part
//!              (tables.rs)           (order.rs)             (nest.rs: line.rs, transpose.rs)
//! ```
//!
//! # Promises
//!
//! Exactly the bytes of the items of `to` are written, each with the bytes that the item of `from` with
//! the same index had before the call. So memory may be shared: `m[1:] = m[:-1]` moves all items by one.
//! Where items of `to` lie on each other (stride 0), the one with the highest index in C order stays.
//!
//! Shared memory takes a temporary copy of all items, unless both sides have the same strides, so that
//! going up or down is enough. Whether memory is shared is seen from the extents: layouts that
//! interleave without touching (`m[::2] = m[1::2]`, but with different strides) pay for the temporary
//! copy without need.

use alloc::vec::Vec;
use core::fmt;
use core::ops::{ControlFlow, Range};

use super::nest::Nest;
use super::order::Axes;
use super::tables::{Pointers, Tables};
use super::{FROM, TO};
use crate::layout::{Layout, LayoutError, Order};

/// Why items cannot be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyError {
    /// The shapes differ, so there are not the same indices.
    ShapesDiffer,
    /// The items have different sizes.
    ItemsizesDiffer {
        /// Bytes of an item to be copied to.
        to: usize,
        /// Bytes of an item to be copied from.
        from: usize,
    },
    /// An item is not made of whole numbers of that size, whose bytes could be turned around.
    NotOfUnits {
        /// Bytes of an item.
        itemsize: usize,
        /// Bytes of a number.
        unit: usize,
    },
    /// Both sides share memory, and there is none for a temporary copy.
    OutOfMemory {
        /// Bytes of all items.
        nbytes: usize,
    },
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShapesDiffer => f.write_str("cannot copy: the shapes differ"),
            Self::ItemsizesDiffer { to, from } => {
                write!(
                    f,
                    "cannot copy: items of {from} bytes to places of {to} bytes"
                )
            }
            Self::NotOfUnits { itemsize, unit } => {
                write!(
                    f,
                    "cannot swap bytes: items of {itemsize} bytes are not made of numbers of {unit}"
                )
            }
            Self::OutOfMemory { nbytes } => {
                write!(
                    f,
                    "cannot copy: no {nbytes} bytes for a temporary copy of shared memory"
                )
            }
        }
    }
}

impl core::error::Error for CopyError {}

/// Copies every item of `from` to the place of the same index in `to`.
///
/// `to` and `from` are the addresses of item `[0,…,0]`, or of the first table of pointers:
/// `Py_buffer.buf`. No alignment is needed. CPython: `copy_buffer`, `PyBuffer_ToContiguous`,
/// `PyBuffer_FromContiguous`.
///
/// # Errors
///
/// Different shapes or sizes of items, or no memory for a temporary copy; nothing is copied then.
///
/// # Safety
///
/// The clauses `readable` (`from`), `writable` (`to`), `tables` and `unraced` of [the module](super).
pub unsafe fn copy_raw(
    to: *mut u8,
    to_layout: &Layout,
    from: *const u8,
    from_layout: &Layout,
) -> Result<(), CopyError> {
    check(to_layout, from_layout)?;
    let (nbytes, itemsize) = (to_layout.nbytes(), to_layout.itemsize());
    if nbytes == 0 {
        return Ok(());
    }
    if in_one_order([to_layout, from_layout]) {
        // SAFETY: in bounds: no gaps, so the items are these `nbytes` from `from` on, and from `to` on:
        // `readable` and `writable`, promised by the caller. They may overlap.
        unsafe { from.copy_to(to, nbytes) };
        return Ok(());
    }
    let tables = Tables::of([to_layout, from_layout]);
    let axes = tables.part();
    // SAFETY: `tables`, promised by the caller.
    let shared = unsafe { is_shared(&tables, &axes, [to.cast_const(), from], itemsize) };
    if !shared {
        let nest = Nest::apart(axes, itemsize);
        // SAFETY: promised by the caller; `apart`: the memory is not shared.
        unsafe { run(&tables, &nest, to, from) };
        return Ok(());
    }
    if let (true, Some(nest)) = (
        tables.is_direct(),
        shift(axes, to.addr() > from.addr(), itemsize),
    ) {
        // SAFETY: promised by the caller; the nest reads each item before it writes to it.
        unsafe { run(&tables, &nest, to, from) };
        return Ok(());
    }
    let no_memory = CopyError::OutOfMemory { nbytes };
    let mut items: Vec<u8> = Vec::new();
    items.try_reserve_exact(nbytes).map_err(|_| no_memory)?;
    let gapless = gapless(to_layout).map_err(|_| no_memory)?;
    for (to, to_layout, from, from_layout) in [
        (items.as_mut_ptr(), &gapless, from, from_layout),
        (to, to_layout, items.as_ptr(), &gapless),
    ] {
        let tables = Tables::of([to_layout, from_layout]);
        let nest = Nest::apart(tables.part(), itemsize);
        // SAFETY: promised by the caller, and for `items` by having reserved its bytes, of which all
        // are written before they are read; `apart`: they are new.
        unsafe { run(&tables, &nest, to, from) };
    }
    Ok(())
}

/// Whether there is the same number of the same items.
pub(super) fn check(to: &Layout, from: &Layout) -> Result<(), CopyError> {
    if to.shape() != from.shape() {
        return Err(CopyError::ShapesDiffer);
    }
    if to.itemsize() != from.itemsize() {
        return Err(CopyError::ItemsizesDiffer {
            to: to.itemsize(),
            from: from.itemsize(),
        });
    }
    Ok(())
}

/// Whether all items lie without gaps and in the same order.
pub(super) fn in_one_order<const N: usize>(layouts: [&Layout; N]) -> bool {
    layouts.iter().all(|layout| layout.is_c_contiguous())
        || layouts.iter().all(|layout| layout.is_f_contiguous())
}

/// The layout of a copy without gaps, in the order that suits `layout`.
pub(super) fn gapless(layout: &Layout) -> Result<Layout, LayoutError> {
    let order = if layout.is_f_contiguous() && !layout.is_c_contiguous() {
        Order::F
    } else {
        Order::C
    };
    Layout::in_order(layout.shape(), layout.itemsize(), order)
}

/// Runs a nest for every part.
///
/// # Safety
///
/// `tables` of [the module](super) for both sides, and what [`Nest::run`] demands for each part.
pub(super) unsafe fn run(tables: &Tables<'_, 2>, nest: &Nest, to: *mut u8, from: *const u8) {
    if tables.is_direct() {
        // SAFETY: one part: passed on to the caller.
        unsafe { nest.run(to, from) };
        return;
    }
    let mut part = |[to, from]: [*const u8; 2]| {
        // SAFETY: passed on to the caller.
        unsafe { nest.run(to.cast_mut(), from) };
        ControlFlow::Continue(())
    };
    // SAFETY: `tables`, passed on to the caller.
    let _ = unsafe { tables.each([to.cast_const(), from], &mut part) };
}

/// The nest for two sides that differ by their start only, if they do: up or down, so that what is
/// written has been read.
fn shift(mut axes: Axes<2>, downwards: bool, itemsize: usize) -> Option<Nest> {
    axes.keep_last(TO);
    axes.ascend(TO);
    axes.sort(TO);
    let differ = axes
        .list
        .iter()
        .any(|axis| axis.strides[TO] != axis.strides[FROM]);
    if differ || axes.start[TO] != axes.start[FROM] || axes.may_overlap_itself(TO, itemsize) {
        return None;
    }
    axes.join();
    let block = axes.fold(itemsize);
    if downwards {
        axes.turn();
    }
    Some(Nest::in_order(axes, block))
}

/// Whether a byte that is written may be one that is read.
///
/// Parts behind pointers lie scattered about; they are held one by one against a side without pointers, and
/// as one range against another side with pointers.
///
/// # Safety
///
/// `tables` of [the module](super), for both sides.
pub(super) unsafe fn is_shared(
    tables: &Tables<'_, 2>,
    axes: &Axes<2>,
    bufs: [*const u8; 2],
    itemsize: usize,
) -> bool {
    let parts = [TO, FROM].map(|side| axes.extent(side, itemsize));
    let bytes = |at: *const u8, extent: &Range<isize>| {
        let end = |bytes: isize| at.addr().wrapping_add_signed(bytes);
        end(extent.start)..end(extent.end)
    };
    let [to, from] = bufs;
    if tables.is_direct() {
        return meet(&bytes(to, &parts[TO]), &bytes(from, &parts[FROM]));
    }
    let wholes = [TO, FROM].map(|side| tables.direct_extent(side));
    let one_by_one = |whole: Range<usize>, other: usize| {
        let mut visit = |at: [*const u8; 2]| match meet(&whole, &bytes(at[other], &parts[other])) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        // SAFETY: `tables`, passed on to the caller.
        unsafe { tables.each(bufs, &mut visit) }.is_break()
    };
    match wholes {
        [Some(whole_to), Some(whole_from)] => {
            meet(&bytes(to, &whole_to), &bytes(from, &whole_from))
        }
        [Some(whole), None] => one_by_one(bytes(to, &whole), FROM),
        [None, Some(whole)] => one_by_one(bytes(from, &whole), TO),
        [None, None] => {
            // Nothing yet.
            let nothing = Range {
                start: usize::MAX,
                end: 0,
            };
            let mut all = [nothing.clone(), nothing];
            let mut visit = |at: [*const u8; 2]| {
                for side in [TO, FROM] {
                    let part = bytes(at[side], &parts[side]);
                    let whole = &mut all[side];
                    *whole = whole.start.min(part.start)..whole.end.max(part.end);
                }
                ControlFlow::Continue(())
            };
            // SAFETY: `tables`, passed on to the caller.
            let _ = unsafe { tables.each(bufs, &mut visit) };
            let [to, from] = &all;
            meet(to, from)
        }
    }
}

fn meet(one: &Range<usize>, two: &Range<usize>) -> bool {
    one.start < two.end && two.start < one.end
}

/// Writes the items of a contiguous copy back where they came from, but only those that were changed
/// since: `before` is what the copy held at first. So a copy that was only read changes nothing, and of
/// two copies each brings back its own.
///
/// `copy` and `before` have one item after the other in C order (`F` if `order` says so).
///
/// # Safety
///
/// The clauses `writable`, `tables` and `unraced` of [the module](super) for `to`; `copy` and `before`
/// have `layout.nbytes()` bytes.
pub unsafe fn copy_changed_raw(
    to: *mut u8,
    layout: &Layout,
    order: Order,
    copy: &[u8],
    before: &[u8],
) {
    let itemsize = layout.itemsize();
    if copy == before || itemsize == 0 {
        return;
    }
    // SAFETY: `tables`, promised by the caller.
    let pointers = unsafe { Pointers::promised() };
    let items = copy
        .chunks_exact(itemsize)
        .zip(before.chunks_exact(itemsize));
    for (place, (item, before)) in layout.walk(pointers, to.cast_const(), order).zip(items) {
        if item != before {
            // SAFETY: in bounds: the walk gives the places of items, `itemsize` bytes each: `writable`.
            // Disjoint: `copy` is borrowed.
            unsafe {
                item.as_ptr()
                    .copy_to_nonoverlapping(place.cast_mut(), itemsize);
            };
        }
    }
}

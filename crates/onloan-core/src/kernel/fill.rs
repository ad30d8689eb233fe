//! Filling: every place gets the same item.
//!
//! It is a copy from a layout that does not move (all strides 0), so all of [`copy`](super::copy)
//! serves it: the order of axes, gaps, suboffsets. What is here is the line for a target without gaps.

use super::copy::{CopyError, copy_raw};
use super::line::Line;
use crate::layout::{Layout, MAX_NDIM};

/// Writes `item` to every place of `layout`. CPython: `memoryview.__setitem__` item by item.
///
/// # Errors
///
/// [`CopyError::ItemsizesDiffer`] if `item` has not as many bytes as an item; nothing is written then.
///
/// # Safety
///
/// The clauses `writable`, `tables` and `unraced` of [the module](super); `item` is apart from the
/// memory of the layout by being borrowed, `apart` for the tables of pointers is the caller's.
pub unsafe fn fill_raw(to: *mut u8, layout: &Layout, item: &[u8]) -> Result<(), CopyError> {
    let itemsizes = CopyError::ItemsizesDiffer {
        to: layout.itemsize(),
        from: item.len(),
    };
    if item.len() != layout.itemsize() {
        return Err(itemsizes);
    }
    let still = [0; MAX_NDIM];
    let strides = still.get(..layout.ndim()).unwrap_or_default();
    // The same shape and item size are in range, and nothing is nearer than the item itself.
    let from = Layout::strided(layout.shape(), strides, item.len()).map_err(|_| itemsizes)?;
    // SAFETY:
    // writable, tables, unraced: passed on to the caller.
    // readable: every index leads to `item`.
    unsafe { copy_raw(to, layout, item.as_ptr(), &from) }
}

/// The line that repeats one block without gaps.
pub(super) fn line(block: usize) -> Line {
    match block {
        1 => bytes,
        2 => repeat::<u16>,
        4 => repeat::<u32>,
        8 => repeat::<u64>,
        16 => repeat::<u128>,
        _ => double,
    }
}

/// # Safety
/// Those of [`Line`]; `to` has no gaps.
unsafe fn bytes(to: *mut u8, from: *const u8, count: usize, _strides: [isize; 2], _block: usize) {
    // SAFETY: in bounds, initialized: a block: `readable`.
    let byte = unsafe { from.read() };
    // SAFETY: in bounds: `count` blocks without gaps: `writable`.
    unsafe { to.write_bytes(byte, count) };
}

/// # Safety
/// Those of [`Line`]; `to` has no gaps and `block` is the size of `T`.
unsafe fn repeat<T: Copy>(
    to: *mut u8,
    from: *const u8,
    count: usize,
    _strides: [isize; 2],
    _block: usize,
) {
    // SAFETY: in bounds, initialized: a block: `readable`. Alignment is not needed.
    let block = unsafe { from.cast::<T>().read_unaligned() };
    for at in 0..count {
        // SAFETY: in bounds: one of `count` blocks: `writable`.
        let place = unsafe { to.cast::<T>().add(at) };
        // SAFETY: in bounds: one of `count` blocks: `writable`. Alignment is not needed.
        unsafe { place.write_unaligned(block) };
    }
}

/// Writes one block, then copies all that is written behind itself.
///
/// # Safety
/// Those of [`Line`]; `to` has no gaps, and the source is apart.
unsafe fn double(to: *mut u8, from: *const u8, count: usize, _strides: [isize; 2], block: usize) {
    /// What is written is copied from the innermost cache.
    const MOST: usize = 4096;
    let all = count * block;
    let mut done = block.min(all);
    // SAFETY: in bounds: a block on each side, if there is one. Disjoint: `apart`.
    unsafe { from.copy_to_nonoverlapping(to, done) };
    while done < all {
        // A multiple of `block` but for the last.
        let most = if done > MOST {
            done - done % block
        } else {
            done
        };
        let next = most.min(MOST.max(block) / block * block).min(all - done);
        // SAFETY: in bounds: fewer than `count` blocks: `writable`.
        let place = unsafe { to.add(done) };
        // SAFETY: in bounds: `next` bytes are left, and as many are written. Disjoint: `next <= done`.
        unsafe { to.cast_const().copy_to_nonoverlapping(place, next) };
        done += next;
    }
}

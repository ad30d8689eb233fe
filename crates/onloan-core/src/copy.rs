//! Copying the items of one layout to the places of another, whatever the two look like.
//!
//! Both are walked row by row in step. A row that lies without gaps on both sides is one block to
//! move; else its items are moved one by one. Two layouts that are contiguous in the same order
//! are a single block.
//!
//! ```text
//!   from   │ 0 │ 1 │ 2 │░░░░│ 3 │ 4 │ 5 │            rows without gaps: one move each
//!            ▼   ▼   ▼        ▼   ▼   ▼
//!   to     │ 0 │ 1 │ 2 │ 3 │ 4 │ 5 │
//! ```
//!
//! # Promises
//!
//! Exactly the bytes of the items of `to` are written, each with the bytes of the item of `from`
//! that has the same index. Where items of `to` lie on top of each other (stride 0), the one with
//! the highest index in C order stays. Memory that both sides share is *not* catered for: the
//! caller has to copy through memory of its own.

use core::fmt;

use crate::layout::{Layout, Memory, Order, Row};

/// Why items cannot be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
/// Different shapes or sizes of items; nothing is copied then.
///
/// # Safety
///
/// During the call
/// - `readable`: all bytes of the items that `from_layout` addresses from `from` may be read;
/// - `writable`: all bytes of the items that `to_layout` addresses from `to` may be written;
/// - `tables`: with suboffsets, every pointer that the layout addresses may be read, and leads to
///   where the next level starts less the suboffset;
/// - `apart`: no byte written is also a byte of an item read or of a pointer of either side;
/// - `unraced`: nobody else writes any of these bytes, or reads those of `to`.
///
/// Nothing is asked of a layout without items, or with items of no bytes.
pub unsafe fn copy_raw(
    to: *mut u8,
    to_layout: &Layout,
    from: *const u8,
    from_layout: &Layout,
) -> Result<(), CopyError> {
    if to_layout.shape() != from_layout.shape() {
        return Err(CopyError::ShapesDiffer);
    }
    let itemsize = to_layout.itemsize();
    if itemsize != from_layout.itemsize() {
        return Err(CopyError::ItemsizesDiffer {
            to: itemsize,
            from: from_layout.itemsize(),
        });
    }
    if to_layout.nbytes() == 0 {
        return Ok(());
    }
    let one_block = (to_layout.is_c_contiguous() && from_layout.is_c_contiguous())
        || (to_layout.is_f_contiguous() && from_layout.is_f_contiguous());
    if one_block {
        // SAFETY:
        // in bounds: contiguous, so the items are these `nbytes` from `from` on, and from `to` on;
        //            `readable` and `writable`, promised by the caller.
        // disjoint, unraced: `apart` and `unraced`, promised by the caller.
        unsafe { from.copy_to_nonoverlapping(to, to_layout.nbytes()) };
        return Ok(());
    }
    // SAFETY: `tables`, promised by the caller for both layouts and addresses.
    let tables = unsafe { Tables::promised() };
    let (to_row, from_row) = (to_layout.row(), from_layout.row());
    let gapless =
        |row: Row| row.suboffset.is_none() && (row.items == 1 || row.stride == itemsize as isize);
    // Items of a row, moved at once, and how often.
    let (items, times) = if gapless(to_row) && gapless(from_row) {
        (to_row.items, 1)
    } else {
        (1, to_row.items)
    };
    let to_rows = to_layout.rows(tables, to.cast_const());
    let from_rows = from_layout.rows(tables, from);
    for (mut to, mut from) in to_rows.zip(from_rows) {
        for _ in 0..times {
            let to_items = tables.enter(to, to_row);
            let from_items = tables.enter(from, from_row);
            // SAFETY:
            // in bounds: `rows` gives the first item of each row, `enter` the place of an item;
            //            several are moved only where they lie without gaps on both sides;
            //            `readable` and `writable`, promised by the caller.
            // disjoint, unraced: `apart` and `unraced`, promised by the caller.
            unsafe { from_items.copy_to_nonoverlapping(to_items.cast_mut(), items * itemsize) };
            to = to.wrapping_offset(to_row.stride);
            from = from.wrapping_offset(from_row.stride);
        }
    }
    Ok(())
}

/// Writes the items of a contiguous copy back where they came from, but only those that were changed since: `before` is
/// what the copy held at first. So a copy that was only read changes nothing, and of two copies each brings back its own.
///
/// `copy` and `before` have one item after the other in C order (`F` if `order` says so).
///
/// # Safety
///
/// As [`copy_raw`] from `copy` to `to`; besides `copy` and `before` have `layout.nbytes()` bytes.
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
    let tables = unsafe { Tables::promised() };
    let items = copy
        .chunks_exact(itemsize)
        .zip(before.chunks_exact(itemsize));
    for (place, (item, before)) in layout.walk(tables, to.cast_const(), order).zip(items) {
        if item != before {
            // SAFETY: the walk gives the places of items, `itemsize` bytes each: `writable`, `apart`, promised by the caller.
            unsafe {
                item.as_ptr()
                    .copy_to_nonoverlapping(place.cast_mut(), itemsize);
            };
        }
    }
}

/// Memory in this process, with pointers that may be followed.
///
/// Invariant `FOLLOWED`: one exists only while every pointer that it is asked to follow may be
/// read. It is asked by walks over layouts, only for what those address.
#[derive(Clone, Copy)]
struct Tables(());

impl Tables {
    /// # Safety
    ///
    /// `tables` of [`copy_raw`] holds for every layout that is walked with it.
    const unsafe fn promised() -> Self {
        Self(())
    }

    /// The place of an item of a row.
    #[inline]
    fn enter(mut self, line: *const u8, row: Row) -> *const u8 {
        match row.suboffset {
            None => line,
            Some(suboffset) => self.follow(line).wrapping_offset(suboffset),
        }
    }
}

impl Memory for Tables {
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

#[cfg(test)]
mod tests;

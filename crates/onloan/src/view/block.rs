//! The place of a loan: the struct that the exporter fills, and what was read of it.
//!
//! # A struct that stays where it is
//!
//! An exporter may point the arrays of the struct into the struct itself: `PyBuffer_FillInfo` lets `shape` point to `view->len` and `strides` to
//! `view->itemsize`. So it must not be moved while its arrays are in use; here it is not moved at all. It lies in a block on the heap, and whoever
//! has the loan has a pointer to the block: a view is handed from function to function as one word.
//!
//! ```text
//!   Loan ──▶ ┌─ Block ─────────────────────────┐
//!            │ buffer: len ◀─┐  obj ───────────┼──▶ the exporter
//!            │         shape ┘  internal ──────┼──▶ the exporter's own
//!            │ geometry: what was copied out   │
//!            └─────────────────────────────────┘
//! ```
//!
//! # Without an allocation
//!
//! A block that has served is kept for the next loan: one ready at hand, a few more in a list. Taking that one costs a load and a store, and an
//! acquisition allocates only where more loans are out at once than ever before.

use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use onloan_core::request::Request;
use pyo3::ffi;
use pyo3::prelude::*;

use super::geometry::Geometry;
use super::loan::Known;

/// See the [module](self).
#[repr(C)]
pub(super) struct Block {
    // The first: who searches memory for a pointer to a struct (`onloan.holders`) finds the block.
    pub(super) buffer: ffi::Py_buffer,
    pub(super) request: Request,
    pub(super) geometry: Geometry,
    pub(super) known: OnceLock<Box<Known>>,
    next: *mut Block,
}

impl Block {
    /// A block that nobody else knows, with an empty `buffer` and nothing known.
    #[inline]
    pub(super) fn take(py: Python<'_>) -> NonNull<Block> {
        let block = spare::take(py).unwrap_or_else(|| Block::take_listed(py));
        // SAFETY: a block that nobody else knows.
        let fresh = unsafe { &mut *block.as_ptr() };
        // All of it: some exporters leave fields as they are.
        fresh.buffer = ffi::Py_buffer::new();
        block
    }

    #[cold]
    fn take_listed(py: Python<'_>) -> NonNull<Block> {
        spare::take_listed(py).unwrap_or_else(Block::allocate)
    }

    fn allocate() -> NonNull<Block> {
        NonNull::from(Box::leak(Box::new(Block {
            buffer: ffi::Py_buffer::new(),
            request: Request::SIMPLE,
            geometry: Geometry::nothing(),
            known: OnceLock::new(),
            next: ptr::null_mut(),
        })))
    }

    #[cold]
    fn forget(used: &mut Block) {
        used.known = OnceLock::new();
        used.geometry.forget();
    }

    /// Keeps a block for the next loan.
    ///
    /// # Safety
    /// `block` came from [`take`](Self::take), and nobody uses it any more.
    #[inline]
    pub(super) unsafe fn put(py: Python<'_>, block: NonNull<Block>) {
        // SAFETY: granted by the caller.
        let used = unsafe { &mut *block.as_ptr() };
        if used.geometry.has_more() {
            Block::forget(used);
        }
        // SAFETY: granted by the caller.
        unsafe { spare::put(py, block) };
    }
}

/// The list of blocks that wait. Under the global lock it belongs to who is attached.
#[cfg(not(Py_GIL_DISABLED))]
mod spare {
    use std::cell::Cell;
    use std::ptr::{self, NonNull};

    use pyo3::prelude::*;

    use super::Block;

    /// How many blocks may wait in the list.
    const MOST: usize = 32;

    struct Spare {
        ready: Cell<*mut Block>,
        first: Cell<*mut Block>,
        count: Cell<usize>,
    }

    // SAFETY: private, and reached only with a `Python` token, that is, under the global lock. (An interpreter with a lock of its own
    // cannot import a PyO3 module.)
    unsafe impl Sync for Spare {}

    static SPARE: Spare = Spare {
        ready: Cell::new(ptr::null_mut()),
        first: Cell::new(ptr::null_mut()),
        count: Cell::new(0),
    };

    #[inline]
    pub(super) fn take(_py: Python<'_>) -> Option<NonNull<Block>> {
        let ready = NonNull::new(SPARE.ready.get())?;
        SPARE.ready.set(ptr::null_mut());
        Some(ready)
    }

    pub(super) fn take_listed(_py: Python<'_>) -> Option<NonNull<Block>> {
        let block = NonNull::new(SPARE.first.get())?;
        // SAFETY: a block in the list is alive, and nobody else uses it.
        SPARE.first.set(unsafe { block.as_ref() }.next);
        SPARE.count.set(SPARE.count.get() - 1);
        Some(block)
    }

    /// # Safety
    /// The block came from a `Box`, and nobody uses it any more.
    #[inline]
    pub(super) unsafe fn put(_py: Python<'_>, block: NonNull<Block>) {
        if SPARE.ready.get().is_null() {
            SPARE.ready.set(block.as_ptr());
        } else {
            // SAFETY: granted by the caller.
            unsafe { list(block) };
        }
    }

    /// # Safety
    /// As [`put`].
    #[inline(never)]
    unsafe fn list(block: NonNull<Block>) {
        if SPARE.count.get() == MOST {
            // SAFETY: granted by the caller.
            return unsafe { free(block) };
        }
        // SAFETY: granted by the caller.
        unsafe { &mut *block.as_ptr() }.next = SPARE.first.get();
        SPARE.first.set(block.as_ptr());
        SPARE.count.set(SPARE.count.get() + 1);
    }

    /// # Safety
    /// As [`put`].
    #[cold]
    unsafe fn free(block: NonNull<Block>) {
        // SAFETY: granted by the caller.
        drop(unsafe { Box::from_raw(block.as_ptr()) });
    }
}

/// Without a global lock the allocator has lists of its own, one for each thread.
#[cfg(Py_GIL_DISABLED)]
mod spare {
    use std::ptr::NonNull;

    use pyo3::prelude::*;

    use super::Block;

    pub(super) fn take(_py: Python<'_>) -> Option<NonNull<Block>> {
        None
    }

    pub(super) fn take_listed(_py: Python<'_>) -> Option<NonNull<Block>> {
        None
    }

    /// # Safety
    /// The block came from a `Box`, and nobody uses it any more.
    pub(super) unsafe fn put(_py: Python<'_>, block: NonNull<Block>) {
        // SAFETY: granted by the caller.
        drop(unsafe { Box::from_raw(block.as_ptr()) });
    }
}

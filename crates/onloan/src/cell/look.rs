//! A look that Rust takes at the memory of its own cell, also where it may hold no reference to it.

use std::ptr::NonNull;

use onloan_core::kernel::copy_raw;
use onloan_core::layout::Layout;
use onloan_core::state::{Entered, Left, Word};
use pyo3::prelude::*;

use super::block::{Facts, Header};
use super::duties::guarded;
use super::handle::ExportCell;
use crate::error::Refused;
use crate::storage::Storage;

/// Counted as a reader while it lives, but never gives a reference to the storage.
pub(super) struct Look<'cell, 'py> {
    header: &'cell Header,
    py: Python<'py>,
}

impl<'cell, 'py> Look<'cell, 'py> {
    /// Begins beside readers and exports of every kind.
    pub(super) fn begin<S: Storage>(
        cell: &'cell ExportCell<S>,
        py: Python<'py>,
    ) -> Result<Self, Refused> {
        let header = cell.header();
        let busy = |blocked| Refused::Busy(cell.busy("look at the memory", blocked));
        match header.state.attempt(Word::look).map_err(busy)? {
            Entered::Counted => {}
            Entered::MustOpen { .. } => {
                // SAFETY: the block lives as long as the handle, and this is the holder of `busy`.
                let opened = guarded(|| unsafe { (header.duties.open)(NonNull::from(header), py) });
                if let Err(error) = opened {
                    cell.settle(py);
                    return Err(Refused::Raised(error));
                }
                header.state.apply(|word| (word.opened_to_read(), ()));
            }
        }
        Ok(Look { header, py })
    }

    pub(super) fn facts(&self) -> &Facts {
        // SAFETY: counted while `self` lives (`COUNTED`).
        unsafe { self.header.facts() }
    }

    /// All items in C order; `out` is as long as they are.
    pub(super) fn copy_all(&self, out: &mut [u8]) {
        let facts = self.facts();
        debug_assert_eq!(out.len(), facts.layout.nbytes());
        let to = Layout::c_order(facts.layout.shape(), facts.layout.itemsize())
            .unwrap_or_else(|error| unreachable!("items without a layout: {error}"));
        // SAFETY:
        // readable, tables: the memory of the storage, alive and described by `layout` while `self` is counted.
        // writable, apart: `out` is borrowed exclusively, and is as long as the items (the caller checked).
        // unraced: assumed of all consumers (SAFETY.md, `no-writer-meanwhile`).
        let copied = unsafe { copy_raw(out.as_mut_ptr(), &to, facts.buf.cast(), &facts.layout) };
        debug_assert_eq!(
            copied,
            Ok(()),
            "the same shape and item size by construction"
        );
    }
}

impl Drop for Look<'_, '_> {
    fn drop(&mut self) {
        if let Left::MustSettle { last } = self.header.state.apply(Word::end_read) {
            // SAFETY: the handle is borrowed, so the block lives, and this is the holder of `busy`.
            unsafe { (self.header.duties.settle)(NonNull::from(self.header), None, self.py, last) };
        }
    }
}

/// Fills `out` from `from` on.
///
/// # Safety
/// `out.len()` bytes from `from` on may be read, none of them in `out`, and nobody writes to them.
pub(super) unsafe fn copy_bytes(from: *const u8, out: &mut [u8]) {
    // SAFETY: granted by the caller.
    unsafe { from.copy_to_nonoverlapping(out.as_mut_ptr(), out.len()) };
}

//! Guards: a storage reached from Rust, while the state keeps the others away.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use onloan_core::layout::{Layout, LayoutError};
use onloan_core::state::{Left, Word};
use pyo3::prelude::*;

use super::block::{Block, Header, Placed, Plan};
use crate::storage::{Region, Storage};

/// Read access to a storage. Dereferences to it; given back when dropped.
///
/// It stays on its thread, which is attached while it lives; what it borrows out (`&[T]`) can be used while detached.
pub struct ReadGuard<'cell, 'py, S: Storage> {
    header: &'cell Header,
    storage: &'cell S,
    py: Python<'py>,
}

impl<'cell, 'py, S: Storage> ReadGuard<'cell, 'py, S> {
    /// For a reader who is counted already.
    pub(super) fn new(header: &'cell Header, storage: &'cell S, py: Python<'py>) -> Self {
        ReadGuard {
            header,
            storage,
            py,
        }
    }
}

impl<S: Storage> Deref for ReadGuard<'_, '_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        self.storage
    }
}

impl<S: Storage> Drop for ReadGuard<'_, '_, S> {
    fn drop(&mut self) {
        if let Left::MustSettle { last } = self.header.state.apply(Word::end_read) {
            // SAFETY: the header is that of a living block (the guard borrows its handle), and this is the holder of `busy`.
            unsafe { (self.header.duties.settle)(NonNull::from(self.header), None, self.py, last) };
        }
    }
}

impl<S: Storage + fmt::Debug> fmt::Debug for ReadGuard<'_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.storage.fmt(f)
    }
}

/// Write access to a storage. Dereferences to it, so that its size can change too; given back when dropped, and described anew.
///
/// ```no_run
/// # use onloan::ExportCell;
/// # use pyo3::prelude::*;
/// # fn push(py: Python<'_>, cell: &ExportCell<Vec<u8>>) -> Result<(), onloan::Busy> {
/// cell.write(py)?.push(7);
/// # Ok(())
/// # }
/// ```
pub struct WriteGuard<'cell, 'py, S: Storage> {
    block: &'cell Block<S>,
    py: Python<'py>,
}

impl<'cell, 'py, S: Storage> WriteGuard<'cell, 'py, S> {
    /// For a writer who is let in already.
    pub(super) fn new(block: &'cell Block<S>, py: Python<'py>) -> Self {
        WriteGuard { block, py }
    }

    /// The thread is attached while the guard lives.
    pub fn py(&self) -> Python<'py> {
        self.py
    }

    /// Lends the memory in another layout from now on, its first item `offset` bytes from the start. Bytes without an item are not lent.
    ///
    /// # Errors
    /// [`LayoutError::OutsideRegion`] if the storage, as it is now, has not the memory, [`LayoutError::ItemSizesDiffer`] if its items have
    /// another size; the layout stays as it was then.
    pub fn set_layout(&mut self, offset: usize, layout: Layout) -> Result<(), LayoutError> {
        // SAFETY: the plan changes only under the write guard, of which there is one.
        let plan = unsafe { &mut *self.block.plan.get() };
        let next = Plan {
            placed: Some(Placed::At(offset, Box::new(layout))),
            format: plan.format.clone(),
        };
        next.place(self.region())?;
        *plan = next;
        Ok(())
    }

    /// How the memory, as it is now, is to be lent.
    ///
    /// # Errors
    /// The layout does not fit the storage any more.
    pub fn layout(&self) -> Result<Layout, LayoutError> {
        // SAFETY: the plan changes only under the write guard, and only through `&mut self`.
        let plan = unsafe { &*self.block.plan.get() };
        Ok(plan.place(self.region())?.layout().clone())
    }

    fn region(&self) -> Region<'_> {
        self.deref().region()
    }
}

/// The state lets a writer in only while the storage is there, and moves it out only when he has gone.
const THERE: &str = "a write guard without a storage";

impl<S: Storage> Deref for WriteGuard<'_, '_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        // SAFETY: the only writer borrows from himself; nobody else is inside (`BUSY`).
        unsafe { self.block.shared() }.expect(THERE)
    }
}

impl<S: Storage> DerefMut for WriteGuard<'_, '_, S> {
    fn deref_mut(&mut self) -> &mut S {
        // SAFETY: as for `deref`, exclusively.
        unsafe { &mut *self.block.storage.get() }
            .as_mut()
            .expect(THERE)
    }
}

impl<S: Storage> Drop for WriteGuard<'_, '_, S> {
    fn drop(&mut self) {
        let state = &self.block.header.state;
        // A layout that does not fit any more, and a storage that panics, are the next consumer's `BufferError`.
        let describe = || {
            let lazy = self.deref().is_lazy();
            // SAFETY: the holder of the write guard describes the memory before he lets others in (`COUNTED`, `BUSY`).
            let described = !lazy && unsafe { self.block.describe() }.is_ok();
            (lazy, described)
        };
        let (lazy, described) = catch_unwind(AssertUnwindSafe(describe))
            .unwrap_or_else(|_| (state.load().is_lazy(), false));
        state.apply(|word| (word.lazily(lazy).end_write(described), ()));
    }
}

impl<S: Storage + fmt::Debug> fmt::Debug for WriteGuard<'_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

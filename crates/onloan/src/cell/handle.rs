//! The handle that an author puts into a field of his class.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use onloan_core::layout::Layout;
use onloan_core::state::{Blocked, Entered, Kind, Word};
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;

use super::block::{Block, Header, Plan, Show};
use super::builder::ExportCellBuilder;
use super::guard::{ReadGuard, WriteGuard};
use super::look::{Look, copy_bytes};
use crate::error::{Busy, NotPut, PutError, Refused};
use crate::storage::{Storage, StorageMut};

/// A storage that can be lent to Python.
///
/// The cell owns the storage, fixes its layout while anything is out, and counts. Rust reaches it through guards, Python through exports, and the
/// table of [`onloan_core::state`] says which of them may be out together:
///
/// | now \ wanted | [`read`](Self::read) | [`write`](Self::write) | an export | [`take`](Self::take) |
/// |---|---|---|---|---|
/// | idle | yes | yes | yes | yes |
/// | read guards out | yes | no | read-only: yes; writable: no | no |
/// | write guard out | no | no | `BufferError` | no |
/// | exports out, read-only | yes | no | yes | no, or [later](Self::take_later) |
/// | exports out, writable | no | no | shared: yes; exclusive: no | no, or later |
///
/// Whatever cannot be had now is an error that says how many stand in the way; nothing waits.
///
/// Replacing or dropping a cell while exports are out never frees the memory: it lives until the last release.
///
/// ```no_run
/// use onloan::{ExportCell, exporter};
/// use pyo3::prelude::*;
///
/// #[pyclass(frozen)]
/// struct Tokens {
///     ids: ExportCell<Vec<u32>>,
/// }
///
/// #[exporter(ids)]
/// #[pymethods]
/// impl Tokens {
///     #[new]
///     fn new(ids: Vec<u32>) -> Self {
///         Tokens { ids: ExportCell::read_only(ids) }
///     }
/// }
/// ```
///
/// CPython's counterpart is the export counter of `bytearray` with the checks around it.
pub struct ExportCell<S: Storage> {
    block: NonNull<Block<S>>,
    owns: PhantomData<Block<S>>,
}

// SAFETY: storages are `Send + Sync`, hooks and promises `Send` (hooks also `Sync`), and all shared state goes through `State`
// under the invariants of `block`.
unsafe impl<S: Storage> Send for ExportCell<S> {}
// SAFETY: as above; every access that changes the state takes a `Python` token (`ATTACHED`).
unsafe impl<S: Storage> Sync for ExportCell<S> {}

impl<S: Storage> ExportCell<S> {
    /// Lends `storage` for reading to any number of consumers. Rust may read meanwhile.
    #[must_use]
    pub fn read_only(storage: S) -> ExportCell<S> {
        ExportCell::plain(storage, Kind::ReadOnly, Show::Shared)
    }

    /// Lends `storage` for writing to any number of consumers, as `bytearray` does.
    #[must_use]
    pub fn writable(storage: S) -> ExportCell<S>
    where
        S: StorageMut,
    {
        ExportCell::plain(storage, Kind::Writable, Show::Exclusive(S::region_mut))
    }

    /// Lends `storage` for writing to one consumer at a time.
    #[must_use]
    pub fn exclusive(storage: S) -> ExportCell<S>
    where
        S: StorageMut,
    {
        ExportCell::plain(storage, Kind::Exclusive, Show::Exclusive(S::region_mut))
    }

    /// A cell with a shape, a format or hooks of the author's choice.
    #[must_use]
    pub fn builder(storage: S) -> ExportCellBuilder<S> {
        ExportCellBuilder::new(storage)
    }

    fn plain(storage: S, kind: Kind, show: Show<S>) -> ExportCell<S> {
        match Block::new(storage, kind, show, Plan::default(), None, false) {
            Ok(block) => ExportCell::from_block(block),
            Err(error) => unreachable!("a storage's own layout does not fit it: {error}"),
        }
    }

    pub(super) fn from_block(block: NonNull<Block<S>>) -> ExportCell<S> {
        ExportCell {
            block,
            owns: PhantomData,
        }
    }

    pub(super) fn block(&self) -> &Block<S> {
        // SAFETY: the block lives at least as long as its handle.
        unsafe { self.block.as_ref() }
    }

    pub(crate) fn header(&self) -> &Header {
        &self.block().header
    }

    /// How many exports are out.
    #[must_use]
    pub fn exports(&self) -> u64 {
        self.header().state.load().exports()
    }

    /// What consumers may do.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.header().state.load().kind()
    }

    /// Consumers may only read.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.kind() == Kind::ReadOnly
    }

    /// The storage was taken back: nothing can be lent until another is [put](Self::put).
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.header().state.load().is_taken()
    }

    /// Reads from Rust. A [lazy](crate::Lazy) storage is made for it if need be.
    ///
    /// # Errors
    /// [`Busy`] while Rust writes, or while a writable cell is exported: its consumers may write at any time, also without the global lock. The
    /// error of a lazy storage that cannot be made.
    pub fn read<'cell, 'py>(
        &'cell self,
        py: Python<'py>,
    ) -> Result<ReadGuard<'cell, 'py, S>, Refused> {
        let busy = |blocked| Refused::Busy(self.busy("read the memory", blocked));
        let header = self.header();
        match header.state.attempt(Word::read).map_err(busy)? {
            Entered::Counted => {}
            Entered::MustOpen { .. } => {
                let pointer = self.block.cast::<Header>();
                // SAFETY: the block lives, and this is the holder of `busy`.
                let opened = super::guarded(|| unsafe { (header.duties.open)(pointer, py) });
                if let Err(error) = opened {
                    self.settle(py);
                    return Err(Refused::Raised(error));
                }
                header.state.apply(|word| (word.opened_to_read(), ()));
            }
        }
        // SAFETY: counted as a reader, until the guard is dropped: nobody has the storage exclusively, no consumer may write.
        match unsafe { self.block().shared() } {
            Some(storage) => Ok(ReadGuard::new(header, storage, py)),
            None => Err(busy(Blocked::Taken)),
        }
    }

    /// Writes from Rust, or changes the size.
    ///
    /// # Errors
    /// [`Busy`] while anything is out: the guard gives `&mut`, beside which nothing may look.
    pub fn write<'cell, 'py>(
        &'cell self,
        py: Python<'py>,
    ) -> Result<WriteGuard<'cell, 'py, S>, Busy> {
        let enter = |word: Word| word.write().map(|word| (word, ()));
        match self.header().state.attempt(enter) {
            Ok(()) => Ok(WriteGuard::new(self.block(), py)),
            Err(blocked) => Err(self.busy("write to the memory", blocked)),
        }
    }

    /// Takes the storage back.
    ///
    /// # Errors
    /// [`Busy`] while anything is out, or if it was taken before.
    pub fn take(&self, py: Python<'_>) -> Result<S, Busy> {
        let enter = |word: Word| word.take().map(|word| (word, ()));
        let header = self.header();
        let busy = |blocked| self.busy("take the storage back", blocked);
        header.state.attempt(enter).map_err(busy)?;
        // SAFETY: nobody is inside, and the holder of `busy` may move the storage.
        let storage = unsafe { &mut *self.block().storage.get() }.take();
        header.state.apply(|word| (word.handed_over(), ()));
        self.settle(py);
        storage.ok_or(busy(Blocked::Taken))
    }

    /// Takes the storage back as soon as nobody uses it: now, or at the last release, on the thread that releases last.
    ///
    /// From now on nobody else gets in. `receive` runs once, after the cell has settled; it may put a storage back. An error of it is reported
    /// as unraisable, for nobody is there to receive it.
    ///
    /// # Errors
    /// [`Busy`] while Rust writes, or if it was taken or promised before.
    pub fn take_later(
        &self,
        py: Python<'_>,
        receive: impl FnOnce(Python<'_>, S) -> PyResult<()> + Send + 'static,
    ) -> Result<(), Busy> {
        let block = self.block();
        let busy = |blocked| self.busy("take the storage back", blocked);
        // The receiver stands ready before the promise can come due.
        if !block.expect(Box::new(receive)) {
            return Err(busy(Blocked::Promised));
        }
        match block.header.state.attempt(Word::promise) {
            Ok(true) => self.settle(py),
            Ok(false) => {}
            Err(blocked) => {
                block.receiver();
                return Err(busy(blocked));
            }
        }
        Ok(())
    }

    /// Puts a storage into a cell from which it was taken. A layout that was fixed stays, and the storage has to have the memory.
    ///
    /// # Errors
    /// [`NotPut`] gives the storage back, and says why: the cell is not empty, or the layout does not fit.
    pub fn put(&self, py: Python<'_>, storage: S) -> Result<(), NotPut<S>> {
        let lazy = storage.is_lazy();
        let enter = |word: Word| word.put().map(|word| (word, ()));
        let state = &self.header().state;
        if let Err(blocked) = state.attempt(enter) {
            let reason = PutError::Busy(self.busy("put a storage into the cell", blocked));
            return Err(NotPut { storage, reason });
        }
        let block = self.block();
        // SAFETY: the cell is empty, and the holder of `busy` may move a storage in.
        let place = unsafe { &mut *block.storage.get() };
        *place = Some(storage);
        let described = if lazy {
            Ok(false)
        } else {
            // SAFETY: nobody is counted in an empty cell, and this is the holder of `busy`.
            unsafe { block.describe() }.map(|()| true)
        };
        let refused = match described {
            Ok(described) => {
                state.apply(|word| (word.lazily(lazy).put_in(described), ()));
                None
            }
            Err(error) => {
                // SAFETY: as above; nobody was let in meanwhile.
                let storage = unsafe { &mut *block.storage.get() }.take();
                let reason = PutError::Layout(error);
                storage.map(|storage| NotPut { storage, reason })
            }
        };
        self.settle(py);
        refused.map_or(Ok(()), Err)
    }

    /// How the memory is laid out now, as the next consumer would see it. A [lazy](crate::Lazy) storage is made for the question.
    ///
    /// # Errors
    /// As for [`read`](Self::read), except that exports do not stand in the way.
    pub fn layout(&self, py: Python<'_>) -> Result<Layout, Refused> {
        Ok(Look::begin(self, py)?.facts().layout.clone())
    }

    /// Copies `out.len()` bytes of the items in C order into `out`, beginning at byte `start`. That is possible also while Python has
    /// a writable cell, of which Rust may hold no reference: the bytes are as they were found, one after the other.
    ///
    /// # Errors
    /// As for [`read`](Self::read), except that exports do not stand in the way; `BufferError` if there are not so many bytes.
    pub fn copy_to(&self, py: Python<'_>, start: usize, out: &mut [u8]) -> Result<(), Refused> {
        let look = Look::begin(self, py)?;
        let layout = &look.facts().layout;
        let (end, size) = (start.checked_add(out.len()), layout.nbytes());
        if end.is_none_or(|end| end > size) {
            let message = format!(
                "cannot copy {} bytes from byte {start} on: there are {size}",
                out.len()
            );
            return Err(Refused::Raised(PyBufferError::new_err(message)));
        }
        if start == 0 && out.len() == size {
            look.copy_all(out);
        } else if layout.is_c_contiguous() {
            // SAFETY:
            // in bounds: contiguous, and `start + out.len()` is at most its size (checked above).
            // apart: `out` is borrowed exclusively.
            // unraced: assumed of all consumers (SAFETY.md, `no-writer-meanwhile`).
            unsafe { copy_bytes(look.facts().buf.cast::<u8>().wrapping_add(start), out) };
        } else {
            let mut all = vec![0; size];
            look.copy_all(&mut all);
            out.copy_from_slice(&all[start..start + out.len()]);
        }
        Ok(())
    }

    /// What others stand in the way of.
    pub(super) fn busy(&self, wanted: &'static str, blocked: Blocked) -> Busy {
        let cell = self.header().in_ledger();
        Busy {
            wanted,
            blocked,
            cell,
        }
    }

    pub(super) fn settle(&self, py: Python<'_>) {
        // SAFETY: the block lives as long as the handle, and the caller was given `busy`.
        unsafe { (self.header().duties.settle)(self.block.cast(), None, py, false) };
    }
}

impl<S: Storage> Drop for ExportCell<S> {
    fn drop(&mut self) {
        let pointer = self.block;
        let state = &self.header().state;
        let word = state.load();
        if word.exports() == 0 && !word.is_busy() {
            // Exports begin through the handle, which is ours alone now; those that ended did so before the load.
            // SAFETY: no export is out, nobody is busy, and guards borrow the handle: nobody else knows the block.
            unsafe { Block::free(pointer) };
            return;
        }
        // Attached, because releases change the same word (`ATTACHED`). Without an interpreter there will be no release
        // either, and the memory stays.
        let due = Python::try_attach(|_| state.apply(Word::orphan));
        if due == Some(true) {
            // SAFETY: as above, as found by `orphan`.
            unsafe { Block::free(pointer) };
        }
    }
}

impl<S: Storage> fmt::Debug for ExportCell<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportCell")
            .field("state", &self.header().state)
            .finish_non_exhaustive()
    }
}

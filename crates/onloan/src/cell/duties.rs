//! What is done at the edges of a loan: opening before the first use, settling after the last.
//!
//! All of it happens outside of any lock, by the one who holds `busy`. What the author hooked in may run Python, raise or panic: an
//! exception that was pending is kept, an error of his is reported as unraisable, and the state ends where it belongs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use onloan_core::state::{Duty, Word};
use pyo3::exceptions::PyRuntimeError;
use pyo3::panic::PanicException;
use pyo3::prelude::*;

use super::block::{Block, Header};
use crate::error::layout_error;
use crate::pending::Pending;
use crate::storage::Storage;

type Hook<S> = Box<dyn Fn(Python<'_>, &S) -> PyResult<()> + Send + Sync>;
type ReleaseHook = Box<dyn Fn(Python<'_>, u64) -> PyResult<()> + Send + Sync>;

/// What the author wants to do when memory goes out and comes back.
pub(crate) struct Hooks<S> {
    pub(crate) first_export: Option<Hook<S>>,
    pub(crate) release: Option<ReleaseHook>,
    pub(crate) last_release: Option<Hook<S>>,
}

impl<S> Default for Hooks<S> {
    fn default() -> Hooks<S> {
        Hooks {
            first_export: None,
            release: None,
            last_release: None,
        }
    }
}

impl<S> Hooks<S> {
    pub(crate) fn at_the_ends(&self) -> bool {
        self.first_export.is_some() || self.last_release.is_some()
    }
}

/// The object whose memory it is, where somebody knows: for reports only.
pub(crate) type Whose<'object, 'py> = Option<&'object Bound<'py, PyAny>>;

/// The duties of a cell, for callers who do not know its storage.
pub(crate) struct Duties {
    /// Opens a lazy storage if that is not done yet, and describes the memory. `true`: the storage is open now.
    pub(crate) open: unsafe fn(NonNull<Header>, Python<'_>) -> PyResult<()>,
    /// Tells the author of the first export.
    pub(crate) tell_first: unsafe fn(NonNull<Header>, Python<'_>) -> PyResult<()>,
    /// Tells the author of a release.
    pub(crate) tell_release: for<'py> unsafe fn(NonNull<Header>, Whose<'_, 'py>, Python<'py>),
    /// Does what has come due; `last`: beginning with telling the author of the last release.
    pub(crate) settle: for<'py> unsafe fn(NonNull<Header>, Whose<'_, 'py>, Python<'py>, last: bool),
}

impl Duties {
    pub(crate) const fn of<S: Storage>() -> &'static Duties {
        &Duties {
            open: open::<S>,
            tell_first: tell_first::<S>,
            tell_release: tell_release::<S>,
            settle: settle::<S>,
        }
    }
}

/// Runs what an author wrote; a panic becomes an exception.
pub(crate) fn guarded<R>(run: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let message = payload
            .downcast_ref::<&'static str>()
            .map(|message| (*message).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a hook of an ExportCell panicked".to_owned());
        Err(PanicException::new_err(message))
    })
}

/// Lets PyO3 know that the thread is attached. It counts its own calls, and a raw slot is none of them: a `Py` that is dropped meanwhile
/// would wait for the next call of PyO3's, whenever that is.
fn known_to_pyo3<R>(run: impl FnOnce() -> R) -> R {
    let (mut run, mut done) = (Some(run), None);
    Python::try_attach(|_| done = run.take().map(|run| run()));
    match (done, run) {
        (Some(done), _) => done,
        // PyO3 does not attach at shutdown any more; we are attached as it is.
        (None, Some(run)) => run(),
        (None, None) => unreachable!("run and not done: a panic would have left"),
    }
}

/// Runs what an author wrote where nobody can receive an error; a pending exception stays as it is.
fn unraisable<'py>(py: Python<'py>, whose: Whose<'_, 'py>, run: impl FnOnce() -> PyResult<()>) {
    let pending = Pending::put_aside(py);
    if let Err(error) = known_to_pyo3(|| guarded(run)) {
        error.write_unraisable(py, whose);
    }
    pending.put_back(py);
}

/// # Safety
/// `header` leads to a living `Block<S>`, and the caller holds `busy`.
unsafe fn open<S: Storage>(header: NonNull<Header>, py: Python<'_>) -> PyResult<()> {
    // SAFETY: the header is the first field of its block (`repr(C)`), which lives (granted by the caller).
    let block = unsafe { header.cast::<Block<S>>().as_ref() };
    let now = block.header.state.load();
    if now.is_lazy() && !now.is_prepared() {
        // SAFETY: the holder of `busy` may look; a lazy storage has no reader before it is opened.
        let Some(storage) = (unsafe { block.shared() }) else {
            return Err(PyRuntimeError::new_err(
                "the memory was taken back by its owner",
            ));
        };
        known_to_pyo3(|| storage.open(py))?;
        block.header.state.apply(|word| (word.prepared(), ()));
    }
    // SAFETY: the holder of `busy` writes the facts before anybody is counted; if consumers may write there is no reader either.
    unsafe { block.describe() }.map_err(layout_error)
}

/// # Safety
/// As for [`open`].
unsafe fn tell_first<S: Storage>(header: NonNull<Header>, py: Python<'_>) -> PyResult<()> {
    // SAFETY: as in `open`.
    let block = unsafe { header.cast::<Block<S>>().as_ref() };
    // SAFETY: no export is out, so nobody writes to the storage, and the holder of `busy` keeps writers out.
    let storage = unsafe { block.shared() };
    let hook = block
        .hooks
        .as_ref()
        .and_then(|hooks| hooks.first_export.as_ref());
    hook.zip(storage).map_or(Ok(()), |(hook, storage)| {
        known_to_pyo3(|| hook(py, storage))
    })
}

/// # Safety
/// `header` leads to a living `Block<S>`, kept alive by the caller's own export, which is still counted.
unsafe fn tell_release<'py, S: Storage>(
    header: NonNull<Header>,
    whose: Whose<'_, 'py>,
    py: Python<'py>,
) {
    // SAFETY: as in `open`.
    let block = unsafe { header.cast::<Block<S>>().as_ref() };
    if let Some(hook) = block
        .hooks
        .as_ref()
        .and_then(|hooks| hooks.release.as_ref())
    {
        let left = block.header.state.load().exports().saturating_sub(1);
        unraisable(py, whose, || hook(py, left));
    }
}

/// # Safety
/// `header` leads to a living `Block<S>`, and the caller holds `busy`; he does not use the block afterwards.
unsafe fn settle<'py, S: Storage>(
    header: NonNull<Header>,
    whose: Whose<'_, 'py>,
    py: Python<'py>,
    last: bool,
) {
    let pointer = header.cast::<Block<S>>();
    // SAFETY: as in `open`; not used after `Duty::Free` and `Duty::Done`.
    let block = unsafe { pointer.as_ref() };
    if last {
        // SAFETY: no export is out, so nobody writes to the storage, and the holder of `busy` keeps writers out.
        let storage = unsafe { block.shared() };
        if let (Some(hook), Some(storage)) = (
            block
                .hooks
                .as_ref()
                .and_then(|hooks| hooks.last_release.as_ref()),
            storage,
        ) {
            unraisable(py, whose, || hook(py, storage));
        }
    }
    let mut handed_over = None;
    loop {
        match block.header.state.apply(Word::settle) {
            Duty::HandOver => {
                // SAFETY: nobody uses the storage, and the holder of `busy` may move it.
                let storage = unsafe { &mut *block.storage.get() }.take();
                let promise = block.receiver();
                block.header.state.apply(|word| (word.handed_over(), ()));
                handed_over = promise.zip(storage);
            }
            Duty::Close => {
                // SAFETY: nobody uses the storage, and the holder of `busy` may borrow it exclusively.
                if let Some(storage) = unsafe { &mut *block.storage.get() } {
                    unraisable(py, whose, || {
                        storage.close(py);
                        Ok(())
                    });
                }
            }
            Duty::Free => {
                unraisable(py, whose, || {
                    // SAFETY: the handle is gone, no export is out, and the holder of `busy` is the only one who knows the block.
                    unsafe { Block::free(pointer) };
                    Ok(())
                });
                break;
            }
            Duty::Done => break,
        }
    }
    // The state is settled: the owner may do with the cell what he likes.
    if let Some((promise, storage)) = handed_over {
        unraisable(py, whose, || promise(py, storage));
    }
}

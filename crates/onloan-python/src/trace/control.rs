//! Starting and stopping.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCFunction, PyMemoryView};

use crate::buffer::Buffer;
use crate::view::View;

use super::heap::{Heap, Managed};
use super::layout::{self, TP_AS_BUFFER, WORD, word};
use super::ledger::{LEDGER, Ledger, SEQUENCE};
use super::pool::{ON, RELEASE_POOL};
use super::records::Record;
use super::{clock, hooks, imports, patch, stacks, words};

/// Slots that could not be exchanged, because there was no function left.
pub(super) static LEFT_OUT: AtomicUsize = AtomicUsize::new(0);

/// Whether a `BufferError` gets a note.
pub(super) static NOTES: AtomicBool = AtomicBool::new(false);

/// The hooks that the interpreter never gives back: set once.
static KNOWN_TO_INTERPRETER: AtomicBool = AtomicBool::new(false);

/// The flags of a view whose request nobody saw.
pub(super) const UNSEEN: i32 = -1;

/// Starts recording. None, or why that cannot be done here.
#[pyfunction]
pub(crate) fn trace_start(py: Python<'_>, frames: usize) -> PyResult<Option<String>> {
    if ON.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let layout = match layout::verify(py) {
        Ok(layout) => layout,
        Err(reason) => return Ok(Some(reason)),
    };
    // SAFETY: attached.
    let interpreter = unsafe { ffi::PyInterpreterState_Get() };
    if interpreter.addr() != layout.interpreter {
        return Ok(Some(
            "tracing is started from the main interpreter only".to_owned(),
        ));
    }
    remember(py)?;
    super::locals::current_frames(py)?;
    settle(py)?;
    hooks::DEPTH.store(frames, Ordering::Relaxed);
    if forget(py) == 0 {
        clock::restart();
    } else {
        clock::begin();
    }
    let left_out = patch::exchange(py, layout)?;
    LEFT_OUT.store(left_out as usize, Ordering::Relaxed);
    imports::watch(py)?;
    seed(py)?;
    ON.store(true, Ordering::Release);
    Ok(None)
}

/// Stops recording: every slot holds again what it held.
#[pyfunction]
pub(crate) fn trace_stop(py: Python<'_>) -> PyResult<()> {
    if !ON.swap(false, Ordering::AcqRel) {
        return Ok(());
    }
    let restored = patch::restore(py);
    let unwatched = imports::unwatch(py);
    super::blocked::forget();
    super::beat::stop();
    forget(py);
    restored.and(unwatched)
}

/// Forgets all but what registered cells have out; that is so many exports.
fn forget(_py: Python<'_>) -> usize {
    let mut ledger = LEDGER.lock();
    // SAFETY: attached.
    let old = unsafe { ledger.renew() };
    let kept = ledger.records.len();
    drop(ledger);
    for code in old.stacks.into_codes() {
        let code = std::ptr::with_exposed_provenance_mut(code);
        // SAFETY: attached; the reference was the old ledger's.
        unsafe { ffi::Py_DecRef(code) };
    }
    kept
}

/// Whether acquisitions are recorded.
#[pyfunction]
pub(crate) fn trace_is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// A number that is greater for whatever is acquired from now on.
#[pyfunction]
pub(crate) fn trace_mark() -> u64 {
    SEQUENCE.load(Ordering::Relaxed)
}

/// Whether a `BufferError` is given a note from now on.
#[pyfunction]
pub(crate) fn trace_notes(on: bool) {
    NOTES.store(on, Ordering::Relaxed);
}

/// The bytes that the ledger keeps, and how many records there are.
#[pyfunction]
pub(crate) fn trace_bytes() -> (usize, usize) {
    let ledger = LEDGER.lock();
    (ledger.bytes(), ledger.records.len())
}

/// Meets the types that are new. What goes wrong leaves them out.
pub(super) fn rescan(py: Python<'_>) {
    if !ON.load(Ordering::Relaxed) {
        return;
    }
    let Some(layout) = layout::layout() else {
        return;
    };
    let pending = hooks::Pending::put_aside();
    if let Ok(left_out) = patch::exchange(py, layout) {
        LEFT_OUT.store(left_out as usize, Ordering::Relaxed);
    }
    pending.put_back();
}

/// Takes down what managed buffers hold already.
fn seed(py: Python<'_>) -> PyResult<()> {
    let Some(layout) = layout::layout() else {
        return Ok(());
    };
    let heap = Heap::new(py)?;
    let found: Vec<Managed> = heap.managed(layout).collect();
    for managed in &found {
        let exporter = std::ptr::with_exposed_provenance_mut(managed.exporter);
        // SAFETY: the managed buffer keeps its exporter alive, and the heap keeps the managed buffer.
        let exporter: Bound<'_, PyAny> = unsafe { Bound::from_borrowed_ptr(py, exporter) };
        let exporter = behind(exporter);
        if !followed(&exporter) {
            continue;
        }
        let class = exporter.get_type();
        let kind = layout::address(&class);
        // SAFETY: a type that lives.
        let label = unsafe { word(kind, layout::TP_NAME) };
        let name = words::type_name(class.as_any());
        let mut ledger = LEDGER.lock();
        let exporter = layout::address(&exporter);
        let known = |record: &Record| record.registered && record.exporter == exporter;
        if ledger
            .records
            .of_view(managed.view)
            .is_some_and(|record| known(record))
        {
            continue;
        }
        ledger.kinds.add(kind, label, name, true);
        let Some((kind, _)) = ledger.kinds.find(kind, label) else {
            continue;
        };
        let sequence = SEQUENCE.load(Ordering::Relaxed) + 1;
        SEQUENCE.store(sequence, Ordering::Relaxed);
        let record = Record {
            view: managed.view,
            exporter,
            buf: managed.buf,
            len: managed.len,
            internal: managed.internal,
            ndim: managed.ndim,
            flags: UNSEEN,
            sequence,
            kind,
            stack: stacks::UNKNOWN,
            seeded: true,
            ..Record::EMPTY
        };
        if ledger.records.add(&record) {
            ledger.live_bytes += managed.len as u64;
        } else {
            ledger.dropped += 1;
        }
    }
    Ok(())
}

/// Of a wrapper around the view of a `__buffer__` the view, which is what is exported.
fn behind(exporter: Bound<'_, PyAny>) -> Bound<'_, PyAny> {
    if exporter
        .get_type()
        .name()
        .is_ok_and(|name| name == "_buffer_wrapper")
    {
        let gc = exporter.py().import("gc");
        let referents = gc.and_then(|gc| gc.call_method1("get_referents", (&exporter,)));
        let mut referents = referents
            .iter()
            .flat_map(PyAnyMethods::try_iter)
            .flatten()
            .flatten();
        if let Some(view) = referents.find(PyAnyMethods::is_exact_instance_of::<PyMemoryView>) {
            return view;
        }
    }
    exporter
}

/// Whether the releases of an exporter are seen.
pub(super) fn followed(exporter: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a type object of CPython is longer than this offset.
    let table = unsafe { word(layout::address(&exporter.get_type()), TP_AS_BUFFER) };
    if table == 0 {
        return false;
    }
    // SAFETY: the buffer slots of a type.
    let release = unsafe { word(table, WORD) };
    let python = layout::layout().map_or(0, |layout| layout.python_release);
    release != 0 && (release == python || RELEASE_POOL.original(release).is_some())
}

/// Lets onloan's own classes exchange their slots, which they do with their first request: afterwards those are wrapped, and stay as slow as they are.
fn settle(py: Python<'_>) -> PyResult<()> {
    let lent = py
        .get_type::<Buffer>()
        .call1((PyBytes::new(py, b"onloan"),))?;
    let view = py.get_type::<View>().call1((&lent,))?;
    for exporter in [&view, &lent] {
        PyMemoryView::from(exporter)?.call_method0("release")?;
    }
    view.call_method0("release")?;
    Ok(())
}

/// Tells the interpreter once what it never lets go of: what a forked child and the end of the process need.
pub(super) fn remember(py: Python<'_>) -> PyResult<()> {
    if KNOWN_TO_INTERPRETER.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let os = py.import("os")?;
    if os.hasattr("register_at_fork")? {
        let child = PyCFunction::new_closure(py, None, None, |_, _| in_child())?;
        let named = pyo3::types::PyDict::new(py);
        named.set_item("after_in_child", child)?;
        os.call_method("register_at_fork", (), Some(&named))?;
    }
    let end = PyCFunction::new_closure(py, None, None, |_, _| {
        hooks::ENDING.store(true, Ordering::Relaxed);
    })?;
    py.import("atexit")?.call_method1("register", (end,))?;
    Ok(())
}

/// A forked child goes on with the ledger as it was, unless a thread that is not there any more was in the middle of it.
fn in_child() {
    let (mut ledger, orphaned) = LEDGER.take_over();
    if orphaned {
        // What it had is in no order: it is left alone, and its memory with it.
        std::mem::forget(std::mem::replace(&mut *ledger, Ledger::new()));
    }
}

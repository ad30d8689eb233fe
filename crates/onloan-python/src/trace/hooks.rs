//! What happens at an acquisition and at a release.
//!
//! ```text
//!   get:      count ─▶ original ─▶ lock: frames, record              nothing of Python is called
//!                                             └─ missing? ─▶ unlock, ask Python, try again     (a type, thread or stack that is new)
//!   release:  lock: take the record out ─▶ original
//! ```
//!
//! A hook never raises, and never changes the exception that is set. What it asks of Python runs none of the program's own code.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use super::beat;
use super::clock;
use super::layout::{self, TP_AS_BUFFER, TP_NAME, WORD, word};
use super::ledger::{Acquired, LEDGER, Missing, SEQUENCE};
use super::pool::{Get, RELEASE_POOL};
use super::reader::{self, Reader, Stack};
use super::records::{Ended, Number};
use super::stacks::Frame;
use super::words;

/// How many frames are kept of each stack.
pub(super) static DEPTH: AtomicUsize = AtomicUsize::new(10);

/// The interpreter is about to end: nothing is asked of it any more.
pub(super) static ENDING: AtomicBool = AtomicBool::new(false);

/// Asks the exporter, and records what it grants.
///
/// # Safety
/// As for `bf_getbuffer`, which `original` is.
#[inline]
pub(super) unsafe fn get(
    original: Get,
    exporter: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    let before = SEQUENCE.load(Ordering::Relaxed);
    // SAFETY: granted by the caller.
    let answer = unsafe { original(exporter, view, flags) };
    if answer == 0 && !view.is_null() {
        // SAFETY: filled by the exporter, which granted the request.
        unsafe { acquired(exporter, view, flags, Teller::Hook { before }) };
    }
    answer
}

/// Who tells of an acquisition.
#[derive(Clone, Copy)]
pub(super) enum Teller {
    /// The function in the slot; so many acquisitions were on record before it asked the exporter.
    Hook { before: u64 },
    /// The registered cell at this address, from within the exporter.
    Cell(usize),
}

/// Records what an exporter has granted. The number that it has then.
///
/// # Safety
/// Attached; `view` was just filled by `exporter`.
#[inline]
pub(super) unsafe fn acquired(
    exporter: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
    teller: Teller,
) -> Option<Number> {
    let place = view.expose_provenance();
    // SAFETY: granted by the caller.
    let view = unsafe { &*view };
    if view.obj.is_null() {
        return None;
    }
    let layout = layout::layout()?;
    // SAFETY: attached.
    let thread = unsafe { ffi::PyThreadState_Get() };
    // SAFETY: attached.
    let own = unsafe { layout.is_own(thread) };
    if let Teller::Hook { before } = teller
        && SEQUENCE.load(Ordering::Relaxed) != before
    {
        // SAFETY: granted by the caller.
        if unsafe { relabelled(exporter, place, before, own) } {
            return None;
        }
    }
    // SAFETY: the object that the view keeps alive.
    let kind = unsafe { kind_of(view.obj) };
    // SAFETY: attached.
    let number = unsafe { ffi::PyThreadState_GetID(thread) };
    let depth = DEPTH.load(Ordering::Relaxed);
    let reader = match &layout.frames {
        // SAFETY: the layout is verified, the thread state is that of this thread; what the ledger has to ask of Python brings the thread back to where it is.
        Some(layout) if own => Some(unsafe { Reader::new(layout, thread, depth) }),
        _ => None,
    };
    let mut acquired = Acquired {
        place,
        view,
        internal: match teller {
            Teller::Hook { .. } => view.internal.addr(),
            Teller::Cell(cell) => cell,
        },
        registered: matches!(teller, Teller::Cell(_)),
        flags,
        foreign: !own,
        time: 0,
        kind,
        thread: number as u64,
        stack: Stack::new(),
    };
    if own && reader.is_none() {
        // SAFETY: attached.
        let py = unsafe { Python::assume_attached() };
        reader::public(py, depth, &mut acquired.stack);
    }
    // The processor waits here until all before is done. All that comes after overlaps: so what need not come before does not.
    let mut ledger = LEDGER.lock();
    let time = clock::now();
    acquired.time = time;
    // Four things can be missing, each once; a type that goes on changing is given up.
    for _ in 0..8 {
        let missing = match ledger.acquire(&mut acquired, reader) {
            Ok(number) => {
                drop(ledger);
                beat::due(time);
                return number;
            }
            Err(missing) => missing,
        };
        drop(ledger);
        match missing {
            // SAFETY: attached; the view keeps the object alive.
            Missing::Kind => unsafe { learn_kind(view.obj, own) },
            Missing::Thread => learn_thread(number as u64, own),
            Missing::Stack => learn_stack(&acquired, own),
        }
        ledger = LEDGER.lock();
    }
    ledger.dropped += 1;
    None
}

/// Whether the exporter has asked another one, whose hook has recorded the view; then the record is told who was asked.
///
/// # Safety
/// Attached; the object is alive.
#[cold]
unsafe fn relabelled(exporter: *mut ffi::PyObject, view: usize, before: u64, own: bool) -> bool {
    let asked = exporter.expose_provenance();
    // SAFETY: granted by the caller.
    let kind = unsafe { kind_of(exporter) };
    for _ in 0..2 {
        let relabelled = LEDGER.lock().relabel(view, before, asked, kind);
        match relabelled {
            Ok(relabelled) => return relabelled,
            // SAFETY: granted by the caller.
            Err(_) => unsafe { learn_kind(exporter, own) },
        }
    }
    true
}

/// The address of an object's type, and of that type's `tp_name`.
///
/// # Safety
/// The object is alive.
#[inline]
unsafe fn kind_of(object: *mut ffi::PyObject) -> (usize, usize) {
    // SAFETY: granted by the caller.
    let kind = unsafe { ffi::Py_TYPE(object) }.expose_provenance();
    // SAFETY: the type of a live object.
    let label = unsafe { word(kind, TP_NAME) };
    (kind, label)
}

/// Tells the ledger the name of an object's type, and whether its releases will be seen.
///
/// # Safety
/// Attached; the object is alive.
#[cold]
unsafe fn learn_kind(object: *mut ffi::PyObject, own: bool) {
    // SAFETY: granted by the caller.
    let (kind, label) = unsafe { kind_of(object) };
    // SAFETY: a type has these fields (verified at the start), whatever interpreter it belongs to.
    let table = unsafe { word(kind, TP_AS_BUFFER) };
    let release = if table == 0 {
        0
    } else {
        // SAFETY: the buffer slots of a type.
        unsafe { word(table, WORD) }
    };
    let python = layout::layout().map_or(0, |layout| layout.python_release);
    let followed = release != 0 && (release == python || RELEASE_POOL.original(release).is_some());
    let name = if own && !ENDING.load(Ordering::Relaxed) {
        aside(|py| {
            let class = std::ptr::with_exposed_provenance_mut(kind);
            // SAFETY: the type of an object that is alive.
            let class = unsafe { Bound::from_borrowed_ptr(py, class) };
            words::type_name(&class)
        })
    } else {
        // SAFETY: `tp_name` of a type that lives.
        unsafe { words::c_name(label) }
    };
    LEDGER.lock().kinds.add(kind, label, name, followed);
}

#[cold]
fn learn_thread(number: u64, own: bool) {
    // SAFETY: callable at any time.
    let ident = unsafe { ffi::PyThread_get_thread_ident() };
    let name = if own && !ENDING.load(Ordering::Relaxed) {
        aside(|py| words::thread_name(py, ident))
    } else {
        None
    };
    let name = name.unwrap_or_else(|| format!("thread {ident}"));
    LEDGER.lock().threads.add(number, ident, name);
}

#[cold]
fn learn_stack(acquired: &Acquired<'_>, own: bool) {
    let frames = acquired.stack.frames();
    let line = match frames.first() {
        Some(frame) if own && !ENDING.load(Ordering::Relaxed) => aside(|py| line(py, *frame)),
        _ => 0,
    };
    for frame in frames {
        let code = std::ptr::with_exposed_provenance_mut(frame.code);
        // SAFETY: attached; the frame is on this thread's stack and keeps its code object alive.
        unsafe { ffi::Py_IncRef(code) };
    }
    let mut ledger = LEDGER.lock();
    let kept = match ledger.kinds.find(acquired.kind.0, acquired.kind.1) {
        Some((kind, _)) => ledger.learn_stack(frames, kind, line),
        None => 0,
    };
    drop(ledger);
    for frame in &frames[kept..] {
        let code = std::ptr::with_exposed_provenance_mut(frame.code);
        // SAFETY: attached; the reference was taken above and is not the ledger's.
        unsafe { ffi::Py_DecRef(code) };
    }
}

/// The line of a frame whose code object is alive; 0 if it has none.
pub(super) fn line(py: Python<'_>, frame: Frame) -> u32 {
    let code = std::ptr::with_exposed_provenance_mut(frame.code);
    // SAFETY: alive, as the frame is running or the ledger has a reference.
    let code = unsafe { Bound::from_borrowed_ptr(py, code) };
    let offset = match layout::layout().and_then(|layout| layout.frames.as_ref()) {
        Some(layout) => layout.lasti(frame),
        None => frame.offset as isize,
    };
    words::line(&code, offset).unwrap_or(0)
}

/// Runs something that asks Python, with the exception that is set put aside.
fn aside<T>(ask: impl FnOnce(Python<'_>) -> T) -> T {
    // SAFETY: hooks are called attached (`slots-attached`).
    let py = unsafe { Python::assume_attached() };
    let pending = Pending::put_aside();
    let answer = ask(py);
    pending.put_back();
    answer
}

/// The exception that is set, as the three objects of old: they are taken up and put back as they are, also on versions that know one object.
pub(super) struct Pending([*mut ffi::PyObject; 3]);

impl Pending {
    pub(super) fn put_aside() -> Pending {
        let mut raised = [std::ptr::null_mut(); 3];
        let [kind, value, traceback] = &mut raised;
        #[allow(deprecated)]
        // SAFETY: attached; three places to be filled.
        unsafe {
            ffi::PyErr_Fetch(kind, value, traceback);
        };
        Pending(raised)
    }

    pub(super) fn put_back(self) {
        let [kind, value, traceback] = self.0;
        #[allow(deprecated)]
        // SAFETY: attached; gives away the references that `put_aside` was given; what is set meanwhile is dropped.
        unsafe {
            ffi::PyErr_Restore(kind, value, traceback);
        };
    }
}

/// Takes a release down, which a hook tells of, or the registered cell at this address, whose export has this number.
///
/// # Safety
/// As for `bf_releasebuffer`.
#[inline]
pub(super) unsafe fn release(
    exporter: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    cell: Option<(usize, Option<Number>)>,
) {
    if view.is_null() {
        return;
    }
    let place = view.expose_provenance();
    // SAFETY: granted by the caller.
    let view = unsafe { &*view };
    let ended = Ended {
        view: place,
        exporter: exporter.addr(),
        buf: view.buf.addr(),
        len: usize::try_from(view.len).unwrap_or(0),
        internal: cell.map_or_else(|| view.internal.addr(), |(cell, _)| cell),
        ndim: view.ndim,
        shape: view.shape.addr(),
        by_cell: cell.map(|(_, number)| number),
    };
    let mut ledger = LEDGER.lock();
    let time = clock::now();
    ledger.release(&ended, time);
    drop(ledger);
    beat::due(time);
}

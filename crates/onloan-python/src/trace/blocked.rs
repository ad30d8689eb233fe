//! `BufferError`s: what stood in the way when one was made.
//!
//! An exception is made before anybody can catch it, swallow it or mask it. So `tp_init` of `BufferError` tells of each: at once on CPython 3.12 and newer;
//! on 3.11, where an exception that C code raises is made only when somebody handles it, from the first `except`, `with` or `finally` on
//! that meets it (its traceback says where it was raised). What C code raises and clears again on 3.11 is never made, and not seen.
//!
//! # Which exports
//!
//! Those of the object of which a method was just called, if the innermost frame still has it on its stack of values. Else those of objects in sight: local
//! variables of the innermost frames, globals that they name, and what these refer to; the nearest first. The message says whether exports can be
//! the reason at all: a refused request is none.

use std::ffi::c_int;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::clock;
use super::control::NOTES;
use super::facts::{self, FrameText, Lent};
use super::hash::Set;
use super::heap::{self, Traversals};
use super::hooks::{ENDING, Pending};
use super::layout::{address, layout};
use super::ledger::LEDGER;
use super::locals;
use super::lock::Lock;
use super::note;
use super::pool::ON;
use super::report;
use super::words;

/// So many errors are kept; then the newest takes the last place.
const MOST: usize = 1000;
/// So many frames of an error are told.
const FRAMES: usize = 64;
/// Errors are explained until that took so many microseconds together, and from then on in this part of the time: a program may wait for a buffer by trying,
/// and each explanation looks at the whole heap.
const MOST_MICROSECONDS: u64 = 3_000_000;
const SHARE: u64 = 20;
/// From so many frames the objects in sight are taken.
const IN_SIGHT: usize = 3;
/// So many objects are looked at from a frame.
const LOOKED_AT: usize = 5000;

type Init =
    unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject, *mut ffi::PyObject) -> c_int;

static ORIGINAL: AtomicUsize = AtomicUsize::new(0);
static ERRORS: Lock<Vec<Error>> = Lock::new(Vec::new());
static DROPPED: AtomicU64 = AtomicU64::new(0);
static SPENT: AtomicU64 = AtomicU64::new(0);
/// One error is explained at a time: what an explanation raises is not explained.
static BUSY: AtomicBool = AtomicBool::new(false);

/// An error, in words and numbers only.
#[derive(Clone)]
struct Error {
    kind: String,
    message: String,
    frames: Vec<FrameText>,
    blocked_by: Vec<Lent>,
    thread: String,
    time: u32,
}

/// What goes into `tp_init`.
pub(super) fn hook_address() -> usize {
    (init as *const ()).expose_provenance()
}

/// The function that was there.
pub(super) fn original() -> usize {
    ORIGINAL.load(Ordering::Relaxed)
}

/// Tells which function was there.
pub(super) fn chain_to(original: usize) {
    ORIGINAL.store(original, Ordering::Relaxed);
}

/// Forgets all errors.
pub(super) fn forget() {
    let old = mem::take(&mut *ERRORS.lock());
    drop(old);
    DROPPED.store(0, Ordering::Relaxed);
    SPENT.store(0, Ordering::Relaxed);
}

/// How many errors found no room.
pub(super) fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

pub(crate) type ErrorFacts<'py> = (
    String,
    String,
    Vec<FrameText>,
    Bound<'py, PyList>,
    String,
    f64,
);

/// How many errors are on record.
#[pyfunction]
pub(crate) fn trace_errors_met() -> usize {
    ERRORS.lock().len()
}

/// The errors that were met, from this number on.
#[pyfunction]
#[pyo3(signature = (first, /))]
pub(crate) fn trace_errors(py: Python<'_>, first: usize) -> PyResult<Vec<ErrorFacts<'_>>> {
    let errors = ERRORS.lock().get(first..).unwrap_or_default().to_vec();
    let facts = |error: Error| {
        let time = clock::seconds(error.time);
        Ok((
            error.kind,
            error.message,
            error.frames,
            facts::told(py, &error.blocked_by)?,
            error.thread,
            time,
        ))
    };
    errors.into_iter().map(facts).collect()
}

/// `tp_init` of `BufferError`, while tracing is on.
///
/// # Safety
/// As for `tp_init`.
unsafe extern "C" fn init(
    error: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    named: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: this is in the slot only after the function that was there was put into `ORIGINAL`.
    let original = unsafe { mem::transmute::<usize, Init>(original()) };
    // SAFETY: granted by the caller.
    let answer = unsafe { original(error, arguments, named) };
    if answer == 0 && ON.load(Ordering::Relaxed) && !ENDING.load(Ordering::Relaxed) && is_ours() {
        // SAFETY: slots are called attached.
        let py = unsafe { Python::assume_attached() };
        // SAFETY: the exception that is being made.
        let error: Bound<'_, PyAny> = unsafe { Bound::from_borrowed_ptr(py, error) };
        if can_be_afforded() {
            alone(|| explain(&error));
        } else {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
    answer
}

/// Whether the running interpreter is the one that tracing was started in: of others nothing is looked at.
pub(super) fn is_ours() -> bool {
    // SAFETY: attached, as slots are.
    let interpreter = unsafe { ffi::PyInterpreterState_Get() };
    layout().is_some_and(|layout| layout.interpreter == interpreter.addr())
}

/// Whether a message can be about exports that are out. `None`: nobody knows this message.
fn is_about_exports(message: &str) -> Option<bool> {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    // "memoryview has 1 exported buffer", "cannot close exported pointers exist", "2 exports are out"
    if says(&[
        "export is out",
        "exports are out",
        "existing exports",
        "exporting",
        "exported",
    ]) {
        return Some(true);
    }
    let refused = [
        "writable",
        "contiguous",
        "read-only",
        "readonly",
        "pybuf",
        "request",
        "format",
        "suboffset",
    ];
    says(&refused).then_some(false)
}

/// Runs a search; `false`: holders are not to be searched for any more.
pub(super) fn searched<T>(search: impl FnOnce(bool) -> T) -> T {
    search(can_be_afforded())
}

fn can_be_afforded() -> bool {
    let passed = u64::from(clock::now()) * 1000;
    SPENT.load(Ordering::Relaxed) < MOST_MICROSECONDS + passed / SHARE
}

/// Runs an explanation, unless one is running, and counts how long it takes; what it raises is dropped, and what was set before is set again.
pub(super) fn alone(explain: impl FnOnce() -> PyResult<()>) {
    if BUSY.swap(true, Ordering::Acquire) {
        return;
    }
    let began = Instant::now();
    let pending = Pending::put_aside();
    // What cannot be explained stays as it is.
    let _explained = std::panic::catch_unwind(std::panic::AssertUnwindSafe(explain));
    pending.put_back();
    SPENT.fetch_add(began.elapsed().as_micros() as u64, Ordering::Relaxed);
    BUSY.store(false, Ordering::Release);
}

fn explain(error: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = error.py();
    let arguments = error.getattr("args")?;
    let arguments = arguments.cast::<PyTuple>()?;
    let message = match arguments.get_item(0) {
        Ok(first) => report::plain(&first).unwrap_or_default(),
        Err(_) => String::new(),
    };
    let sure = match is_about_exports(&message) {
        Some(false) => return Ok(()),
        Some(true) => true,
        None => false,
    };
    let mut frames = running(py)?;
    let at_once = py.version_info() >= (3, 12) || is_handling(py);
    if !at_once {
        raised_before(py, &mut frames)?;
    }
    if frames.is_empty() {
        return Ok(());
    }
    let mut exporters = Vec::new();
    if let (true, Some(meant), Some(innermost)) = (at_once, kind_meant(&message), frames.first()) {
        // What the innermost frame was just calling a method of: no other can be the one.
        exporters = on_stack(innermost)?;
        exporters.retain(|exporter| is_a(py, *exporter, meant));
    }
    if exporters.is_empty() {
        exporters = in_sight(py, &frames, &message, sure)?;
    }
    if exporters.is_empty() {
        return Ok(());
    }
    let mut blocked_by = searched(|holders| report::in_the_way(py, &exporters, holders))?;
    if blocked_by.is_empty() {
        return Ok(());
    }
    blocked_by.truncate(8);
    let mut texts = Vec::new();
    for frame in frames.iter().take(FRAMES) {
        let code = frame.getattr("f_code")?;
        let line = frame.getattr("f_lineno")?.extract::<Option<u32>>()?;
        let (file, function) = words::place(&code);
        texts.push((file, line.unwrap_or(0), function));
    }
    // SAFETY: callable at any time.
    let ident = unsafe { ffi::PyThread_get_thread_ident() };
    let thread = words::thread_name(py, ident).unwrap_or_else(|| format!("thread {ident}"));
    if NOTES.load(Ordering::Relaxed) {
        error.call_method1("add_note", (note::text(&blocked_by),))?;
    }
    let known = Error {
        kind: words::type_name(error.get_type().as_any()),
        message,
        frames: texts,
        blocked_by,
        thread,
        time: clock::now(),
    };
    let mut errors = ERRORS.lock();
    let last = if errors.len() < MOST {
        None
    } else {
        DROPPED.fetch_add(1, Ordering::Relaxed);
        errors.pop()
    };
    errors.push(known);
    drop(errors);
    drop(last);
    Ok(())
}

type Frames<'py> = Vec<Bound<'py, PyAny>>;

/// The frames of this thread, innermost first, without onloan's own.
fn running(py: Python<'_>) -> PyResult<Frames<'_>> {
    // SAFETY: attached.
    let thread = unsafe { ffi::PyThreadState_Get() };
    // SAFETY: attached.
    let innermost = unsafe { ffi::PyThreadState_GetFrame(thread) };
    // SAFETY: a new reference or NULL.
    let mut next = unsafe { Bound::<PyAny>::from_owned_ptr_or_opt(py, innermost.cast()) };
    let mut frames = Vec::new();
    while let Some(frame) = next.filter(|_| frames.len() < FRAMES) {
        let back = frame.getattr("f_back")?;
        if !locals::is_own(&frame.getattr("f_code")?) {
            frames.push(frame);
        }
        next = (!back.is_none()).then_some(back);
    }
    Ok(frames)
}

/// Whether another exception is being handled; then also 3.11 makes a new one where it is raised, to chain the two.
fn is_handling(py: Python<'_>) -> bool {
    // SAFETY: attached.
    let handled = unsafe { ffi::PyErr_GetHandledException() };
    // SAFETY: a new reference or NULL.
    unsafe { Bound::<PyAny>::from_owned_ptr_or_opt(py, handled) }
        .is_some_and(|handled| !handled.is_none())
}

/// On 3.11: the frames that were left before the exception was made, of which the traceback tells that is just being put together: the newest that begins
/// in the frame that handles it.
fn raised_before<'py>(py: Python<'py>, frames: &mut Frames<'py>) -> PyResult<()> {
    // The youngest objects, the newest last.
    let young = heap::get_objects(py)?.call1((0,))?;
    let mut tracebacks = Vec::new();
    let mut followed = Set::default();
    for object in young.cast::<PyList>()? {
        if object.get_type().name()? == "traceback" {
            let next = object.getattr("tb_next")?;
            if !next.is_none() {
                followed.insert(address(&next));
            }
            tracebacks.push(object);
        }
    }
    drop(young);
    let begins_here = |traceback: &Bound<'_, PyAny>| -> PyResult<bool> {
        let frame = traceback.getattr("tb_frame")?;
        let back = frame.getattr("f_back")?;
        Ok(match frames.first() {
            // It is handled in the frame where it begins, or in none: a `__del__` that C code has called.
            Some(handler) => frame.is(handler) || back.is(handler),
            None => back.is_none(),
        })
    };
    tracebacks.retain(|traceback| !followed.contains(&address(traceback)));
    let first = tracebacks
        .iter()
        .rev()
        .find(|traceback| begins_here(traceback).unwrap_or(false));
    // A coroutine that C code has resumed (a task of asyncio's) has no caller.
    let first = first.or_else(|| {
        let resumed = |traceback: &&Bound<'_, PyAny>| is_resumed(traceback).unwrap_or(false);
        tracebacks.iter().rev().find(resumed)
    });
    let mut next = first.cloned();
    while let Some(traceback) = next {
        let frame = traceback.getattr("tb_frame")?;
        if frames.first().is_none_or(|handler| !frame.is(handler)) {
            frames.insert(0, frame);
        }
        next = Some(traceback.getattr("tb_next")?).filter(|next| !next.is_none());
    }
    Ok(())
}

/// Whether a traceback begins in a generator or a coroutine that has no caller any more.
fn is_resumed(traceback: &Bound<'_, PyAny>) -> PyResult<bool> {
    const GENERATOR_OR_COROUTINE: u32 = 0x20 | 0x80;
    let frame = traceback.getattr("tb_frame")?;
    let flags: u32 = frame.getattr("f_code")?.getattr("co_flags")?.extract()?;
    Ok(frame.getattr("f_back")?.is_none() && flags & GENERATOR_OR_COROUTINE != 0)
}

/// The type that a message of CPython's own is about.
fn kind_meant(message: &str) -> Option<&'static str> {
    let known = [
        (
            "Existing exports of data: object cannot be re-sized",
            "bytearray",
        ),
        (
            "cannot resize an array that is exporting buffers",
            "array.array",
        ),
        ("exported pointers", "mmap.mmap"),
        ("memoryview has", "memoryview"),
    ];
    let found = known.iter().find(|(words, _)| message.contains(words));
    found.map(|(_, kind)| *kind)
}

/// Whether an object that is alive is of a type, or of one below it.
fn is_a(py: Python<'_>, object: usize, kind: &str) -> bool {
    let pointer = std::ptr::with_exposed_provenance_mut(object);
    // SAFETY: an exporter of which an export is out.
    let object: Bound<'_, PyAny> = unsafe { Bound::from_borrowed_ptr(py, pointer) };
    let order = words::order(&object.get_type());
    order.is_some_and(|order| order.iter().any(|class| words::type_name(&class) == kind))
}

/// The exporters that have something out.
fn lending() -> Set<usize> {
    let ledger = LEDGER.lock();
    let records = ledger.records.iter().filter(|record| !record.foreign);
    let exporters = records.flat_map(|record| [record.exporter, record.asked]);
    exporters.filter(|exporter| *exporter != 0).collect()
}

/// The exporters with exports out that the innermost frames can see, the nearest first. Of a message that nobody knows only what is at hand counts.
fn in_sight(
    py: Python<'_>,
    frames: &Frames<'_>,
    message: &str,
    sure: bool,
) -> PyResult<Vec<usize>> {
    let exporters = lending();
    let mut order: Vec<usize> = Vec::new();
    let mut traversals = Traversals::default();
    let mut seen: Set<usize> = Set::default();
    for frame in frames.iter().take(if sure { IN_SIGHT } else { 1 }) {
        let mut level = at_hand(frame)?;
        let mut looked_at = 0;
        for _ in 0..(if sure { 4 } else { 2 }) {
            let mut next = Vec::new();
            for object in level {
                looked_at += 1;
                if looked_at > LOOKED_AT || !seen.insert(object) {
                    continue;
                }
                if exporters.contains(&object) {
                    order.push(object);
                }
                let pointer = std::ptr::with_exposed_provenance_mut(object);
                // SAFETY: an object that a frame refers to, and others that such objects refer to; nothing runs meanwhile.
                if unsafe { ffi::PyObject_GC_IsTracked(pointer) } == 0 {
                    continue;
                }
                // SAFETY: as above; known to the collector.
                let held: Bound<'_, PyAny> = unsafe { Bound::from_borrowed_ptr(py, pointer) };
                // Behind a class or a module lies the whole program.
                let kind = words::type_name(held.get_type().as_any());
                if ["type", "module", "function", "frame", "code"].contains(&&*kind) {
                    continue;
                }
                let mut visit = |referent| next.push(referent);
                // SAFETY: as above.
                unsafe { traversals.traverse(object, &mut visit) };
            }
            level = next;
        }
    }
    if let Some(meant) = kind_meant(message) {
        if order.is_empty() {
            // Nothing in sight (an exporter that only C code knows): if one of that type alone has something out, it is that.
            let known: Set<usize> = {
                let ledger = LEDGER.lock();
                ledger
                    .records
                    .iter()
                    .filter(|record| !record.foreign)
                    .map(|record| record.exporter)
                    .collect()
            };
            order.extend(
                known
                    .into_iter()
                    .filter(|exporter| is_a(py, *exporter, meant)),
            );
            order.truncate(if order.len() == 1 { 1 } else { 0 });
        }
        order.sort_by_key(|exporter| !is_a(py, *exporter, meant));
    }
    Ok(order)
}

/// The exporters on the stack of values of a frame. Places of it that are not in use have what they had last, so they are compared with addresses of
/// objects that are known to live, and not followed.
fn on_stack(frame: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let Some(frames) = layout().and_then(|layout| layout.frames.as_ref()) else {
        return Ok(Vec::new());
    };
    let code = frame.getattr("f_code")?;
    let first = locals::names(&code)?.len();
    let size: usize = code.getattr("co_stacksize")?.extract()?;
    // SAFETY: a frame object that lives.
    let place = unsafe { frames.of_object(address(frame)) };
    let exporters = lending();
    let mut found = Vec::new();
    for number in first..first + size {
        // SAFETY: a frame is as long as its local variables and its stack.
        let value = unsafe { frames.local(place, number) };
        if exporters.contains(&value) && !found.contains(&value) {
            found.push(value);
        }
    }
    Ok(found)
}

/// What a frame has at hand: its local variables, and the globals that its code names.
fn at_hand(frame: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let mut found = Vec::new();
    let code = frame.getattr("f_code")?;
    let names = locals::names(&code)?;
    if let Some(frames) = layout().and_then(|layout| layout.frames.as_ref()) {
        // SAFETY: a frame object that lives.
        let place = unsafe { frames.of_object(address(frame)) };
        for number in 0..names.len() {
            // SAFETY: the frame of a thread that stands still; its code has this place.
            let value = unsafe { frames.local(place, number) };
            if value != 0 {
                found.push(value);
            }
        }
    }
    let globals = frame.getattr("f_globals")?;
    let globals = globals.cast::<PyDict>()?;
    for name in code.getattr("co_names")?.cast::<PyTuple>()? {
        if name.is_exact_instance_of::<PyString>()
            && let Ok(Some(value)) = globals.get_item(&name)
        {
            found.push(address(&value));
        }
    }
    Ok(found)
}

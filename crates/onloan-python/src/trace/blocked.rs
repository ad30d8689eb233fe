//! `BufferError`s: what stood in the way when one was made.
//!
//! An exception is made before anybody can catch it, swallow it or mask it. So `tp_init` of `BufferError` tells of each: at once on CPython 3.12 and newer;
//! on 3.11, where an exception that C code raises is made only when somebody handles it, from the first `except`, `with` or `finally` on
//! that meets it (its traceback says where it was raised). What C code raises and clears again on 3.11 is never made, and not seen.
//!
//! Which exports it can have been: [`sight`].

use std::ffi::c_int;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use super::clock;
use super::control::NOTES;
use super::facts::{self, FrameText, Lent};
use super::hash::Set;
use super::heap;
use super::hooks::{ENDING, Pending};
use super::layout::{address, layout};
use super::locals;
use super::lock::Lock;
use super::note;
use super::pool::ON;
use super::report;
use super::sight;
use super::words;

/// So many errors are kept; then the newest takes the last place.
const MOST: usize = 1000;
/// So many frames of an error are told.
const FRAMES: usize = 64;
/// Errors are explained until that took so many microseconds together, and from then on in this part of the time: a program may wait for a buffer by trying,
/// and each explanation looks at the whole heap.
const MOST_MICROSECONDS: u64 = 3_000_000;
const SHARE: u64 = 20;
type Init =
    unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject, *mut ffi::PyObject) -> c_int;

static ORIGINAL: AtomicUsize = AtomicUsize::new(0);
/// Without room, or with room for [`MOST`]: under the lock nothing is allocated.
static ERRORS: Lock<Vec<Arc<Error>>> = Lock::new(Vec::new());
static DROPPED: AtomicU64 = AtomicU64::new(0);
static SPENT: AtomicU64 = AtomicU64::new(0);
/// One error is explained at a time: what an explanation raises is not explained.
static BUSY: AtomicBool = AtomicBool::new(false);

/// An error, in words and numbers only.
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
    let mut errors = Vec::with_capacity(MOST);
    errors.extend(ERRORS.lock().iter().skip(first).cloned());
    let facts = |error: &Arc<Error>| {
        Ok((
            error.kind.clone(),
            error.message.clone(),
            error.frames.clone(),
            facts::told(py, &error.blocked_by)?,
            error.thread.clone(),
            clock::seconds(error.time),
        ))
    };
    errors.iter().map(facts).collect()
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
    let sure = match sight::is_about_exports(&message) {
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
    if at_once && let Some(innermost) = frames.first() {
        exporters = sight::called(innermost, &message)?;
    }
    if exporters.is_empty() {
        exporters = sight::exporters(py, &frames, &message, sure)?;
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
    let known = Arc::new(known);
    let is_first = ERRORS.lock().capacity() == 0;
    let room = is_first.then(|| Vec::with_capacity(MOST));
    let mut errors = ERRORS.lock();
    if let Some(room) = room
        && errors.capacity() == 0
    {
        // What is replaced has no memory.
        *errors = room;
    }
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

pub(super) type Frames<'py> = Vec<Bound<'py, PyAny>>;

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

//! Calling a function of Python from time to time, while buffers come and go: for who writes a recording.
//!
//! No Python is run in a hook. The interpreter is asked to make the call when it next looks up from its work, in the main thread.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;

use super::clock;
use super::lock::Lock;
use super::unseen::Unseen;

static FUNCTION: Lock<Option<Py<PyAny>>> = Lock::new(None);
/// When the next call is due; the greatest number: never.
static NEXT: AtomicU32 = AtomicU32::new(u32::MAX);
static STEP: AtomicU32 = AtomicU32::new(0);

/// Has a function called with the next acquisition or release, and then not before so many seconds have passed each time. None ends that.
#[pyfunction]
#[pyo3(signature = (function, seconds, /))]
pub(crate) fn trace_beat(function: Option<Py<PyAny>>, seconds: f64) -> PyResult<()> {
    if !(0.0..=1e6).contains(&seconds) {
        return Err(PyValueError::new_err("seconds is negative or too great"));
    }
    let next = if function.is_some() { 0 } else { u32::MAX };
    let old = std::mem::replace(&mut *FUNCTION.lock(), function);
    STEP.store((seconds * 1000.0) as u32, Ordering::Relaxed);
    NEXT.store(next, Ordering::Relaxed);
    drop(old);
    Ok(())
}

/// No more calls.
pub(super) fn stop() {
    NEXT.store(u32::MAX, Ordering::Relaxed);
    let old = FUNCTION.lock().take();
    drop(old);
}

/// At the end of a hook: asks for the call if it is due.
#[inline]
pub(super) fn due(time: u32) {
    if time >= NEXT.load(Ordering::Relaxed) {
        ask(time);
    }
}

#[cold]
fn ask(time: u32) {
    NEXT.store(
        time.saturating_add(STEP.load(Ordering::Relaxed).max(1)),
        Ordering::Relaxed,
    );
    // SAFETY: callable at any time; if the queue is full there will be another time.
    unsafe { ffi::Py_AddPendingCall(Some(call), ptr::null_mut()) };
}

/// The call that the interpreter makes.
extern "C" fn call(_: *mut c_void) -> c_int {
    // SAFETY: only the interpreter knows this function; it makes pending calls attached.
    let py = unsafe { Python::assume_attached() };
    let function = FUNCTION
        .lock()
        .as_ref()
        .map(|function| function.clone_ref(py));
    let called = function.map(|function| {
        let _unseen = Unseen::begin(py);
        function.call0(py)
    });
    if let Some(Err(error)) = called {
        error.write_unraisable(py, None);
    }
    // Not sooner than a step after its end.
    let step = STEP.load(Ordering::Relaxed).max(1);
    if NEXT.load(Ordering::Relaxed) != u32::MAX {
        NEXT.store(clock::now().saturating_add(step), Ordering::Relaxed);
    }
    0
}

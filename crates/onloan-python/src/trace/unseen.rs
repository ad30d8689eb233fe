//! Calling onloan's own Python so that the program's debuggers, profilers and monitors do not see it.
//!
//! `sys.settrace(None)` would not do: a function that C code has installed cannot be put back from Python. CPython itself runs audit hooks between
//! the two functions that are used here. Where they are not found, the call is made all the same.

use std::ffi::CStr;
use std::sync::OnceLock;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

type Switch = unsafe extern "C" fn(*mut ffi::PyThreadState);

/// `PyThreadState_EnterTracing` and `PyThreadState_LeaveTracing`, which are public, and no part of the limited API.
fn switches() -> Option<(Switch, Switch)> {
    static FOUND: OnceLock<Option<(Switch, Switch)>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        Some((
            function(c"PyThreadState_EnterTracing")?,
            function(c"PyThreadState_LeaveTracing")?,
        ))
    })
}

#[cfg(unix)]
fn function(name: &CStr) -> Option<Switch> {
    // SAFETY: a name that ends with NUL; it is looked for in what is loaded.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if found.is_null() {
        return None;
    }
    // SAFETY: CPython's headers declare both names so, from 3.11 on.
    Some(unsafe { std::mem::transmute::<*mut libc::c_void, Switch>(found) })
}

#[cfg(not(unix))]
fn function(_: &CStr) -> Option<Switch> {
    None
}

/// While it lives, this thread is neither traced, nor profiled, nor monitored.
pub(super) struct Unseen<'py> {
    thread: *mut ffi::PyThreadState,
    leave: Option<Switch>,
    _attached: Python<'py>,
}

impl<'py> Unseen<'py> {
    pub(super) fn begin(py: Python<'py>) -> Unseen<'py> {
        // SAFETY: attached.
        let thread = unsafe { ffi::PyThreadState_Get() };
        let leave = switches().map(|(enter, leave)| {
            // SAFETY: the state of this thread, attached; left when this is dropped.
            unsafe { enter(thread) };
            leave
        });
        Unseen {
            thread,
            leave,
            _attached: py,
        }
    }
}

impl Drop for Unseen<'_> {
    fn drop(&mut self) {
        if let Some(leave) = self.leave {
            // SAFETY: the state that was entered, in its thread: a token does not leave it.
            unsafe { leave(self.thread) };
        }
    }
}

/// Calls a function; the program's tracers, profilers and monitors do not see what it does.
#[pyfunction]
#[pyo3(signature = (function, /, *arguments))]
pub(crate) fn trace_unseen<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let _unseen = Unseen::begin(py);
    function.call1(arguments)
}

//! What goes wrong, as the exceptions that Python people expect.
//!
//! | what | exception |
//! |---|---|
//! | exports stand in the way, a request is refused | `BufferError` |
//! | the `Buffer` is closed | `ValueError`; to a consumer `BufferError` |
//! | read-only memory, or memory that cannot change its size | `TypeError` |
//! | a shape, a format or a value that cannot be | `ValueError` |
//! | a value of another type | `TypeError` |
//! | an integer beyond `ssize_t` | `OverflowError` |
//! | no memory | `MemoryError` |
//! | the system refuses | `OSError` and its subclasses, with the file name |

use std::ffi::OsStr;
use std::fmt::Display;
use std::io;

use onloan::{Busy, OutOfMemory};
use pyo3::exceptions::{PyMemoryError, PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;

/// A shape, a format or a value that cannot be.
pub(crate) fn value(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A value of another type than needed.
pub(crate) fn type_error(error: impl Display) -> PyErr {
    PyTypeError::new_err(error.to_string())
}

pub(crate) fn closed() -> PyErr {
    PyValueError::new_err("operation on a closed Buffer")
}

pub(crate) fn read_only() -> PyErr {
    PyTypeError::new_err("cannot modify read-only memory")
}

pub(crate) fn out_of_memory(error: OutOfMemory) -> PyErr {
    PyMemoryError::new_err(error.to_string())
}

/// The same `TypeError` or `ValueError` with `place: ` before its message; others as they are.
pub(crate) fn located(py: Python<'_>, error: PyErr, place: &str) -> PyErr {
    let kind = error.get_type(py);
    if !kind.is(py.get_type::<PyTypeError>()) && !kind.is(py.get_type::<PyValueError>()) {
        return error;
    }
    let located = PyErr::from_type(kind, format!("{place}: {}", error.value(py)));
    if error.traceback(py).is_some() {
        // Raised by Python code of the value itself.
        located.set_cause(py, Some(error));
    }
    located
}

/// `cannot resize: 2 exports are out`.
pub(crate) fn busy(wanted: &'static str, busy: Busy) -> PyErr {
    busy.while_trying_to(wanted).into()
}

/// An error of the system about `name`, which becomes `OSError.filename`.
pub(crate) fn os(py: Python<'_>, error: &io::Error, name: &OsStr) -> PyErr {
    let Some(number) = error.raw_os_error() else {
        return value(error);
    };
    let raised = || {
        let text = py.import("os")?.call_method1("strerror", (number,))?;
        py.get_type::<PyOSError>().call1((number, text, name))
    };
    match raised() {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}

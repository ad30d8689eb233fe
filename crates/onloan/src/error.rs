//! What goes wrong, as Rust values and as Python exceptions.

use std::fmt;

use onloan_core::layout::LayoutError;
use onloan_core::state::Blocked;
use pyo3::exceptions::{PyBufferError, PyMemoryError};
use pyo3::prelude::*;

use crate::ledger;
use crate::storage::OutOfMemory;

/// A use of a cell that others stand in the way of. As a Python exception: `BufferError`.
#[derive(Clone, Copy, Debug)]
pub struct Busy {
    pub(crate) wanted: &'static str,
    pub(crate) blocked: Blocked,
    /// Where the ledger has the cell; 0 if it is not registered.
    pub(crate) cell: usize,
}

impl PartialEq for Busy {
    /// Two refusals are equal if they say the same.
    fn eq(&self, other: &Busy) -> bool {
        (self.wanted, self.blocked) == (other.wanted, other.blocked)
    }
}

impl Eq for Busy {}

impl Busy {
    /// What stands in the way.
    #[must_use]
    pub fn blocked(&self) -> Blocked {
        self.blocked
    }

    /// The same, said of what the caller wanted: `cannot send the frame: 1 export is out`.
    ///
    /// ```no_run
    /// # use onloan::{Busy, ExportCell};
    /// # fn send(py: pyo3::Python<'_>, pixels: &ExportCell<Vec<u8>>) -> Result<Vec<u8>, Busy> {
    /// pixels.take(py).map_err(|busy| busy.while_trying_to("send the frame"))
    /// # }
    /// ```
    #[must_use]
    pub fn while_trying_to(self, wanted: &'static str) -> Busy {
        Busy { wanted, ..self }
    }

    /// How many exports are out; 0 if it is not exports that stand in the way.
    #[must_use]
    pub fn exports(&self) -> u64 {
        match self.blocked {
            Blocked::Exported { exports } => exports,
            _ => 0,
        }
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.wanted, self.blocked)
    }
}

impl std::error::Error for Busy {}

impl From<Busy> for PyErr {
    /// Of a [registered](crate::ExportCell::register) cell the error gets a note that names the exports.
    fn from(busy: Busy) -> PyErr {
        let error = PyBufferError::new_err(busy.to_string());
        if busy.cell != 0 && busy.exports() > 0 {
            Python::try_attach(|py| ledger::explain(py, &error, busy.cell));
        }
        error
    }
}

/// A read that cannot be: others stand in the way, or a lazy storage could not be made.
#[derive(Debug)]
pub enum Refused {
    /// Others stand in the way.
    Busy(Busy),
    /// The storage raised.
    Raised(PyErr),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Busy(busy) => busy.fmt(f),
            Refused::Raised(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for PyErr {
    fn from(refused: Refused) -> PyErr {
        match refused {
            Refused::Busy(busy) => busy.into(),
            Refused::Raised(error) => error,
        }
    }
}

/// A layout that a storage cannot meet, as a consumer sees it.
pub(crate) fn layout_error(error: LayoutError) -> PyErr {
    PyBufferError::new_err(format!(
        "the memory does not fit its layout any more: {error}"
    ))
}

/// A storage that could not be put into a cell, and why. As a Python exception: `BufferError`.
#[derive(Debug)]
pub struct NotPut<S> {
    /// The storage, back.
    pub storage: S,
    /// Why it was not taken.
    pub reason: PutError,
}

/// Why a storage could not be put into a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutError {
    /// The cell is not empty, or somebody is busy with it.
    Busy(Busy),
    /// The layout that the author fixed needs memory that the storage has not.
    Layout(LayoutError),
}

impl fmt::Display for PutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PutError::Busy(busy) => busy.fmt(f),
            PutError::Layout(error) => write!(f, "cannot put a storage into the cell: {error}"),
        }
    }
}

impl<S> fmt::Display for NotPut<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for PutError {}
impl<S: fmt::Debug> std::error::Error for NotPut<S> {}

impl<S> From<NotPut<S>> for PyErr {
    fn from(refused: NotPut<S>) -> PyErr {
        match refused.reason {
            PutError::Busy(busy) => busy.into(),
            PutError::Layout(_) => PyBufferError::new_err(refused.reason.to_string()),
        }
    }
}

impl From<OutOfMemory> for PyErr {
    fn from(error: OutOfMemory) -> PyErr {
        PyMemoryError::new_err(error.to_string())
    }
}

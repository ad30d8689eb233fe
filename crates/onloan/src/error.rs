//! What goes wrong, as Rust values and as Python exceptions.

use std::fmt;

use onloan_core::layout::LayoutError;
use onloan_core::state::Blocked;
use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;

/// A use of a cell that others stand in the way of. As a Python exception: `BufferError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    pub(crate) wanted: &'static str,
    pub(crate) blocked: Blocked,
}

impl Busy {
    /// What stands in the way.
    #[must_use]
    pub fn blocked(&self) -> Blocked {
        self.blocked
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
    fn from(busy: Busy) -> PyErr {
        PyBufferError::new_err(busy.to_string())
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

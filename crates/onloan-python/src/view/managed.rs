//! The loan that all views of one acquisition share.
//!
//! ```text
//!   View ──┐
//!   View ──┼──▶ ManagedLoan ──▶ Loan ──▶ exporter
//!   View ──┘     users: 3
//! ```
//!
//! The exporter is asked once; cuts, casts and views of views use the same loan. Who uses it is counted: each view that is not released is
//! one user, and each operation that runs is another. The last one who leaves gives the memory back. So a view can be released at any time, also
//! by code that runs in the middle of an operation on it, and the memory stays until that operation is over.
//!
//! It is a Python object of its own, so that the cyclic collector sees the one reference to the exporter once, however many views there are.
//! CPython's counterpart is `_PyManagedBufferObject`.

use std::cell::UnsafeCell;

use onloan::Loan;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::count::Count;
use super::pool::{self, Pool, Pooled, Reference};

/// One acquisition, held for its users.
///
/// Invariant `IN_USE`: while `users` is not 0, `loan` is there and nobody writes to it. It is written to by whoever brought `users`
/// to 0, once, after which `users` stays 0.
#[pyclass(frozen, module = "onloan", name = "ManagedLoan")]
pub(super) struct ManagedLoan {
    users: Count,
    loan: UnsafeCell<Option<Loan>>,
}

// SAFETY: `loan` is shared only for reading (`IN_USE`), and a `Loan` is `Sync`.
unsafe impl Sync for ManagedLoan {}

impl ManagedLoan {
    /// Holds a loan for one user, which is the caller.
    pub(super) fn new(loan: Loan) -> ManagedLoan {
        ManagedLoan {
            users: Count::new(1),
            loan: UnsafeCell::new(Some(loan)),
        }
    }

    /// As [`new`](Self::new), for views to share.
    ///
    /// # Errors
    /// There is no memory for it; then the loan is given back.
    #[inline]
    pub(super) fn hold(py: Python<'_>, loan: Loan) -> PyResult<Reference<ManagedLoan>> {
        let managed = pool::make(py, || ManagedLoan::new(loan))?;
        // SAFETY: whoever drops a view is attached.
        Ok(unsafe { Reference::new(managed.unbind()) })
    }

    /// One user more; `false` if the memory was given back. The caller is attached.
    #[inline]
    pub(super) fn enter(&self) -> bool {
        self.users
            .change(|users| users.checked_add(1).filter(|_| users > 0))
            .is_ok()
    }

    /// One user less; the last one gives the memory back. Runs code of the exporter then.
    ///
    /// # Safety
    /// The caller is attached, one of the users, and is none afterwards.
    #[inline]
    pub(super) unsafe fn leave(&self) {
        if self.users.change(|users| users.checked_sub(1)) == Ok(1) {
            self.give_back();
        }
    }

    /// After `users` was brought to 0, by whom brought it there.
    #[cold]
    fn give_back(&self) {
        // SAFETY: the last user left, and no other comes (`IN_USE`): nobody else looks.
        let place = unsafe { &mut *self.loan.get() };
        // Taken out first: what the exporter runs may come back here, or the collector may.
        if let Some(loan) = place.take() {
            // SAFETY: whoever leaves is attached.
            loan.release(unsafe { Python::assume_attached() });
        }
    }

    /// The loan.
    ///
    /// # Safety
    /// The caller is one of the users for as long as the reference is used.
    #[inline]
    pub(super) unsafe fn loan(&self) -> Option<&Loan> {
        // SAFETY: nobody writes while there is a user (`IN_USE`, granted by the caller).
        unsafe { &*self.loan.get() }.as_ref()
    }
}

impl Pooled for ManagedLoan {
    const WEAKLY_REFERENCED: bool = false;

    #[inline]
    fn pool() -> &'static Pool {
        static POOL: Pool = Pool::new();
        &POOL
    }
}

#[pymethods]
impl ManagedLoan {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if self.users.get() == 0 {
            return Ok(());
        }
        // SAFETY: there are users, and the collector runs while no thread runs code: none of them leaves meanwhile.
        match unsafe { self.loan() } {
            Some(loan) => loan.traverse(&visit),
            None => Ok(()),
        }
    }
}

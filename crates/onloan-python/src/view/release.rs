//! When a view ends, and what it has lent on.
//!
//! ```text
//!   state   │ exports │ released │
//!   idle        0          no        may be released
//!   lent        n          no        release raises BufferError
//!   released    0          yes       for good
//! ```

use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;

use super::{View, released};

const RELEASED: usize = 1;
const ONE_EXPORT: usize = 2;

impl View {
    #[inline]
    pub(super) fn is_released(&self) -> bool {
        self.state.get() & RELEASED != 0
    }

    /// Releases the view; again does nothing.
    ///
    /// # Errors
    /// `BufferError` while it has lent the memory on.
    pub(super) fn release_now(&self) -> PyResult<()> {
        let exports = match self.try_release() {
            Ok(()) => return Ok(()),
            Err(exports) => exports,
        };
        let plural = if exports == 1 { "" } else { "s" };
        Err(PyBufferError::new_err(format!(
            "memoryview has {exports} exported buffer{plural}"
        )))
    }

    /// For the collector, which may come while consumers have the memory: then it stays, and the cycle is broken elsewhere.
    pub(super) fn release_if_idle(&self) {
        // Refused: nothing to be done.
        let _ = self.try_release();
    }

    fn try_release(&self) -> Result<(), usize> {
        match self.state.change(|state| (state == 0).then_some(RELEASED)) {
            Ok(_) => {
                // SAFETY: the view was a user of the loan until this very transition, which comes once.
                unsafe { self.managed.get().leave() };
                Ok(())
            }
            Err(RELEASED) => Ok(()),
            Err(state) => Err(state / ONE_EXPORT),
        }
    }

    /// How many exports are out.
    pub(crate) fn exports(&self) -> usize {
        self.state.get() / ONE_EXPORT
    }

    /// Counts one export.
    ///
    /// # Errors
    /// `ValueError` if the view was released.
    #[inline]
    pub(super) fn export_begins(&self) -> PyResult<()> {
        let counted = |state: usize| {
            (state & RELEASED == 0)
                .then(|| state.checked_add(ONE_EXPORT))
                .flatten()
        };
        self.state.change(counted).map_err(|_| released())?;
        Ok(())
    }

    /// An export that was counted came back.
    #[inline]
    pub(super) fn export_ended(&self) {
        // Never below 0: each release was counted before.
        let _ = self.state.change(|state| state.checked_sub(ONE_EXPORT));
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // Exports hold a reference to the view: there are none.
        self.release_if_idle();
    }
}

//! Counters that are changed by who is attached: under a global lock plainly, without one atomically.

use std::sync::atomic::{AtomicUsize, Ordering};

use onloan::__private::GIL_DISABLED;

/// A number that is shared.
pub(super) struct Count(AtomicUsize);

impl Count {
    pub(super) const fn new(count: usize) -> Count {
        Count(AtomicUsize::new(count))
    }

    #[inline]
    pub(super) fn get(&self) -> usize {
        self.0.load(if GIL_DISABLED {
            Ordering::Acquire
        } else {
            Ordering::Relaxed
        })
    }

    /// Changes the number, or leaves it where there is no next one.
    ///
    /// # Errors
    /// The number as it is.
    #[inline]
    pub(super) fn change(&self, next: impl Fn(usize) -> Option<usize>) -> Result<usize, usize> {
        if GIL_DISABLED {
            return self
                .0
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        }
        let now = self.0.load(Ordering::Relaxed);
        let next = next(now).ok_or(now)?;
        self.0.store(next, Ordering::Relaxed);
        Ok(now)
    }
}

//! The lock of the ledger.
//!
//! With one global interpreter lock nobody ever waits here. Subinterpreters with a lock of their own reach the same slots, so it is a real one all
//! the same. It is held for some hundred instructions, in which nothing of Python is called, nothing of Python is allocated and no reference
//! dropped that could be the last: so whoever waits spins. Taking it is one exchange, leaving it one store.

use std::cell::UnsafeCell;
use std::hint;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A value that is used by one thread at a time.
pub(super) struct Lock<T> {
    held: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by one thread at a time, through a guard.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(super) const fn new(value: T) -> Lock<T> {
        Lock {
            held: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> Guard<'_, T> {
        if self.held.swap(true, Ordering::Acquire) {
            self.wait();
        }
        Guard { lock: self }
    }

    #[cold]
    fn wait(&self) {
        let mut turns = 0_u32;
        while self.held.swap(true, Ordering::Acquire) {
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(64) {
                thread::yield_now();
            }
            hint::spin_loop();
        }
    }

    /// In a forked child: whether a thread that is not there any more held it. The caller then has it.
    pub(super) fn take_over(&self) -> (Guard<'_, T>, bool) {
        let orphaned = self.held.swap(true, Ordering::Acquire);
        (Guard { lock: self }, orphaned)
    }
}

/// The value, until this is dropped.
pub(super) struct Guard<'l, T> {
    lock: &'l Lock<T>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard holds the lock.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard holds the lock, and is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.held.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_count_lose_nothing() {
        static COUNT: Lock<u64> = Lock::new(0);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                thread::spawn(|| {
                    for _ in 0..10_000 {
                        *COUNT.lock() += 1;
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("a thread that only counts");
        }
        assert_eq!(*COUNT.lock(), 40_000);
    }

    #[test]
    fn a_lock_that_was_held_at_the_fork_is_taken_over() {
        let lock = Lock::new(1);
        std::mem::forget(lock.lock());
        let (guard, orphaned) = lock.take_over();
        assert!(orphaned);
        drop(guard);
        let (_guard, orphaned) = lock.take_over();
        assert!(!orphaned);
    }
}

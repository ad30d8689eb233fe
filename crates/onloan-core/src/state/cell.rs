//! The word in memory, and the two ways to apply a transition to it.

use core::fmt;
use core::marker::PhantomData;

#[cfg(not(loom))]
use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering};

use super::word::Word;

mod sealed {
    pub trait Sealed {}
}

/// How a transition reaches memory: [`Serialized`] or [`Concurrent`].
pub trait Mode: sealed::Sealed + 'static {
    #[doc(hidden)]
    fn apply<R, E>(
        word: &AtomicU64,
        transition: impl Fn(Word) -> Result<(Word, R), E>,
    ) -> Result<R, E>;
}

/// All who change the word are serialized from outside (CPython's global lock), so a load and a store are one step.
///
/// Used without that lock, a change can be lost: the count is then wrong, though nothing here is unsafe by itself. Who builds on the
/// count must keep the lock (`onloan` takes a `Python` token wherever it changes the word).
#[derive(Debug)]
pub enum Serialized {}

/// Anybody may change the word at any time (free-threaded builds).
#[derive(Debug)]
pub enum Concurrent {}

impl sealed::Sealed for Serialized {}
impl sealed::Sealed for Concurrent {}

impl Mode for Serialized {
    #[inline]
    fn apply<R, E>(
        word: &AtomicU64,
        transition: impl Fn(Word) -> Result<(Word, R), E>,
    ) -> Result<R, E> {
        let (next, outcome) = transition(Word::from_bits(word.load(Ordering::Relaxed)))?;
        // Release: a handle may be dropped on a thread without the lock, which then reads the word with Acquire.
        word.store(next.bits(), Ordering::Release);
        Ok(outcome)
    }
}

impl Mode for Concurrent {
    #[inline]
    fn apply<R, E>(
        word: &AtomicU64,
        transition: impl Fn(Word) -> Result<(Word, R), E>,
    ) -> Result<R, E> {
        let mut now = word.load(Ordering::Acquire);
        loop {
            let (next, outcome) = transition(Word::from_bits(now))?;
            match word.compare_exchange_weak(now, next.bits(), Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return Ok(outcome),
                Err(changed) => now = changed,
            }
        }
    }
}

/// A [`Word`] in memory.
pub struct State<M: Mode> {
    word: AtomicU64,
    mode: PhantomData<fn() -> M>,
}

impl<M: Mode> State<M> {
    /// A state that begins with `word`.
    pub fn new(word: Word) -> State<M> {
        State {
            word: AtomicU64::new(word.bits()),
            mode: PhantomData,
        }
    }

    /// The word as it is now. What it says may be past when it is read, unless the caller keeps the others out.
    #[inline]
    pub fn load(&self) -> Word {
        Word::from_bits(self.word.load(Ordering::Acquire))
    }

    /// Applies a transition that can be refused.
    ///
    /// # Errors
    /// As the transition; the word is then unchanged.
    #[inline]
    pub fn attempt<R, E>(&self, transition: impl Fn(Word) -> Result<(Word, R), E>) -> Result<R, E> {
        M::apply(&self.word, transition)
    }

    /// Applies a transition that is either had as it is, or not at all. `true`: it was.
    #[inline]
    pub fn try_apply(&self, transition: impl Fn(Word) -> Option<Word>) -> bool {
        self.attempt(|word| transition(word).map(|word| (word, ())).ok_or(()))
            .is_ok()
    }

    /// Applies a transition that cannot be refused.
    #[inline]
    pub fn apply<R>(&self, transition: impl Fn(Word) -> (Word, R)) -> R {
        match M::apply::<R, core::convert::Infallible>(&self.word, |word| Ok(transition(word))) {
            Ok(outcome) => outcome,
        }
    }
}

impl<M: Mode> fmt::Debug for State<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load().fmt(f)
    }
}

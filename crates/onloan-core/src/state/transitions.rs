//! The transitions, as pure functions from one word to the next.

use super::blocked::Blocked;
use super::word::{
    AT_LAST, BUSY, EXCLUSIVE, EXPORT, EXPORTS, LAZY, NOTIFY, ORPHANED, PREPARED, PROMISED, READER,
    READERS, TAKEN, WRITABLE, WRITING, Word,
};

/// How a user got in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entered {
    /// He is counted and may use the memory.
    Counted,
    /// He is not counted yet: he has the duty to open, and ends with [`Word::opened`], or settles.
    MustOpen {
        /// This is the first export, of which the author wants to hear.
        first: bool,
    },
}

/// How a user left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Left {
    /// Nothing is due.
    Quiet,
    /// He has the duty to settle, and goes through [`Word::settle`] until nothing is left.
    MustSettle {
        /// This was the last export, of which the author wants to hear.
        last: bool,
    },
    /// There was nobody to leave: the release had no acquisition.
    Unmatched,
}

/// What is due while settling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Hand the storage to its owner, then [`Word::handed_over`], then settle again.
    HandOver,
    /// Close the lazy storage, then settle again.
    Close,
    /// Free the block: nobody else can reach it any more.
    Free,
    /// Nothing is left, `busy` is gone.
    Done,
}

impl Word {
    /// What keeps everybody out, whatever he wants.
    const fn closed_to_all(self) -> Result<(), Blocked> {
        if !self.has(TAKEN | PROMISED | WRITING | BUSY) {
            Ok(())
        } else if self.has(TAKEN) {
            Err(Blocked::Taken)
        } else if self.has(PROMISED) {
            Err(Blocked::Promised)
        } else if self.has(WRITING) {
            Err(Blocked::Writing)
        } else {
            Err(Blocked::Busy)
        }
    }

    const fn nobody_reads(self) -> Result<(), Blocked> {
        match self.readers() {
            0 => Ok(()),
            readers => Err(Blocked::Reading { readers }),
        }
    }

    const fn nothing_exported(self) -> Result<(), Blocked> {
        match self.exports() {
            0 => Ok(()),
            exports => Err(Blocked::Exported { exports }),
        }
    }

    /// All that a use with `&mut` needs: idle, and the storage here.
    const fn idle(self) -> Result<(), Blocked> {
        if let Err(blocked) = self.closed_to_all() {
            return Err(blocked);
        }
        if let Err(blocked) = self.nothing_exported() {
            return Err(blocked);
        }
        self.nobody_reads()
    }

    /// The common case of [`Word::export`]: prepared memory of a cell that has nothing to be told. One comparison.
    #[inline]
    pub const fn export_plainly(self) -> Option<Word> {
        /// So many that counting one more wants care.
        const MANY: u64 = (EXPORTS >> 1) + 1;
        const PLAIN: u64 =
            TAKEN | PROMISED | WRITING | BUSY | READERS | NOTIFY | EXCLUSIVE | PREPARED | MANY;
        if self.0 & PLAIN == PREPARED {
            Some(Word(self.0 + EXPORT))
        } else {
            None
        }
    }

    /// A consumer asks for an export.
    ///
    /// # Errors
    /// What stands in the way; the word is unchanged.
    #[inline]
    pub const fn export(self) -> Result<(Word, Entered), Blocked> {
        match self.export_plainly() {
            Some(word) => Ok((word, Entered::Counted)),
            None => self.export_with_care(),
        }
    }

    #[cold]
    const fn export_with_care(self) -> Result<(Word, Entered), Blocked> {
        if let Err(blocked) = self.closed_to_all() {
            return Err(blocked);
        }
        if self.has(WRITABLE)
            && let Err(blocked) = self.nobody_reads()
        {
            return Err(blocked);
        }
        if self.has(EXCLUSIVE)
            && let Err(blocked) = self.nothing_exported()
        {
            return Err(blocked);
        }
        if self.exports() == EXPORTS {
            return Err(Blocked::Full);
        }
        let first = self.has(NOTIFY) && self.exports() == 0;
        if first || !self.has(PREPARED) {
            Ok((Word(self.0 | BUSY), Entered::MustOpen { first }))
        } else {
            Ok((Word(self.0 + EXPORT), Entered::Counted))
        }
    }

    /// The export's duty to open is done: the memory is described, the export counts.
    pub const fn opened(self) -> Word {
        Word((self.0 & !BUSY | PREPARED) + EXPORT)
    }

    /// The storage is open, by him who has the duty. If what follows fails nobody is counted, and he settles.
    pub const fn prepared(self) -> Word {
        Word(self.0 | PREPARED)
    }

    /// The common case of [`Word::release`]: a cell to which nothing can come due.
    #[inline]
    pub const fn release_plainly(self) -> Option<Word> {
        if self.0 & AT_LAST == 0 && self.0 & EXPORTS != 0 {
            Some(Word(self.0 - EXPORT))
        } else {
            None
        }
    }

    /// An export is released.
    #[inline]
    pub const fn release(self) -> (Word, Left) {
        if self.0 & EXPORTS == 0 {
            return (self, Left::Unmatched);
        }
        let word = Word(self.0 - EXPORT);
        if word.0 & EXPORTS == 0 && word.0 & AT_LAST != 0 {
            word.last_release()
        } else {
            (word, Left::Quiet)
        }
    }

    #[cold]
    const fn last_release(self) -> (Word, Left) {
        let last = self.has(NOTIFY);
        if last || self.has(ORPHANED) || self.readers() == 0 {
            (Word(self.0 | BUSY), Left::MustSettle { last })
        } else {
            // The last reader closes or hands over.
            (self, Left::Quiet)
        }
    }

    /// What is next to do for him who has the duty to settle. Every duty but the last leaves `busy` standing. A lazy storage is closed before it
    /// is handed over: each opening has its closing, and it can be put back.
    pub const fn settle(self) -> (Word, Duty) {
        let unused = self.exports() == 0 && (self.readers() == 0 || self.has(ORPHANED));
        if unused && self.has(LAZY) && self.has(PREPARED) && !self.has(TAKEN) {
            (Word(self.0 & !PREPARED), Duty::Close)
        } else if unused && self.has(PROMISED) {
            (self, Duty::HandOver)
        } else if self.exports() == 0 && self.has(ORPHANED) {
            (self, Duty::Free)
        } else {
            (Word(self.0 & !BUSY), Duty::Done)
        }
    }

    /// The storage has left the cell, for [`Duty::HandOver`] or after [`Word::take`].
    pub const fn handed_over(self) -> Word {
        Word(self.0 & !(PROMISED | PREPARED) | TAKEN)
    }

    /// Rust wants to read.
    ///
    /// # Errors
    /// What stands in the way; the word is unchanged.
    pub const fn read(self) -> Result<(Word, Entered), Blocked> {
        if let Err(blocked) = self.closed_to_all() {
            return Err(blocked);
        }
        if self.has(WRITABLE)
            && let Err(blocked) = self.nothing_exported()
        {
            return Err(blocked);
        }
        if self.readers() == Word::MAX_READERS {
            return Err(Blocked::Full);
        }
        if self.has(LAZY) && !self.has(PREPARED) {
            Ok((Word(self.0 | BUSY), Entered::MustOpen { first: false }))
        } else {
            Ok((Word(self.0 + READER), Entered::Counted))
        }
    }

    /// Rust wants to look at the memory without a reference to the storage: beside readers and exports of every kind. Ends as
    /// [`Word::read`] does.
    ///
    /// # Errors
    /// What stands in the way; the word is unchanged.
    pub const fn look(self) -> Result<(Word, Entered), Blocked> {
        if let Err(blocked) = self.closed_to_all() {
            return Err(blocked);
        }
        // Describing writable memory borrows the storage exclusively.
        if self.has(WRITABLE)
            && !self.has(PREPARED)
            && let Err(blocked) = self.nobody_reads()
        {
            return Err(blocked);
        }
        if self.readers() == Word::MAX_READERS {
            return Err(Blocked::Full);
        }
        if self.has(PREPARED) {
            Ok((Word(self.0 + READER), Entered::Counted))
        } else {
            Ok((Word(self.0 | BUSY), Entered::MustOpen { first: false }))
        }
    }

    /// The reader's duty to open is done.
    pub const fn opened_to_read(self) -> Word {
        Word((self.0 & !BUSY | PREPARED) + READER)
    }

    /// A read guard is dropped.
    pub const fn end_read(self) -> (Word, Left) {
        if self.readers() == 0 {
            return (self, Left::Unmatched);
        }
        let word = Word(self.0 - READER);
        let due = word.has(PROMISED) || word.has(LAZY) && word.has(PREPARED);
        if word.readers() == 0 && word.exports() == 0 && due && !word.has(BUSY) {
            (Word(word.0 | BUSY), Left::MustSettle { last: false })
        } else {
            (word, Left::Quiet)
        }
    }

    /// Rust wants to write, or to change the size.
    ///
    /// # Errors
    /// What stands in the way; the word is unchanged.
    pub const fn write(self) -> Result<Word, Blocked> {
        match self.idle() {
            Ok(()) => Ok(Word(self.0 | WRITING)),
            Err(blocked) => Err(blocked),
        }
    }

    /// The write guard is dropped. `described`: its holder has described the memory anew, for it may have moved; else the
    /// next export has the duty.
    pub const fn end_write(self, described: bool) -> Word {
        let word = Word(self.0 & !(WRITING | PREPARED));
        if described { word.described() } else { word }
    }

    /// The storage that stands in the cell now is lazy or not; said by him who alone can reach it.
    #[must_use]
    pub const fn lazily(self, lazy: bool) -> Word {
        if lazy {
            Word(self.0 | LAZY)
        } else {
            Word(self.0 & !LAZY)
        }
    }

    /// The memory is described by him who alone can reach it, so that the first export has nothing to open. A lazy storage
    /// has no memory yet, and stays as it is.
    pub const fn described(self) -> Word {
        if self.has(LAZY) {
            self
        } else {
            Word(self.0 | PREPARED)
        }
    }

    /// The owner wants the storage back now. He moves it out, then [`Word::handed_over`], then he settles.
    ///
    /// # Errors
    /// What stands in the way; the word is unchanged.
    pub const fn take(self) -> Result<Word, Blocked> {
        match self.idle() {
            Ok(()) => Ok(Word(self.0 | BUSY)),
            Err(blocked) => Err(blocked),
        }
    }

    /// The owner wants the storage back as soon as nobody uses it. `true`: that is now, and he has the duty to settle.
    ///
    /// From then on nobody else gets in.
    ///
    /// # Errors
    /// A write guard is out, the storage is taken or promised already, or somebody is busy; the word is unchanged.
    pub const fn promise(self) -> Result<(Word, bool), Blocked> {
        if let Err(blocked) = self.closed_to_all() {
            return Err(blocked);
        }
        if self.exports() == 0 && self.readers() == 0 {
            Ok((Word(self.0 | PROMISED | BUSY), true))
        } else {
            Ok((Word(self.0 | PROMISED), false))
        }
    }

    /// The owner wants to put a storage into a cell from which it was taken. He moves it in, then [`Word::put_in`], then he settles.
    ///
    /// # Errors
    /// The cell is not empty, or somebody is busy; the word is unchanged.
    pub const fn put(self) -> Result<Word, Blocked> {
        if self.has(BUSY) {
            Err(Blocked::Busy)
        } else if !self.has(TAKEN) {
            Err(Blocked::Occupied)
        } else {
            Ok(Word(self.0 | BUSY))
        }
    }

    /// The storage is in the cell; `described` as for [`Word::end_write`].
    pub const fn put_in(self, described: bool) -> Word {
        let word = Word(self.0 & !(TAKEN | PREPARED));
        if described { word.described() } else { word }
    }

    /// The handle is dropped. `true`: free the block now; `false`: he who has the last duty frees it.
    ///
    /// Guards borrow the handle, so none can be in use; one that was leaked does not keep the block.
    pub const fn orphan(self) -> (Word, bool) {
        let word = Word(self.0 | ORPHANED);
        (word, word.exports() == 0 && !word.has(BUSY))
    }
}

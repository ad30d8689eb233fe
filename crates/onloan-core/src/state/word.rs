//! The word and its transitions, as pure functions.

use core::fmt;

const EXPORT: u64 = 1;
const EXPORTS: u64 = (1 << 40) - 1;
const READER: u64 = 1 << 40;
const READERS: u64 = ((1 << 12) - 1) << 40;
/// A write guard is out.
const WRITING: u64 = 1 << 52;
/// Somebody opens, settles or moves the storage: all others are refused meanwhile.
const BUSY: u64 = 1 << 53;
/// The description of the memory is valid, and a lazy storage is open.
const PREPARED: u64 = 1 << 54;
/// The storage is with its owner again.
const TAKEN: u64 = 1 << 55;
/// The storage goes back to its owner at the last release.
const PROMISED: u64 = 1 << 56;
/// The handle is gone: the last release frees the block.
const ORPHANED: u64 = 1 << 57;
/// The author wants to hear of the first export and of the last release.
const NOTIFY: u64 = 1 << 58;
/// The storage is opened before the first use and closed after the last.
const LAZY: u64 = 1 << 59;
/// Exports may be written through.
const WRITABLE: u64 = 1 << 60;
/// One export at a time.
const EXCLUSIVE: u64 = 1 << 61;

/// Something may come due at the last release.
const AT_LAST: u64 = NOTIFY | LAZY | PROMISED | ORPHANED;

/// What consumers may do with exports of a cell. The answer to `readonly` is the same for every consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Any number of exports, none of which may write. Rust may read meanwhile.
    ReadOnly,
    /// Any number of exports, all of which may write, as those of `bytearray`.
    Writable,
    /// One export at a time, which may write.
    Exclusive,
}

/// What a cell asks for besides counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Traits {
    /// The author wants to hear of the first export and of the last release.
    pub notify: bool,
    /// The storage is opened before the first use and closed after the last.
    pub lazy: bool,
}

/// Why a transition is refused: what stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blocked {
    /// A write guard is out: Rust is writing.
    Writing,
    /// Read guards are out: Rust is reading.
    Reading {
        /// How many read guards are out.
        readers: u32,
    },
    /// Exports are out: Python uses the memory.
    Exported {
        /// How many exports are out.
        exports: u64,
    },
    /// The storage is being opened, settled or moved right now.
    Busy,
    /// The storage was taken back by its owner.
    Taken,
    /// The storage is promised to its owner and leaves at the last release.
    Promised,
    /// A storage stands in the cell already.
    Occupied,
    /// No more exports or readers can be counted.
    Full,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Blocked::Writing => f.write_str("Rust is writing to the memory (a write guard is out)"),
            Blocked::Reading { readers: 1 } => {
                f.write_str("Rust is reading the memory (1 read guard is out)")
            }
            Blocked::Reading { readers } => write!(
                f,
                "Rust is reading the memory ({readers} read guards are out)"
            ),
            Blocked::Exported { exports: 1 } => f.write_str("1 export is out"),
            Blocked::Exported { exports } => write!(f, "{exports} exports are out"),
            Blocked::Busy => f.write_str("the memory is being opened or settled right now"),
            Blocked::Taken => f.write_str("the memory was taken back by its owner"),
            Blocked::Promised => {
                f.write_str("the memory is promised to its owner at the last release")
            }
            Blocked::Occupied => f.write_str("the cell has a storage already"),
            Blocked::Full => f.write_str("no more users can be counted"),
        }
    }
}

impl core::error::Error for Blocked {}

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

/// The state of one cell: who uses its storage. See the [module](super) for the layout and the table.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Word(u64);

impl Word {
    /// The largest number of exports that can be out.
    pub const MAX_EXPORTS: u64 = EXPORTS;
    /// The largest number of read guards that can be out.
    pub const MAX_READERS: u32 = (READERS >> 40) as u32;

    /// An idle cell whose memory has not been described yet; see [`Word::described`].
    pub const fn new(kind: Kind, traits: Traits) -> Word {
        let kind = match kind {
            Kind::ReadOnly => 0,
            Kind::Writable => WRITABLE,
            Kind::Exclusive => WRITABLE | EXCLUSIVE,
        };
        let notify = if traits.notify { NOTIFY } else { 0 };
        let lazy = if traits.lazy { LAZY } else { 0 };
        Word(kind | notify | lazy)
    }

    pub(super) const fn from_bits(bits: u64) -> Word {
        Word(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    const fn has(self, flags: u64) -> bool {
        self.0 & flags != 0
    }

    /// How many exports are out.
    pub const fn exports(self) -> u64 {
        self.0 & EXPORTS
    }

    /// How many read guards are out.
    pub const fn readers(self) -> u32 {
        ((self.0 & READERS) >> 40) as u32
    }

    /// A write guard is out.
    pub const fn is_writing(self) -> bool {
        self.has(WRITING)
    }

    /// The storage is being opened, settled or moved.
    pub const fn is_busy(self) -> bool {
        self.has(BUSY)
    }

    /// The description of the memory is valid, and a lazy storage is open.
    pub const fn is_prepared(self) -> bool {
        self.has(PREPARED)
    }

    /// The storage was taken back.
    pub const fn is_taken(self) -> bool {
        self.has(TAKEN)
    }

    /// The storage goes back to its owner at the last release.
    pub const fn is_promised(self) -> bool {
        self.has(PROMISED)
    }

    /// What consumers may do.
    pub const fn kind(self) -> Kind {
        match (self.has(WRITABLE), self.has(EXCLUSIVE)) {
            (false, _) => Kind::ReadOnly,
            (true, false) => Kind::Writable,
            (true, true) => Kind::Exclusive,
        }
    }

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

    /// What is next to do for him who has the duty to settle. Every duty but the last leaves `busy` standing.
    pub const fn settle(self) -> (Word, Duty) {
        let unused = self.exports() == 0 && (self.readers() == 0 || self.has(ORPHANED));
        if unused && self.has(PROMISED) {
            (self, Duty::HandOver)
        } else if unused && self.has(LAZY) && self.has(PREPARED) && !self.has(TAKEN) {
            (Word(self.0 & !PREPARED), Duty::Close)
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

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_struct("Word");
        tuple
            .field("kind", &self.kind())
            .field("exports", &self.exports())
            .field("readers", &self.readers());
        let flags = [
            ("writing", WRITING),
            ("busy", BUSY),
            ("prepared", PREPARED),
            ("taken", TAKEN),
            ("promised", PROMISED),
            ("orphaned", ORPHANED),
            ("notify", NOTIFY),
            ("lazy", LAZY),
        ];
        for (name, flag) in flags {
            if self.has(flag) {
                tuple.field(name, &true);
            }
        }
        tuple.finish()
    }
}

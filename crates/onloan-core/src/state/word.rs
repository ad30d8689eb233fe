//! The word: its bits, and what can be read off it.

use core::fmt;

pub(super) const EXPORT: u64 = 1;
pub(super) const EXPORTS: u64 = (1 << 40) - 1;
pub(super) const READER: u64 = 1 << 40;
pub(super) const READERS: u64 = ((1 << 12) - 1) << 40;
/// A write guard is out.
pub(super) const WRITING: u64 = 1 << 52;
/// Somebody opens, settles or moves the storage: all others are refused meanwhile.
pub(super) const BUSY: u64 = 1 << 53;
/// The description of the memory is valid, and a lazy storage is open.
pub(super) const PREPARED: u64 = 1 << 54;
/// The storage is with its owner again.
pub(super) const TAKEN: u64 = 1 << 55;
/// The storage goes back to its owner at the last release.
pub(super) const PROMISED: u64 = 1 << 56;
/// The handle is gone: the last release frees the block.
pub(super) const ORPHANED: u64 = 1 << 57;
/// The author wants to hear of the first export and of the last release.
pub(super) const NOTIFY: u64 = 1 << 58;
/// The storage is opened before the first use and closed after the last.
pub(super) const LAZY: u64 = 1 << 59;
/// Exports may be written through.
pub(super) const WRITABLE: u64 = 1 << 60;
/// One export at a time.
pub(super) const EXCLUSIVE: u64 = 1 << 61;

/// Something may come due at the last release.
pub(super) const AT_LAST: u64 = NOTIFY | LAZY | PROMISED | ORPHANED;

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

/// The state of one cell: who uses its storage. See the [module](super) for the layout and the table.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Word(pub(super) u64);

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

    pub(super) const fn has(self, flags: u64) -> bool {
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

    /// The storage is opened before the first use and closed after the last.
    pub const fn is_lazy(self) -> bool {
        self.has(LAZY)
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

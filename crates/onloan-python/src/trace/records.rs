//! What is out: one record for each export, found by its view and by its exporter.
//!
//! ```text
//!   views[hash(view)] ──▶ record ──▶ record          by the address of the Py_buffer that was filled
//!   exporters[hash(exporter)] ──▶ record ⇄ record    by the exporter, the newest first
//!   chunks: 4096 records each, never moved; free records are a list
//! ```

mod matching;

pub(super) use matching::{End, Ended, Number};

use super::hash::place;

/// No record.
const NONE: u32 = u32::MAX;
/// The exporter of a place that is free.
const FREE: usize = 0;
/// Records of a chunk.
const CHUNK: usize = 4096;
/// So many records are kept at most.
pub(super) const MOST: usize = 1 << 22;

/// One export that is out.
#[derive(Clone, Copy)]
pub(super) struct Record {
    /// The address of the struct that was filled; 0 once it floats.
    pub(super) view: usize,
    pub(super) exporter: usize,
    /// The object that was asked, where that is another one; else 0.
    pub(super) asked: usize,
    pub(super) buf: usize,
    pub(super) len: usize,
    pub(super) internal: usize,
    /// Counts acquisitions.
    pub(super) sequence: u64,
    /// Milliseconds since the start of tracing.
    pub(super) time: u32,
    pub(super) thread: u32,
    pub(super) stack: u32,
    pub(super) kind: u32,
    pub(super) asked_kind: u32,
    pub(super) flags: i32,
    pub(super) ndim: i32,
    /// Found in a managed buffer at the start.
    pub(super) seeded: bool,
    /// Of another interpreter: nothing of it may be looked at.
    pub(super) foreign: bool,
    /// Told by a registered cell, whose address is in `internal`; it will tell of the release.
    pub(super) registered: bool,
    pub(super) next_of_view: u32,
    pub(super) next_of_exporter: u32,
    pub(super) previous_of_exporter: u32,
}

impl Record {
    pub(super) const EMPTY: Record = Record {
        view: 0,
        exporter: 0,
        asked: 0,
        buf: 0,
        len: 0,
        internal: 0,
        sequence: 0,
        time: 0,
        thread: 0,
        stack: 0,
        kind: 0,
        asked_kind: 0,
        flags: 0,
        ndim: 0,
        seeded: false,
        foreign: false,
        registered: false,
        next_of_view: NONE,
        next_of_exporter: NONE,
        previous_of_exporter: NONE,
    };

    /// Whether the registered cell at this address has told of it.
    pub(super) fn is_of_cell(&self, cell: usize) -> bool {
        self.registered && self.internal == cell
    }

    pub(super) fn floats(&self) -> bool {
        self.view == 0
    }
}

/// What is told of an export that has ended.
#[derive(Clone, Copy)]
pub(super) struct Past {
    pub(super) len: usize,
    pub(super) stack: u32,
}

/// All that is out.
pub(super) struct Records {
    chunks: Vec<Box<[Record]>>,
    /// How many places of the chunks have ever been used.
    used: usize,
    free: u32,
    live: usize,
    /// Heads of lists; 2^`bits` each.
    views: Vec<u32>,
    exporters: Vec<u32>,
    bits: u32,
    pub(super) ambiguous: u64,
}

impl Records {
    pub(super) const fn new() -> Records {
        Records {
            chunks: Vec::new(),
            used: 0,
            free: NONE,
            live: 0,
            views: Vec::new(),
            exporters: Vec::new(),
            bits: 0,
            ambiguous: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.live
    }

    /// The bytes that this keeps.
    pub(super) fn bytes(&self) -> usize {
        let heads = self.views.capacity() + self.exporters.capacity();
        self.chunks.len() * CHUNK * size_of::<Record>() + heads * size_of::<u32>()
    }

    #[inline]
    fn at(&self, index: u32) -> &Record {
        let index = index as usize;
        &self.chunks[index / CHUNK][index % CHUNK]
    }

    #[inline]
    fn at_mut(&mut self, index: u32) -> &mut Record {
        let index = index as usize;
        &mut self.chunks[index / CHUNK][index % CHUNK]
    }

    /// The record of the struct at this address.
    #[inline]
    pub(super) fn of_view(&mut self, view: usize) -> Option<&mut Record> {
        let mut index = *self.views.get(place(view, self.bits.max(1)))?;
        while index != NONE {
            if self.at(index).view == view {
                return Some(self.at_mut(index));
            }
            index = self.at(index).next_of_view;
        }
        None
    }

    /// Adds a record; `false` if there is no room for it. One that has the same view floats from now on.
    ///
    /// Always inlined: a record goes from where its parts are into its place, not through memory in between.
    #[inline(always)]
    pub(super) fn add(&mut self, record: &Record) -> bool {
        if self.live >= self.views.len() && !self.grow() {
            return false;
        }
        self.float(record.view);
        let Some(index) = self.vacant() else {
            return false;
        };
        let of_view = place(record.view, self.bits);
        let of_exporter = place(record.exporter, self.bits);
        let next = self.exporters[of_exporter];
        *self.at_mut(index) = Record {
            next_of_view: self.views[of_view],
            next_of_exporter: next,
            previous_of_exporter: NONE,
            ..*record
        };
        if next != NONE {
            self.at_mut(next).previous_of_exporter = index;
        }
        self.views[of_view] = index;
        self.exporters[of_exporter] = index;
        self.live += 1;
        true
    }

    /// The consumer of what is on record at `view` has taken its struct elsewhere.
    #[inline]
    fn float(&mut self, view: usize) {
        let head = place(view, self.bits);
        let mut index = self.views[head];
        while index != NONE {
            if self.at(index).view == view {
                self.unlink_view(index);
                self.at_mut(index).view = 0;
                return;
            }
            index = self.at(index).next_of_view;
        }
    }

    #[inline]
    fn unlink_view(&mut self, index: u32) {
        let Record {
            view, next_of_view, ..
        } = *self.at(index);
        let head = place(view, self.bits);
        if self.views[head] == index {
            self.views[head] = next_of_view;
            return;
        }
        let mut before = self.views[head];
        while before != NONE {
            let next = self.at(before).next_of_view;
            if next == index {
                self.at_mut(before).next_of_view = next_of_view;
                return;
            }
            before = next;
        }
    }

    #[inline]
    fn remove(&mut self, index: u32) -> Past {
        if !self.at(index).floats() {
            self.unlink_view(index);
        }
        let Record {
            exporter,
            next_of_exporter: next,
            previous_of_exporter: previous,
            len,
            stack,
            ..
        } = *self.at(index);
        if next != NONE {
            self.at_mut(next).previous_of_exporter = previous;
        }
        if previous != NONE {
            self.at_mut(previous).next_of_exporter = next;
        } else {
            let head = place(exporter, self.bits);
            self.exporters[head] = next;
        }
        let free = self.free;
        let vacant = self.at_mut(index);
        vacant.exporter = FREE;
        vacant.next_of_view = free;
        self.free = index;
        self.live -= 1;
        Past { len, stack }
    }

    #[inline]
    fn vacant(&mut self) -> Option<u32> {
        if self.free != NONE {
            let index = self.free;
            self.free = self.at(index).next_of_view;
            return Some(index);
        }
        self.unused()
    }

    /// A place that was never used; `None` where no more are allowed, or where there is no memory for them.
    fn unused(&mut self) -> Option<u32> {
        if self.used >= MOST {
            return None;
        }
        if self.used == self.chunks.len() * CHUNK {
            let mut chunk = Vec::new();
            chunk.try_reserve_exact(CHUNK).ok()?;
            chunk.resize(CHUNK, Record::EMPTY);
            self.chunks.push(chunk.into_boxed_slice());
        }
        self.used += 1;
        u32::try_from(self.used - 1).ok()
    }

    /// Twice as many lists; `false` where there is no memory for them.
    #[cold]
    fn grow(&mut self) -> bool {
        self.relink((self.bits + 1).max(8))
    }

    /// 2^`bits` lists of what is out; `false`, and all as before, where there is no memory for them.
    fn relink(&mut self, bits: u32) -> bool {
        let heads = 1_usize << bits;
        let (mut views, mut exporters) = (Vec::new(), Vec::new());
        if views.try_reserve_exact(heads).is_err() || exporters.try_reserve_exact(heads).is_err() {
            return false;
        }
        views.resize(heads, NONE);
        exporters.resize(heads, NONE);
        self.views = views;
        self.exporters = exporters;
        self.bits = bits;
        // In the order of their age, so that the newest is first again.
        let mut order: Vec<u32> = (0..self.used as u32)
            .filter(|index| self.at(*index).exporter != FREE)
            .collect();
        order.sort_unstable_by_key(|index| self.at(*index).sequence);
        for index in order {
            self.link(index);
        }
        true
    }

    /// Forgets all but what registered cells have told of, which keeps its numbers.
    pub(super) fn forget_others(&mut self) {
        let indices = 0..self.used as u32;
        let kept = |records: &Records, index: &u32| {
            let record = records.at(*index);
            record.exporter != FREE && record.registered
        };
        let Some(last) = indices.clone().rev().find(|index| kept(self, index)) else {
            *self = Records::new();
            return;
        };
        for index in indices {
            let record = self.at(index);
            if record.exporter != FREE && !record.registered {
                self.remove(index);
            }
        }
        // What lies behind the last one is given back.
        self.used = last as usize + 1;
        self.chunks.truncate(self.used.div_ceil(CHUNK));
        self.free = NONE;
        for index in 0..last {
            if self.at(index).exporter == FREE {
                self.at_mut(index).next_of_view = self.free;
                self.free = index;
            }
        }
        let bits = self.live.next_power_of_two().ilog2().max(8);
        self.relink(bits.min(self.bits));
    }

    fn link(&mut self, index: u32) {
        let record = *self.at(index);
        if !record.floats() {
            let head = place(record.view, self.bits);
            self.at_mut(index).next_of_view = self.views[head];
            self.views[head] = index;
        }
        let head = place(record.exporter, self.bits);
        let next = self.exporters[head];
        let this = self.at_mut(index);
        this.next_of_exporter = next;
        this.previous_of_exporter = NONE;
        if next != NONE {
            self.at_mut(next).previous_of_exporter = index;
        }
        self.exporters[head] = index;
    }

    /// So many milliseconds are taken off all times: they are counted from a later one.
    pub(super) fn rejuvenate(&mut self, milliseconds: u32) {
        for record in self.iter_mut() {
            record.time = record.time.saturating_sub(milliseconds);
        }
    }

    /// All that is out, in no order, to change what it is not found by.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Record> {
        self.chunks
            .iter_mut()
            .flatten()
            .take(self.used)
            .filter(|record| record.exporter != FREE)
    }

    /// All that is out, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.chunks
            .iter()
            .flatten()
            .take(self.used)
            .filter(|record| record.exporter != FREE)
    }
}

#[cfg(test)]
mod tests;

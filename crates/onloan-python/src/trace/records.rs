//! What is out: one record for each export, found by its view and by its exporter.
//!
//! ```text
//!   views[hash(view)] ──▶ record ──▶ record          by the address of the Py_buffer that was filled
//!   exporters[hash(exporter)] ──▶ record ⇄ record    by the exporter, the newest first
//!   chunks: 4096 records each, never moved; free records are a list
//! ```
//!
//! # Matching
//!
//! A release names its exporter and a `Py_buffer`. Consumers may have copied that struct elsewhere. In this order:
//!
//! 1. a record of this view, exporter and `buf`;
//! 2. of structs that `PyBuffer_FillInfo` filled, `shape` still points into the first one;
//! 3. a record of this exporter with the same `buf`, `len`, `ndim` and `internal`: one whose view was filled again meanwhile (so that the struct must have
//!    moved: it *floats*) before the newest. If there are several they are the same in everything but age; that is counted as ambiguous.

use std::mem::offset_of;

use pyo3::ffi::Py_buffer;

use super::hash::place;

/// No record.
const NONE: u32 = u32::MAX;
/// Records of a chunk.
const CHUNK: usize = 4096;
/// So many records are kept at most.
pub(super) const MOST: usize = 1 << 22;
/// So many records of one exporter are looked through for one that floats.
const LOOKED_THROUGH: usize = 256;

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
        next_of_view: NONE,
        next_of_exporter: NONE,
        previous_of_exporter: NONE,
    };

    pub(super) fn floats(&self) -> bool {
        self.view == 0
    }
}

/// What a release tells of the export that it ends.
pub(super) struct Ended {
    pub(super) view: usize,
    pub(super) exporter: usize,
    pub(super) buf: usize,
    pub(super) len: usize,
    pub(super) internal: usize,
    pub(super) ndim: i32,
    pub(super) shape: usize,
}

impl Ended {
    fn is_like(&self, record: &Record) -> bool {
        record.exporter == self.exporter
            && record.buf == self.buf
            && record.len == self.len
            && record.ndim == self.ndim
            && record.internal == self.internal
    }
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
    #[inline]
    pub(super) fn add(&mut self, record: Record) -> bool {
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
            ..record
        };
        if next != NONE {
            self.at_mut(next).previous_of_exporter = index;
        }
        self.views[of_view] = index;
        self.exporters[of_exporter] = index;
        self.live += 1;
        true
    }

    /// Takes the record out that a release ends.
    #[inline]
    pub(super) fn end(&mut self, ended: &Ended) -> Option<Record> {
        if self.views.is_empty() {
            return None;
        }
        let index = self
            .at_place(ended.view, ended)
            .or_else(|| {
                let first = ended.shape.wrapping_sub(offset_of!(Py_buffer, len));
                (ended.shape != 0).then(|| self.at_place(first, ended))?
            })
            .or_else(|| self.alike(ended))?;
        Some(self.remove(index))
    }

    #[inline]
    fn at_place(&self, view: usize, ended: &Ended) -> Option<u32> {
        let mut index = self.views[place(view, self.bits)];
        while index != NONE {
            let record = self.at(index);
            if record.view == view && record.exporter == ended.exporter && record.buf == ended.buf {
                return Some(index);
            }
            index = record.next_of_view;
        }
        None
    }

    #[cold]
    fn alike(&mut self, ended: &Ended) -> Option<u32> {
        let mut newest = None;
        let mut found = 0;
        let mut floating = None;
        let mut looked = 0;
        let mut index = self.exporters[place(ended.exporter, self.bits)];
        while index != NONE {
            let record = self.at(index);
            if ended.is_like(record) {
                found += 1;
                newest = newest.or(Some(index));
                if record.floats() {
                    floating = floating.or(Some(index));
                }
            }
            looked += 1;
            if looked >= LOOKED_THROUGH && newest.is_some() {
                break;
            }
            index = record.next_of_exporter;
        }
        self.ambiguous += u64::from(found > 1);
        floating.or(newest)
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
    fn remove(&mut self, index: u32) -> Record {
        let record = *self.at(index);
        if !record.floats() {
            self.unlink_view(index);
        }
        if record.next_of_exporter != NONE {
            self.at_mut(record.next_of_exporter).previous_of_exporter = record.previous_of_exporter;
        }
        if record.previous_of_exporter != NONE {
            self.at_mut(record.previous_of_exporter).next_of_exporter = record.next_of_exporter;
        } else {
            let head = place(record.exporter, self.bits);
            self.exporters[head] = record.next_of_exporter;
        }
        // An exporter of 0 marks a free place.
        *self.at_mut(index) = Record {
            next_of_view: self.free,
            ..Record::EMPTY
        };
        self.free = index;
        self.live -= 1;
        record
    }

    fn vacant(&mut self) -> Option<u32> {
        if self.free != NONE {
            let index = self.free;
            self.free = self.at(index).next_of_view;
            return Some(index);
        }
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
        let bits = (self.bits + 1).max(8);
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
            .filter(|index| self.at(*index).exporter != 0)
            .collect();
        order.sort_unstable_by_key(|index| self.at(*index).sequence);
        for index in order {
            self.link(index);
        }
        true
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

    /// All that is out, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.chunks
            .iter()
            .flatten()
            .take(self.used)
            .filter(|record| record.exporter != 0)
    }
}

#[cfg(test)]
mod tests;

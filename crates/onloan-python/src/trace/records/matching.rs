//! From a release to the record of its acquisition.
//!
//! A release names its exporter and a `Py_buffer`. Consumers may have copied that struct elsewhere. In this order:
//!
//! 1. a record of this view, exporter and `buf`;
//! 2. of structs that `PyBuffer_FillInfo` filled, `shape` still points into the first one;
//! 3. a record of this exporter with the same `buf`, `len`, `ndim` and `internal`: one whose view was filled again meanwhile (so that the struct must have
//!    moved: it *floats*) before the newest. If there are several they are the same in everything but age; that is counted as ambiguous;
//! 4. of this exporter a record of this view, or one that floats, whatever else the struct says: some consumers cut what they were lent, in the struct itself.
//!
//! Registered cells tell the number of the record, and nothing is compared.

use std::mem::offset_of;

use pyo3::ffi::Py_buffer;

use super::{MOST, NONE, Past, Record, Records};
use crate::trace::hash::place;

/// So many records of one exporter are looked through for one that floats.
pub(super) const LOOKED_THROUGH: usize = 256;

/// What a release tells of the export that it ends.
pub(in crate::trace) struct Ended {
    pub(in crate::trace) view: usize,
    pub(in crate::trace) exporter: usize,
    pub(in crate::trace) buf: usize,
    pub(in crate::trace) len: usize,
    pub(in crate::trace) internal: usize,
    pub(in crate::trace) ndim: i32,
    pub(in crate::trace) shape: usize,
    /// A registered cell tells of it, whose address is in `internal`; with the number of the record, if there was room for one.
    pub(in crate::trace) by_cell: Option<Option<Number>>,
}

/// The number of a record: where it is, and the last bits of its sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::trace) struct Number(u64);

const _: () = assert!(MOST.is_power_of_two());

impl Number {
    /// Bits of an index.
    const BITS: u32 = MOST.ilog2();

    fn new(index: u32, sequence: u64) -> Number {
        Number(sequence << Number::BITS | u64::from(index))
    }

    /// For who can keep a number only, in which 0 is none: no sequence is.
    pub(in crate::trace) fn into_plain(number: Option<Number>) -> u64 {
        number.map_or(0, |number| number.0)
    }

    pub(in crate::trace) fn from_plain(number: u64) -> Option<Number> {
        (number != 0).then_some(Number(number))
    }

    fn index(self) -> u32 {
        (self.0 & (MOST as u64 - 1)) as u32
    }

    fn is_of(self, record: &Record) -> bool {
        record.sequence << Number::BITS == self.0 & !(MOST as u64 - 1)
    }
}

/// What came of a release.
pub(in crate::trace) enum End {
    /// This record was taken out.
    Of(Past),
    /// The export is a registered cell's, which will tell of the release itself.
    Left,
    /// There is no record of it.
    Unknown,
}

impl Ended {
    fn is_like(&self, record: &Record) -> bool {
        record.exporter == self.exporter
            && record.buf == self.buf
            && record.len == self.len
            && record.ndim == self.ndim
            && (record.internal == self.internal || record.registered)
    }
}

impl Records {
    /// The number of the record that was added last, for this view.
    #[inline]
    pub(in crate::trace) fn newest(&self, view: usize) -> Number {
        let index = self.views[place(view, self.bits)];
        Number::new(index, self.at(index).sequence)
    }

    /// The record of that number.
    #[inline]
    fn numbered(&self, number: Number, exporter: usize) -> Option<u32> {
        let index = number.index();
        if (index as usize) >= self.used {
            return None;
        }
        let record = self.at(index);
        (record.exporter == exporter && number.is_of(record)).then_some(index)
    }

    /// Takes the record out that a release ends.
    #[inline]
    pub(in crate::trace) fn end(&mut self, ended: &Ended) -> End {
        if self.views.is_empty() {
            return End::Unknown;
        }
        if let Some(number) = ended.by_cell {
            let found = number.and_then(|number| self.numbered(number, ended.exporter));
            return found.map_or(End::Unknown, |index| End::Of(self.remove(index)));
        }
        let ambiguous = self.ambiguous;
        let found = self
            .at_place(ended.view, ended)
            .or_else(|| {
                let first = ended.shape.wrapping_sub(offset_of!(Py_buffer, len));
                (ended.shape != 0).then(|| self.at_place(first, ended))?
            })
            .or_else(|| self.alike(ended))
            .or_else(|| self.unlike(ended));
        match found {
            Some(index) if self.at(index).registered => {
                self.ambiguous = ambiguous;
                End::Left
            }
            Some(index) => End::Of(self.remove(index)),
            None => End::Unknown,
        }
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

    /// Of a struct that its consumer has changed. Were it not matched, the record would outlive its exporter.
    #[cold]
    fn unlike(&self, ended: &Ended) -> Option<u32> {
        let mut index = self.views[place(ended.view, self.bits)];
        while index != NONE {
            let record = self.at(index);
            if record.view == ended.view && record.exporter == ended.exporter {
                return Some(index);
            }
            index = record.next_of_view;
        }
        let mut index = self.exporters[place(ended.exporter, self.bits)];
        for _ in 0..LOOKED_THROUGH {
            if index == NONE {
                break;
            }
            let record = self.at(index);
            if record.exporter == ended.exporter && record.floats() {
                return Some(index);
            }
            index = record.next_of_exporter;
        }
        None
    }
}

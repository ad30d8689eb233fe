//! The latest acquisitions from exporters that are not told of releases.
//!
//! Bytes, NumPy arrays, ctypes objects and most types of extensions have no `bf_releasebuffer`, and must not be given one. How long their exports
//! last is not known; but which line acquired the view at an address is, until the table needs the place. A managed buffer that is found
//! alive with that view is then known to come from there.

use super::hash::place;
use super::records::Record;

/// 2^14 places.
const BITS: u32 = 14;

/// A table of places, each with the latest record whose view belongs there.
pub(super) struct Recent {
    places: Vec<Record>,
}

impl Recent {
    pub(super) const fn new() -> Recent {
        Recent { places: Vec::new() }
    }

    pub(super) fn add(&mut self, record: &Record) {
        if self.places.is_empty() {
            self.places.resize(1 << BITS, Record::EMPTY);
        }
        self.places[place(record.view, BITS)] = *record;
    }

    /// The acquisition of this view from this exporter.
    pub(super) fn find(&self, view: usize, exporter: usize) -> Option<&Record> {
        let record = self.places.get(place(view, BITS))?;
        (record.view == view && record.exporter == exporter).then_some(record)
    }

    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Record>()
    }
}

//! The memory of another exporter, lent on.

use std::ptr::NonNull;

use super::{FormatText, Region, RegionMut, Storage, StorageMut};
use crate::Loan;

impl Storage for Loan {
    fn region(&self) -> Region<'_> {
        let extent = self.layout().extent().unwrap_or_default();
        let start = self.address().wrapping_offset(extent.start);
        // SAFETY: the items, and the tables on the way there, lie in the exporter's memory: assumed of exporters (`exporter-bounds`,
        // `exporter-initialized`), not given back while borrowed. Rust has no reference into it, and none to it is given out.
        let region = unsafe {
            Region::from_raw::<u8>(
                NonNull::new(start).unwrap_or(NonNull::dangling()),
                (extent.end - extent.start).unsigned_abs(),
                -extent.start,
                self.layout().clone(),
            )
        };
        region.spelled(FormatText::Owned(self.format().to_owned()))
    }
}

/// Of read-only memory nothing is shown.
impl StorageMut for Loan {
    fn region_mut(&mut self) -> RegionMut<'_> {
        if self.readonly() {
            RegionMut::empty()
        } else {
            // SAFETY: Rust has no reference into the exporter's memory, and none to it is given out; to Rust it is bytes. Really writable
            // (checked to say so): assumed of exporters (`exporter-bounds`).
            unsafe { RegionMut::assume_exclusive(self.region()) }
        }
    }
}

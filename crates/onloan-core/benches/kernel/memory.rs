//! Memory of a layout, and the loop over its items.

use onloan_core::layout::{Layout, Order};

/// Memory for a layout without suboffsets, and where its first item is.
pub(super) struct Memory {
    pub(super) layout: Layout,
    pub(super) bytes: Vec<u8>,
    start: usize,
}

impl Memory {
    pub(super) fn new(layout: Layout, seed: usize) -> Self {
        let extent = layout.extent().unwrap_or_default();
        let byte = |at: usize| ((at + seed) * 167 / 16) as u8;
        Self {
            bytes: (0..extent.len()).map(byte).collect(),
            start: extent.start.unsigned_abs(),
            layout,
        }
    }

    pub(super) fn buf(&self) -> *const u8 {
        self.bytes[self.start..].as_ptr()
    }

    /// Through a pointer to all the bytes, those before the first item too.
    pub(super) fn buf_mut(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr().wrapping_add(self.start)
    }

    /// Where each item starts, in C order.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let offsets = self.layout.offsets(Order::C).expect("no suboffsets");
        offsets.map(|offset| self.start.wrapping_add_signed(offset))
    }

    pub(super) fn items(&self) -> impl Iterator<Item = &[u8]> + '_ {
        let itemsize = self.layout.itemsize();
        self.places()
            .map(move |place| &self.bytes[place..][..itemsize])
    }
}

/// The loop that a copy is.
pub(super) fn copy_plainly(to: &mut Memory, from: &Memory, turned: bool) {
    let itemsize = to.layout.itemsize();
    let places: Vec<usize> = to.places().collect();
    for (place, item) in places.into_iter().zip(from.items()) {
        let to = &mut to.bytes[place..][..itemsize];
        to.copy_from_slice(item);
        if turned {
            to.reverse();
        }
    }
}

/// Items of `itemsize` bytes, `steps` items apart.
pub(super) fn line(bytes: usize, itemsize: usize, steps: isize) -> Layout {
    let extent = (bytes / itemsize) as isize;
    Layout::strided(&[extent], &[steps * itemsize as isize], itemsize).expect("a line")
}

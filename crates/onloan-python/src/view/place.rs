//! Where items of a view lie, one and one after the other, and their bytes.

use std::marker::PhantomData;

use onloan::layout::Walk;
use pyo3::ffi;
use pyo3::prelude::*;

use super::access::{Access, Pointers};

/// Where an item lies, as long as the access lives.
///
/// Invariant `ITEM`: at `address` lie the `itemsize` bytes of an item of an access (`LENT`), to be written to if `writable`.
#[derive(Clone, Copy)]
pub(super) struct Place<'access> {
    address: *mut u8,
    itemsize: usize,
    writable: bool,
    access: PhantomData<&'access ()>,
}

impl Place<'_> {
    /// An item of which somebody else knows that it is one.
    ///
    /// # Safety
    /// `ITEM` holds as long as it is used.
    #[inline]
    pub(super) unsafe fn promised(address: *mut u8, itemsize: usize, writable: bool) -> Self {
        Place {
            address,
            itemsize,
            writable,
            access: PhantomData,
        }
    }

    /// The first `N` bytes of the item; `None` if it has fewer.
    #[inline]
    pub(super) fn read<const N: usize>(self) -> Option<[u8; N]> {
        if N > self.itemsize {
            return None;
        }
        // SAFETY: an item of `itemsize` bytes, of which these are the first `N` (checked): `ITEM`. No alignment is needed.
        Some(unsafe { self.address.cast::<[u8; N]>().read_unaligned() })
    }

    /// Writes the item; `false`, and nothing is written, if it has another size or is read-only.
    #[inline]
    pub(super) fn write<const N: usize>(self, bytes: [u8; N]) -> bool {
        if N != self.itemsize || !self.writable {
            return false;
        }
        // SAFETY: an item of `N` bytes (checked) that may be written (checked): `ITEM`. No alignment is needed.
        unsafe { self.address.cast::<[u8; N]>().write_unaligned(bytes) };
        true
    }

    /// The bytes of the item.
    pub(super) fn read_item(self, item: &mut Vec<u8>) {
        item.clear();
        item.resize(self.itemsize, 0);
        // SAFETY: an item of `itemsize` bytes (`ITEM`), to as many bytes of our own.
        unsafe {
            self.address
                .copy_to_nonoverlapping(item.as_mut_ptr(), self.itemsize);
        };
    }

    /// Writes the bytes of the item; `false`, and nothing is written, if it has another size or is read-only.
    pub(super) fn write_item(self, item: &[u8]) -> bool {
        if item.len() != self.itemsize || !self.writable {
            return false;
        }
        // SAFETY: an item of `itemsize` bytes (checked) that may be written (checked): `ITEM`. The other bytes are our own.
        unsafe {
            item.as_ptr()
                .copy_to_nonoverlapping(self.address, item.len());
        };
        true
    }

    /// Some bytes of the item; `None` if it has not so many.
    #[inline]
    pub(super) fn part(self, offset: usize, size: usize) -> Option<Self> {
        let end = offset.checked_add(size)?;
        (end <= self.itemsize).then_some(Place {
            address: self.address.wrapping_add(offset),
            itemsize: size,
            ..self
        })
    }

    /// The bytes of the item as an object.
    pub(super) fn to_bytes<'py>(self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let size = self.itemsize.cast_signed();
        // SAFETY: attached; an item of so many bytes (`ITEM`), from which is copied.
        let bytes = unsafe { ffi::PyBytes_FromStringAndSize(self.address.cast(), size) };
        // SAFETY: NULL with an exception set, or a new reference.
        unsafe { Bound::from_owned_ptr_or_opt(py, bytes) }
    }
}

/// The places of all items.
pub(super) enum Places<'access> {
    /// At one distance.
    Line {
        next: Place<'access>,
        stride: isize,
        left: usize,
    },
    Walk {
        walk: Box<Walk<'access, Pointers<'access>>>,
        access: &'access Access<'access>,
    },
}

impl<'access> Places<'access> {
    /// Goes over the next `count` places, until `visit` says `false`; `true` if it never did and there were as many.
    #[inline]
    pub(super) fn each(
        &mut self,
        count: usize,
        mut visit: impl FnMut(Place<'access>) -> bool,
    ) -> bool {
        if let Places::Line { next, stride, left } = self {
            if *left < count {
                return false;
            }
            *left -= count;
            let mut place = *next;
            for _ in 0..count {
                let here = place;
                place.address = place.address.wrapping_offset(*stride);
                if !visit(here) {
                    return false;
                }
            }
            *next = place;
            return true;
        }
        let mut visited = 0;
        self.take(count).all(|place| {
            visited += 1;
            visit(place)
        }) && visited == count
    }
}

impl<'access> Iterator for Places<'access> {
    type Item = Place<'access>;

    #[inline]
    fn next(&mut self) -> Option<Place<'access>> {
        match self {
            Places::Line { next, stride, left } => {
                *left = left.checked_sub(1)?;
                let place = *next;
                next.address = next.address.wrapping_offset(*stride);
                Some(place)
            }
            Places::Walk { walk, access } => walk.next().map(|address| access.place(address)),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Places::Line { left, .. } => (*left, Some(*left)),
            Places::Walk { walk, .. } => walk.size_hint(),
        }
    }
}

impl ExactSizeIterator for Places<'_> {}

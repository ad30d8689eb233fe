//! Proof that memory stays as it is, and what may be done where there is one.
//!
//! A `&[T]` promises that its bytes do not change while it lives. Of somebody else's memory that is almost never known: other consumers may write to
//! it, other threads, and the exporter itself, and read-only says only that *this* consumer may not. It is known of
//!
//! - `bytes`: the memory lies inside of an object whose type is exactly that; also seen through a `memoryview` of it;
//! - a read-only [`ExportCell`](crate::ExportCell), of this or of any other extension module with onloan, whose storage is Rust's own: not a
//!   mapped file, not a loan. Modules recognise each other through a table that they share.
//!
//! What is assumed: `readonly-kept`, that no consumer in C writes to memory which it was granted read-only.

use onloan_core::element::AnyBits;
use onloan_core::layout::Extent;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};

use super::typed::View;
use crate::table::{self, Stretch};

impl<T: AnyBits, const NDIM: usize> View<'_, T, NDIM> {
    /// The items as a slice, in C order: only where it is known that nobody changes them while the view lives, where they lie without gaps,
    /// and at addresses that are right for `T`. Else `None`: then [`to_vec`](super::Items::to_vec) copies them.
    #[must_use]
    pub fn as_slice(&self) -> Option<&[T]> {
        if self.is_empty() {
            return Some(&[]);
        }
        if !self.fits_a_slice() || !self.is_stable() {
            return None;
        }
        // SAFETY: fits a slice, and is stable (checked).
        Some(unsafe { self.slice_unchecked() })
    }

    /// The items as a slice, in C order, if they lie without gaps and at addresses that are right for `T`.
    ///
    /// # Safety
    /// Nobody writes to the memory while the slice is used: no other consumer, no other thread, not the exporter. That the view is read-only does not
    /// say so.
    #[must_use]
    pub unsafe fn as_slice_unchecked(&self) -> Option<&[T]> {
        if self.is_empty() {
            return Some(&[]);
        }
        // SAFETY: fits a slice (checked); unchanged: granted by the caller.
        self.fits_a_slice()
            .then(|| unsafe { self.slice_unchecked() })
    }

    fn fits_a_slice(&self) -> bool {
        self.is_c_contiguous() && self.as_ptr().cast::<T>().is_aligned()
    }

    /// # Safety
    /// There are items, they fit a slice, and nobody changes them while it is used.
    unsafe fn slice_unchecked(&self) -> &[T] {
        // SAFETY:
        // in bounds: without gaps (granted by the caller), so these are the items: assumed of exporters (`exporter-bounds`); at most
        // `isize::MAX` bytes, as the layout promises. Aligned (granted).
        // alive: held while the view is borrowed (`LENT`).
        // initialized: assumed of exporters (`exporter-initialized`); any bytes are a `T` (`AnyBits`).
        // unchanged: granted by the caller.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), self.len()) }
    }
}

impl<T: super::Viewed, const NDIM: usize> View<'_, T, NDIM> {
    /// It is known that nobody changes the memory while the view lives; see [`as_slice`](View::as_slice).
    #[must_use]
    pub fn is_stable(&self) -> bool {
        if self.geometry.nbytes() == 0 {
            return true;
        }
        if !self.readonly() {
            return false;
        }
        let extent = if self.is_c_contiguous() {
            Extent {
                start: 0,
                // At most `isize::MAX`, as the layout promises.
                end: self.geometry.nbytes().cast_signed(),
            }
        } else if self.layout().is_indirect() {
            return false;
        } else {
            self.layout().extent().unwrap_or_default()
        };
        let start = self.as_ptr().addr().wrapping_add_signed(extent.start);
        let inside = |stretch: Stretch| {
            start
                .checked_sub(stretch.start.addr())
                .and_then(|before| before.checked_add(extent.len()))
                .is_some_and(|end| end <= stretch.bytes)
        };
        of_bytes(self).is_some_and(inside) || self.vouched_for().is_some_and(inside)
    }

    fn vouched_for(&self) -> Option<Stretch> {
        // SAFETY: the loan's struct, not released while the view is borrowed (`HELD`).
        unsafe { table::ask(self.py(), self.loan().buffer()) }
    }
}

/// The memory of the `bytes` that is lent, itself or through a `memoryview`.
fn of_bytes<T: super::Viewed, const NDIM: usize>(view: &View<'_, T, NDIM>) -> Option<Stretch> {
    let mut exporter = view.exporter()?;
    if exporter.is_exact_instance_of::<PyMemoryView>() {
        // A `memoryview` that is exported cannot be released, and keeps what it is of.
        exporter = exporter.getattr("obj").ok()?;
    }
    let bytes = exporter.cast_exact::<PyBytes>().ok()?;
    // SAFETY: `bytes`, alive and attached.
    let start = unsafe { ffi::PyBytes_AsString(bytes.as_ptr()) };
    Some(Stretch {
        start: start.cast::<u8>().cast_const(),
        bytes: bytes.as_bytes().len(),
    })
}

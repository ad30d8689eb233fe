//! The memory of a view while one operation runs. Only this reads and writes it, and `place.rs`, item by item.
//!
//! ```text
//!   View ── enter ──▶ Access { a user of the loan } ── dropped ──▶ one user less
//!                       │
//!                       └─ place(index) ──▶ Place ── read, write ──▶ the bytes of one item
//! ```
//!
//! # What is assumed
//!
//! Of exporters: that the items which their shape and strides address lie in memory that stays where it is until it is given back, and
//! may be written to unless it is read-only. Of everybody: that nobody writes bytes in the very moment in which they are copied; under a global
//! lock that is so unless code without the lock writes. No reference into the memory outlives the call of a kernel.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::slice;

use onloan::format::Plan;
use onloan::layout::{self, Layout, Memory, Order};
use onloan_core::kernel::{
    CopyError, Needle, TextTooLarge, copy_raw, count_byte_raw, count_raw, equal_raw, gather_raw,
    hex_raw, index_byte_raw, index_raw, write_hex_raw,
};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::geometry::Geometry;
use super::managed::ManagedLoan;
use super::place::{Place, Places};

/// A view that cannot be given back.
///
/// Invariant `LENT`: from `address` on lie the items of `geometry`, in memory of a loan of which this is a user; writable, unless
/// `readonly`. Every way to make one keeps to it.
pub(super) struct Access<'view> {
    loan: &'view ManagedLoan,
    address: *mut u8,
    geometry: &'view Geometry,
    readonly: bool,
}

/// A part of what an access holds, for as long as that lives: it is no user of its own.
pub(super) struct Part<'access>(ManuallyDrop<Access<'access>>);

impl<'access> Deref for Part<'access> {
    type Target = Access<'access>;

    #[inline]
    fn deref(&self) -> &Access<'access> {
        &self.0
    }
}

impl<'view> Access<'view> {
    /// Enters the loan; `None` if the memory was given back.
    ///
    /// # Safety
    /// The caller is attached, also when the access is dropped. As long as `loan` has users, `LENT` holds for the rest.
    #[inline]
    pub(super) unsafe fn enter(
        loan: &'view ManagedLoan,
        address: *mut u8,
        geometry: &'view Geometry,
        readonly: bool,
    ) -> Option<Access<'view>> {
        loan.enter().then_some(Access {
            loan,
            address,
            geometry,
            readonly,
        })
    }

    /// A part of the items.
    ///
    /// # Safety
    /// `LENT` holds for it.
    #[inline]
    pub(super) unsafe fn narrowed<'part>(
        &'part self,
        address: *mut u8,
        geometry: &'part Geometry,
    ) -> Part<'part> {
        Part(ManuallyDrop::new(Access {
            loan: self.loan,
            address,
            geometry,
            readonly: self.readonly,
        }))
    }

    #[inline]
    pub(super) fn geometry(&self) -> &'view Geometry {
        self.geometry
    }

    #[inline]
    pub(super) fn layout(&self) -> &'view Layout {
        self.geometry.layout()
    }

    #[inline]
    pub(super) fn readonly(&self) -> bool {
        self.readonly
    }

    #[inline]
    pub(super) fn address(&self) -> *mut u8 {
        self.address
    }

    /// Where a part starts that was cut from this layout.
    pub(super) fn part(&self, part: &layout::Part) -> *mut u8 {
        part.start.walk(&mut Pointers(PhantomData), self.address)
    }

    /// The item at `index` of the only dimension; `None` where it is out of range, or there are other dimensions.
    #[inline]
    pub(super) fn item(&self, index: isize) -> Option<Place<'_>> {
        let Some(line) = self.geometry.line() else {
            return self.far_item(index);
        };
        if index < 0 || index >= line.extent {
            return None;
        }
        // In range, so that the product is one that can be counted.
        let bytes = index.wrapping_mul(line.stride);
        Some(self.place(self.address.wrapping_offset(bytes)))
    }

    /// The item behind a pointer.
    #[cold]
    fn far_item(&self, index: isize) -> Option<Place<'_>> {
        let index = usize::try_from(index).ok()?;
        let mut pointers = Pointers(PhantomData);
        let address = self
            .layout()
            .address(&mut pointers, self.address, &[index])?;
        Some(self.place(address))
    }

    /// The item that a part of this layout without axes is.
    pub(super) fn only_item_of(&self, part: &layout::Part) -> Option<Place<'_>> {
        (part.layout.ndim() == 0).then(|| self.place(self.part(part)))
    }

    /// All items.
    pub(super) fn places(&self, order: Order) -> Places<'_> {
        let line = match self.geometry.line() {
            Some(line) => Some((line.stride, line.extent.unsigned_abs())),
            // Without gaps all items are at one distance.
            None if order == Order::C && self.layout().is_c_contiguous() => {
                Some((self.layout().itemsize().cast_signed(), self.layout().size()))
            }
            None => None,
        };
        match line {
            Some((stride, left)) => Places::Line {
                next: self.place(self.address),
                stride,
                left,
            },
            None => Places::Walk {
                walk: Box::new(
                    self.layout()
                        .walk(Pointers(PhantomData), self.address, order),
                ),
                access: self,
            },
        }
    }

    /// What lies at an address that the layout gave.
    #[inline]
    pub(super) fn place(&self, address: *mut u8) -> Place<'_> {
        // SAFETY: an item (`LENT`), as long as the access lives.
        unsafe { Place::promised(address, self.geometry.itemsize(), !self.readonly) }
    }

    /// All bytes as they lie, if that is C order without gaps.
    #[inline]
    pub(super) fn block<'py>(&self, py: Python<'py>) -> Option<PyResult<Bound<'py, PyBytes>>> {
        if !self.geometry.is_c_contiguous() {
            return None;
        }
        let length = self.geometry.nbytes().cast_signed();
        // SAFETY: attached; so many bytes (`LENT`, without gaps), from which is copied, and none of anybody's code runs meanwhile.
        let bytes = unsafe { ffi::PyBytes_FromStringAndSize(self.address.cast(), length) };
        // SAFETY: NULL with an exception set, or a new reference.
        let bytes = unsafe { Bound::from_owned_ptr_or_err(py, bytes) };
        // SAFETY: just made.
        Some(bytes.map(|bytes| unsafe { bytes.cast_into_unchecked() }))
    }

    /// Copies all items out, without gaps, in `order`, to memory that need not be initialised.
    ///
    /// # Safety
    /// `to` has `bytes` writable bytes that nobody else looks at.
    pub(super) unsafe fn copy_out_raw(
        &self,
        to: *mut u8,
        bytes: usize,
        order: Order,
    ) -> Result<(), CopyError> {
        if self.geometry.is_c_contiguous() && (order == Order::C || self.geometry.ndim() < 2) {
            if bytes != self.geometry.nbytes() {
                return Err(CopyError::ShapesDiffer);
            }
            if bytes > 0 {
                // SAFETY: one block of so many bytes (`LENT`), to as many that nobody else looks at (granted by the caller).
                unsafe { self.address.copy_to_nonoverlapping(to, bytes) };
            }
            return Ok(());
        }
        if bytes != self.geometry.nbytes() {
            return Err(CopyError::ShapesDiffer);
        }
        let (from, itemsize) = (self.address, self.geometry.itemsize());
        if let Some((shape, strides)) = self.geometry.axes() {
            // SAFETY:
            // readable: `LENT`. strided: `AXES_CHECKED`.
            // writable: granted by the caller, for the number of bytes checked above.
            // unraced: assumed of everybody.
            return unsafe { gather_raw(to, order, from, shape, strides, itemsize) };
        }
        let gapless = Layout::in_order(self.layout().shape(), itemsize, order)
            .map_err(|_| CopyError::ShapesDiffer)?;
        // SAFETY: as above; tables: `LENT`.
        unsafe { copy_raw(to, &gapless, from, self.layout()) }
    }

    /// Writes all items of `from` to the places of the same index. The two may share memory.
    ///
    /// # Errors
    /// Other shapes, or another size of items; no memory for a copy, where they share some.
    pub(super) fn copy_in(&self, from: &Access<'_>) -> Result<(), CopyError> {
        let blocks = self.geometry.is_c_contiguous() && from.geometry.is_c_contiguous();
        let alike = self.geometry.shape() == from.geometry.shape()
            && self.geometry.itemsize() == from.geometry.itemsize();
        if self.readonly {
            return Err(CopyError::ShapesDiffer);
        }
        if blocks && alike {
            if self.geometry.nbytes() > 0 {
                // SAFETY: both are blocks of that many bytes (`LENT`, contiguous), and this may be written (checked). They may overlap.
                unsafe {
                    from.address.copy_to(self.address, self.geometry.nbytes());
                }
            }
            return Ok(());
        }
        // SAFETY:
        // readable, writable, tables: `LENT` of both, not read-only (checked).
        // unraced: assumed of everybody.
        unsafe { copy_raw(self.address, self.layout(), from.address, from.layout()) }
    }

    /// Writes bytes to all items; `false`, and nothing is written, if they are not as many bytes, have gaps, or may not be written to.
    ///
    /// # Safety
    /// `from` has so many bytes that nobody writes to. They may be among those of the items.
    #[inline]
    pub(super) unsafe fn write_bytes(&self, from: *const u8, bytes: usize) -> bool {
        let block = self.geometry.is_c_contiguous() && self.geometry.nbytes() == bytes;
        if self.readonly || !block {
            return false;
        }
        if bytes > 0 {
            // SAFETY: as many bytes (granted by the caller), to a block of as many (`LENT`, checked) that may be written (checked).
            unsafe { from.copy_to(self.address, bytes) };
        }
        true
    }

    /// Whether the bytes of all items are these; `None` if they are not known to be as many in one block.
    ///
    /// # Safety
    /// `other` has so many bytes that nobody writes to.
    #[inline]
    pub(super) unsafe fn has_bytes(&self, other: *const u8, bytes: usize) -> Option<bool> {
        if !self.geometry.is_c_contiguous() || self.geometry.nbytes() != bytes {
            return None;
        }
        if bytes == 0 || other == self.address {
            return Some(true);
        }
        // SAFETY: one block of so many bytes (`LENT`, checked). unraced: assumed of everybody.
        let one = unsafe { slice::from_raw_parts(self.address, bytes) };
        // SAFETY: granted by the caller.
        let two = unsafe { slice::from_raw_parts(other, bytes) };
        Some(one == two)
    }

    /// Whether the shapes are the same and all items equal by value, read by these plans.
    pub(super) fn equals(&self, plan: &Plan, other: &Access<'_>, other_plan: &Plan) -> bool {
        // SAFETY: readable, tables: `LENT` of both. unraced: assumed of everybody.
        unsafe {
            equal_raw(
                self.address,
                self.layout(),
                plan,
                other.address,
                other.layout(),
                other_plan,
            )
        }
    }

    /// How many items equal the value.
    pub(super) fn count(&self, needle: &Needle) -> usize {
        // SAFETY: readable, tables: `LENT`. unraced: assumed of everybody.
        unsafe { count_raw(self.address, self.layout(), needle) }
    }

    /// The index in C order of the first item that equals the value.
    pub(super) fn index(&self, needle: &Needle) -> Option<usize> {
        // SAFETY: readable, tables: `LENT`. unraced: assumed of everybody.
        unsafe { index_raw(self.address, self.layout(), needle) }
    }

    /// How many items are this byte; `None` if they are not bytes without gaps.
    #[inline]
    pub(super) fn count_byte(&self, byte: u8) -> Option<usize> {
        // SAFETY: as many bytes (`LENT`, checked). unraced: assumed of everybody.
        self.row()
            .map(|bytes| unsafe { count_byte_raw(self.address, bytes, byte) })
    }

    /// The first index at which there is this byte; `None` as for [`count_byte`](Self::count_byte).
    #[inline]
    pub(super) fn index_byte(&self, byte: u8) -> Option<Option<usize>> {
        // SAFETY: as many bytes (`LENT`, checked). unraced: assumed of everybody.
        self.row()
            .map(|bytes| unsafe { index_byte_raw(self.address, bytes, byte) })
    }

    /// The number of items, if they are bytes in one dimension without gaps.
    #[inline]
    fn row(&self) -> Option<usize> {
        let line = self.geometry.line()?;
        (line.itemsize == 1 && line.is_gapless()).then_some(line.extent.unsigned_abs())
    }

    /// Writes all bytes in C order as hexadecimal digits.
    ///
    /// # Safety
    /// `to` has two writable bytes for each, which nobody else looks at.
    pub(super) unsafe fn write_hex(&self, to: *mut u8) {
        // SAFETY: readable, tables: `LENT`. unraced: assumed of everybody. The place is granted by the caller.
        unsafe { write_hex_raw(self.address, self.layout(), to) };
    }

    /// All bytes in C order as hexadecimal digits.
    pub(super) fn hex(&self) -> Result<String, TextTooLarge> {
        // SAFETY: readable, tables: `LENT`. unraced: assumed of everybody.
        unsafe { hex_raw(self.address, self.layout(), None) }
    }
}

impl Drop for Access<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: a user since `enter`.
        unsafe { self.loan.leave() };
    }
}

/// Follows pointers of a layout, which lie in the memory of an access.
///
/// Made only by an [`Access`], for the layout and address of which `LENT` holds.
#[derive(Clone, Copy)]
pub(super) struct Pointers<'access>(PhantomData<&'access ()>);

impl Memory for Pointers<'_> {
    type Address = *mut u8;

    #[inline]
    fn offset(&mut self, address: *mut u8, bytes: isize) -> *mut u8 {
        address.wrapping_offset(bytes)
    }

    #[inline]
    fn follow(&mut self, address: *mut u8) -> *mut u8 {
        // SAFETY: an entry of a table of pointers that the layout addresses: `LENT`. No alignment is needed.
        unsafe { address.cast::<*mut u8>().read_unaligned() }
    }
}

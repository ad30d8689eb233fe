//! The memory of a view while one operation runs: the only place that reads and writes it.
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
//! lock that is so unless code without the lock writes. No reference into the memory is ever made.

use std::marker::PhantomData;

use onloan::layout::{Layout, Memory, Order, Part, Walk};
use onloan_core::kernel::{CopyError, copy_raw};

use super::geometry::Geometry;
use super::managed::ManagedLoan;

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
    pub(super) fn part(&self, part: &Part) -> *mut u8 {
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
    pub(super) fn only_item_of(&self, part: &Part) -> Option<Place<'_>> {
        (part.layout.ndim() == 0).then(|| self.place(self.part(part)))
    }

    /// All items.
    pub(super) fn places(&self, order: Order) -> Places<'_> {
        match self.geometry.line() {
            Some(line) => Places::Line {
                next: self.place(self.address),
                stride: line.stride,
                left: line.extent.unsigned_abs(),
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
    fn place(&self, address: *mut u8) -> Place<'_> {
        Place {
            address,
            itemsize: self.geometry.itemsize(),
            writable: !self.readonly,
            access: PhantomData,
        }
    }

    /// Copies all items to memory of our own, without gaps, in `order`.
    ///
    /// # Errors
    /// `to` has not `nbytes` bytes.
    pub(super) fn copy_out(&self, to: &mut [u8], order: Order) -> Result<(), CopyError> {
        // SAFETY: as many bytes as `to` has, exclusively borrowed.
        unsafe { self.copy_out_raw(to.as_mut_ptr(), to.len(), order) }
    }

    /// As [`copy_out`](Self::copy_out), to memory that need not be initialised.
    ///
    /// # Safety
    /// `to` has `bytes` writable bytes that nobody else looks at.
    pub(super) unsafe fn copy_out_raw(
        &self,
        to: *mut u8,
        bytes: usize,
        order: Order,
    ) -> Result<(), CopyError> {
        let gapless = Layout::in_order(self.layout().shape(), self.layout().itemsize(), order)
            .ok()
            .filter(|gapless| gapless.nbytes() == bytes)
            .ok_or(CopyError::ShapesDiffer)?;
        // SAFETY:
        // readable, tables: `LENT`.
        // writable, apart: granted by the caller, for the number of bytes checked above.
        // unraced: assumed of everybody.
        unsafe { copy_raw(to, &gapless, self.address, self.layout()) }
    }

    /// Writes all items of `from` to the places of the same index. The two may share memory.
    ///
    /// # Errors
    /// Other shapes, or another size of items.
    pub(super) fn copy_in(&self, from: &Access<'_>) -> Result<(), CopyError> {
        let blocks = self.geometry.is_c_contiguous() && from.geometry.is_c_contiguous();
        let alike = self.geometry.shape() == from.geometry.shape()
            && self.geometry.itemsize() == from.geometry.itemsize();
        if self.readonly {
            return Err(CopyError::ShapesDiffer);
        }
        if blocks && alike {
            if self.layout().nbytes() > 0 {
                // SAFETY: contiguous, so that both are blocks of that many bytes (`LENT`), and not read-only (checked). They may overlap.
                unsafe { from.address.copy_to(self.address, self.layout().nbytes()) };
            }
            return Ok(());
        }
        if self.apart_from(from) {
            // SAFETY:
            // readable, writable, tables: `LENT` of both, not read-only (checked).
            // apart: checked.
            // unraced: assumed of everybody.
            return unsafe { copy_raw(self.address, self.layout(), from.address, from.layout()) };
        }
        let mut copy = vec![0; from.layout().nbytes()];
        from.copy_out(&mut copy, Order::C)?;
        self.write_all(&copy)
    }

    /// Writes all items from bytes in C order.
    ///
    /// # Errors
    /// Not as many bytes as items have.
    pub(super) fn write_all(&self, from: &[u8]) -> Result<(), CopyError> {
        let gapless = Layout::c_order(self.layout().shape(), self.layout().itemsize())
            .ok()
            .filter(|gapless| gapless.nbytes() == from.len() && !self.readonly)
            .ok_or(CopyError::ShapesDiffer)?;
        // SAFETY:
        // readable: as many bytes as `gapless` has (checked).
        // writable, tables: `LENT`, not read-only (checked).
        // apart: `from` is our own.
        // unraced: assumed of everybody.
        unsafe { copy_raw(self.address, self.layout(), from.as_ptr(), &gapless) }
    }

    /// Whether the bytes of all items are the same; `None` if one of the two is no block in C order.
    pub(super) fn same_bytes(&self, other: &Access<'_>) -> Option<bool> {
        const CHUNK: usize = 4096;
        let bytes = self.layout().nbytes();
        let blocks = self.layout().is_c_contiguous() && other.layout().is_c_contiguous();
        if !blocks || bytes != other.layout().nbytes() {
            return None;
        }
        let (mut one, mut two) = ([0; CHUNK], [0; CHUNK]);
        let mut done = 0;
        while done < bytes {
            let count = CHUNK.min(bytes - done);
            let from = self.address.wrapping_add(done);
            let from_other = other.address.wrapping_add(done);
            // SAFETY: a block of `bytes` bytes (`LENT`, contiguous), of which these are the ones from `done` on, to memory of our own.
            unsafe { from.copy_to_nonoverlapping(one.as_mut_ptr(), count) };
            // SAFETY: as above.
            unsafe { from_other.copy_to_nonoverlapping(two.as_mut_ptr(), count) };
            if one[..count] != two[..count] {
                return Some(false);
            }
            done += count;
        }
        Some(true)
    }

    /// Whether no byte of the two is the same, as far as can be told without following pointers.
    fn apart_from(&self, other: &Access<'_>) -> bool {
        let range = |access: &Access<'_>| {
            let extent = access.layout().extent()?;
            let start = access.address.addr().checked_add_signed(extent.start)?;
            Some(start..start.checked_add(extent.len())?)
        };
        let direct = !self.layout().is_indirect() && !other.layout().is_indirect();
        match (range(self), range(other)) {
            (Some(one), Some(two)) => direct && (one.end <= two.start || two.end <= one.start),
            // Nothing to be copied.
            _ => true,
        }
    }
}

impl Drop for Access<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: a user since `enter`.
        unsafe { self.loan.leave() };
    }
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

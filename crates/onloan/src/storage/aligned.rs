//! Memory aligned as asked: for SIMD, for devices, for huge pages.

use std::alloc::{self, Layout as AllocLayout};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use onloan_core::element::AnyBits;

use super::{Region, RegionMut, Storage, StorageMut};

/// What kind of pages the memory should lie on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pages {
    /// Whatever the allocator gives.
    #[default]
    Ordinary,
    /// Transparent huge pages, where the system has them (Linux, `MADV_HUGEPAGE`): aligned to 2 MiB. A wish, not a promise.
    Huge,
}

const HUGE: usize = 2 << 20;

/// A vector whose first element is aligned to a given power of two, 64 bytes or more. New elements are zero.
pub struct AlignedVec<T> {
    // Invariant `OWNED`: `base` was allocated by the global allocator as `Block` says for `capacity` and `align`, or dangles where that is no
    // bytes; at `start`, the first place in it that is aligned, all `capacity` elements are initialised, and the first `len` are shown.
    base: NonNull<u8>,
    start: NonNull<T>,
    len: usize,
    capacity: usize,
    align: usize,
    pages: Pages,
}

// SAFETY: owns its elements alone, as `Vec` does.
unsafe impl<T: Send> Send for AlignedVec<T> {}
// SAFETY: `&AlignedVec` gives `&[T]` only.
unsafe impl<T: Sync> Sync for AlignedVec<T> {}

/// The memory asked for cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// How many bytes were asked for; `None` if that is more than can be counted.
    pub bytes: Option<usize>,
    /// At which alignment.
    pub align: usize,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes {
            Some(bytes) => write!(f, "cannot allocate {bytes} bytes aligned to {}", self.align),
            None => f.write_str("cannot allocate more bytes than can be counted"),
        }
    }
}

impl std::error::Error for OutOfMemory {}

impl<T: AnyBits> AlignedVec<T> {
    /// The least alignment: a cache line, and the widest vector register.
    pub const ALIGN: usize = 64;

    /// No elements, aligned to 64 bytes.
    #[must_use]
    pub fn new() -> AlignedVec<T> {
        let align = Self::ALIGN.max(align_of::<T>());
        AlignedVec {
            base: NonNull::dangling(),
            start: dangling(align),
            len: 0,
            capacity: 0,
            align,
            pages: Pages::Ordinary,
        }
    }

    /// `len` zeros, aligned to `align` bytes (at least 64, rounded up to a power of two), on the given pages.
    ///
    /// The system gives zeroed pages as they are touched, so that large vectors cost nothing until used.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the allocator has no such block.
    pub fn zeroed(len: usize, align: usize, pages: Pages) -> Result<AlignedVec<T>, OutOfMemory> {
        let least = if pages == Pages::Huge {
            HUGE
        } else {
            Self::ALIGN.max(align_of::<T>())
        };
        let align = align
            .max(least)
            .checked_next_power_of_two()
            .ok_or(OutOfMemory { bytes: None, align })?;
        let (base, start) = allocate(len, align, pages)?;
        Ok(AlignedVec {
            base,
            start,
            len,
            capacity: len,
            align,
            pages,
        })
    }

    /// A copy of `elements`, aligned to 64 bytes.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the allocator has no such block.
    pub fn copied_from(elements: &[T]) -> Result<AlignedVec<T>, OutOfMemory> {
        let mut vec = AlignedVec::zeroed(elements.len(), Self::ALIGN, Pages::Ordinary)?;
        vec.copy_from_slice(elements);
        Ok(vec)
    }

    /// Makes it `len` elements long; new ones are zero. Grows by at least half, so that growing in small steps costs little.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the elements are then as before.
    pub fn resize(&mut self, len: usize) -> Result<(), OutOfMemory> {
        if len > self.capacity {
            self.reallocate(len.max(self.capacity.saturating_add(self.capacity / 2)))
                .or_else(|_| self.reallocate(len))?;
        } else if len < self.len {
            // What is not shown is zero when it is shown again.
            let beyond = self.len;
            self[len..beyond].fill(zero());
        }
        self.len = len;
        Ok(())
    }

    /// Adds `elements` at the end.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the elements are then as before.
    pub fn extend_from_slice(&mut self, elements: &[T]) -> Result<(), OutOfMemory> {
        let at = self.len;
        let len = at.checked_add(elements.len()).ok_or(OutOfMemory {
            bytes: None,
            align: self.align,
        })?;
        self.resize(len)?;
        self[at..].copy_from_slice(elements);
        Ok(())
    }

    fn reallocate(&mut self, capacity: usize) -> Result<(), OutOfMemory> {
        let (base, start) = allocate::<T>(capacity, self.align, self.pages)?;
        // SAFETY: both blocks hold at least `len` elements (`OWNED`, and `capacity` is not below it); a new block overlaps no other.
        unsafe { std::ptr::copy_nonoverlapping(self.start.as_ptr(), start.as_ptr(), self.len) };
        self.free();
        (self.base, self.start, self.capacity) = (base, start, capacity);
        Ok(())
    }
}

impl<T> AlignedVec<T> {
    /// The alignment of the first element, in bytes.
    #[must_use]
    pub fn align(&self) -> usize {
        self.align
    }

    /// How many elements fit without another allocation.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives the block back; `start` is not to be used again.
    fn free(&mut self) {
        if let Some(Block::Bytes(block)) = Block::of::<T>(self.capacity, self.align) {
            // SAFETY: allocated with this very layout (`OWNED`).
            unsafe { alloc::dealloc(self.base.as_ptr(), block) };
        }
    }
}

/// What is asked of the allocator: room for the elements wherever the aligned place comes to lie.
///
/// Only for an alignment that every block has does the system's allocator hand out zeroed pages untouched (`calloc`); for more it would
/// write the zeros itself, and large vectors would cost memory before they are used.
enum Block {
    Nothing,
    Bytes(AllocLayout),
}

impl Block {
    const ALIGN: usize = align_of::<usize>();

    /// `None` if that is more than can be counted.
    fn of<T>(count: usize, align: usize) -> Option<Block> {
        let elements = AllocLayout::array::<T>(count).ok()?.size();
        if elements == 0 {
            return Some(Block::Nothing);
        }
        let size = elements.checked_add(align.saturating_sub(Block::ALIGN))?;
        AllocLayout::from_size_align(size, Block::ALIGN)
            .ok()
            .map(Block::Bytes)
    }
}

fn zero<T: AnyBits>() -> T {
    // SAFETY: `AnyBits`: every bit pattern is a value, all zeros too.
    unsafe { std::mem::zeroed() }
}

fn dangling<T>(align: usize) -> NonNull<T> {
    NonNull::new(std::ptr::without_provenance_mut(align)).unwrap_or(NonNull::dangling())
}

/// A block, and the first aligned place in it.
fn allocate<T: AnyBits>(
    count: usize,
    align: usize,
    pages: Pages,
) -> Result<(NonNull<u8>, NonNull<T>), OutOfMemory> {
    let bytes = count.checked_mul(size_of::<T>());
    let refused = OutOfMemory { bytes, align };
    let block = match Block::of::<T>(count, align) {
        Some(Block::Bytes(block)) => block,
        Some(Block::Nothing) => return Ok((NonNull::dangling(), dangling(align))),
        None => return Err(refused),
    };
    // SAFETY: the size is not zero: `Block::Nothing` else.
    let base = unsafe { alloc::alloc_zeroed(block) };
    let base = NonNull::new(base).ok_or(refused)?;
    // At most `align - Block::ALIGN`, which the block has besides the elements.
    let behind = base.as_ptr().addr().wrapping_neg() & (align - 1);
    let start = base.as_ptr().wrapping_add(behind).cast::<T>();
    let start = NonNull::new(start).ok_or(refused)?;
    if pages == Pages::Huge {
        want_huge_pages(start.cast(), bytes.unwrap_or(0));
    }
    Ok((base, start))
}

#[cfg(target_os = "linux")]
fn want_huge_pages(start: NonNull<u8>, size: usize) {
    // SAFETY: the range is ours, and MADV_HUGEPAGE changes no byte of it; a refusal changes nothing.
    unsafe { libc::madvise(start.as_ptr().cast(), size, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn want_huge_pages(_: NonNull<u8>, _: usize) {}

impl<T> Drop for AlignedVec<T> {
    fn drop(&mut self) {
        self.free();
    }
}

impl<T: AnyBits> Default for AlignedVec<T> {
    fn default() -> AlignedVec<T> {
        AlignedVec::new()
    }
}

impl<T> Deref for AlignedVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `len` initialised elements from `start` on (`OWNED`), borrowed with `self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for AlignedVec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as for `deref`, borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T: fmt::Debug> fmt::Debug for AlignedVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

impl<T: AnyBits> Storage for AlignedVec<T> {
    fn region(&self) -> Region<'_> {
        Region::of(self)
    }
}

impl<T: AnyBits> StorageMut for AlignedVec<T> {
    fn region_mut(&mut self) -> RegionMut<'_> {
        RegionMut::of(self)
    }
}

//! Looking for a value: how often it is there, where first, whether everywhere.
//!
//! Items come as blocks without gaps ([`blocks`](super::blocks)), the value as a pattern of bytes and a
//! mask ([`needle`](super::needle)). For items of 1, 2, 4, 8 and 16 bytes a block is gone through in runs
//! without branches, which become vector instructions; plain bytes are left to glibc or to the crate `memchr`.

use core::ops::ControlFlow;

use super::blocks::{Way, each_block};
use super::needle::{Means, Needle, Pattern};
use super::value::equal_values;
use super::vector::widest;
use crate::layout::Layout;

/// Items between two looks at what was found.
const RUN: usize = 128;

/// Items between two looks where something is known to be.
const FEW: usize = 16;

/// How many items equal the value; 0 for a needle of another item size. `memoryview.count` of
/// CPython 3.14.
///
/// # Safety
///
/// The clauses `readable`, `tables` and `unraced` of [the module](super).
#[must_use]
pub unsafe fn count_raw(buf: *const u8, layout: &Layout, needle: &Needle) -> usize {
    let mut total = 0;
    if needle.itemsize != layout.itemsize() {
        return total;
    }
    let mut visit = |count: usize, [items]: [&[u8]; 1]| {
        total += needle.count(items, count);
        ControlFlow::Continue(())
    };
    // SAFETY: promised by the caller.
    let _ = unsafe { each_block([layout], [buf], Way::AsItLies, &mut visit) };
    total
}

/// Where the first item that equals the value is, in C order; `None` if there is none.
/// `memoryview.index` of CPython 3.14.
///
/// # Safety
///
/// As [`count_raw`].
#[must_use]
pub unsafe fn index_raw(buf: *const u8, layout: &Layout, needle: &Needle) -> Option<usize> {
    if needle.itemsize != layout.itemsize() {
        return None;
    }
    let mut before = 0;
    let mut found = None;
    let mut visit = |count: usize, [items]: [&[u8]; 1]| match needle.position(items, count, true) {
        Some(position) => {
            found = Some(before + position);
            ControlFlow::Break(())
        }
        None => {
            before += count;
            ControlFlow::Continue(())
        }
    };
    // SAFETY: promised by the caller.
    let _ = unsafe { each_block([layout], [buf], Way::InC, &mut visit) };
    found
}

/// Whether every item equals the value; true for a layout without items.
///
/// # Safety
///
/// As [`count_raw`].
#[must_use]
pub unsafe fn is_all_raw(buf: *const u8, layout: &Layout, needle: &Needle) -> bool {
    if needle.itemsize != layout.itemsize() {
        return layout.size() == 0;
    }
    let mut visit = |count: usize, [items]: [&[u8]; 1]| match needle.position(items, count, false) {
        Some(_) => ControlFlow::Break(()),
        None => ControlFlow::Continue(()),
    };
    // SAFETY: promised by the caller.
    unsafe { each_block([layout], [buf], Way::AsItLies, &mut visit) }.is_continue()
}

/// How many of so many bytes are this one. CPython: `bytes.count`.
///
/// # Safety
///
/// `buf` has so many bytes, which are initialized, and which nobody writes during the call.
#[must_use]
pub unsafe fn count_byte_raw(buf: *const u8, bytes: usize, byte: u8) -> usize {
    if bytes == 0 {
        return 0;
    }
    // SAFETY: promised by the caller.
    let bytes = unsafe { core::slice::from_raw_parts(buf, bytes) };
    memchr::memchr_iter(byte, bytes).count()
}

/// The place of the first of so many bytes that is this one. CPython: `bytes.find`.
///
/// # Safety
///
/// As [`count_byte_raw`].
#[must_use]
pub unsafe fn index_byte_raw(buf: *const u8, bytes: usize, byte: u8) -> Option<usize> {
    if bytes == 0 {
        return None;
    }
    // SAFETY: promised by the caller.
    let bytes = unsafe { core::slice::from_raw_parts(buf, bytes) };
    first(byte, bytes)
}

/// The place of the first byte that is this one.
///
/// glibc's own is made for each kind of processor, and what Python's `bytes` use.
#[cfg(all(feature = "std", target_os = "linux", target_env = "gnu"))]
#[inline]
fn first(byte: u8, bytes: &[u8]) -> Option<usize> {
    use core::ffi::{c_int, c_void};
    unsafe extern "C" {
        fn memchr(bytes: *const c_void, byte: c_int, count: usize) -> *const c_void;
    }
    let start = bytes.as_ptr();
    // SAFETY: in bounds, initialized: the bytes of a slice.
    let found = unsafe { memchr(start.cast(), byte.into(), bytes.len()) };
    // NULL, or one of the bytes.
    (!found.is_null()).then(|| found.addr() - start.addr())
}

/// The place of the first byte that is this one.
#[cfg(not(all(feature = "std", target_os = "linux", target_env = "gnu")))]
#[inline]
fn first(byte: u8, bytes: &[u8]) -> Option<usize> {
    memchr::memchr(byte, bytes)
}

impl Needle {
    /// How many of `count` items without gaps equal the value.
    fn count(&self, items: &[u8], count: usize) -> usize {
        match &self.means {
            Means::Nothing => 0,
            Means::Bytes(pattern) => {
                let found = match pattern.as_byte() {
                    Some(byte) => memchr::memchr_iter(byte, items).count(),
                    None => pattern.count(items, count),
                };
                if pattern.negated {
                    count - found
                } else {
                    found
                }
            }
            Means::Value(..) => (0..count).filter(|at| self.is_at(items, *at)).count(),
        }
    }

    /// The first of `count` items without gaps that equals the value, or that does not.
    fn position(&self, items: &[u8], count: usize, equal: bool) -> Option<usize> {
        match &self.means {
            Means::Nothing if equal => None,
            Means::Nothing => (count > 0).then_some(0),
            Means::Bytes(pattern) => {
                let equal = equal != pattern.negated;
                match pattern.as_byte() {
                    Some(byte) if equal => first(byte, items),
                    _ => pattern.position(items, count, equal),
                }
            }
            Means::Value(..) => (0..count).find(|at| self.is_at(items, *at) == equal),
        }
    }

    /// The slow way.
    fn is_at(&self, items: &[u8], at: usize) -> bool {
        let Means::Value(plan, value) = &self.means else {
            return false;
        };
        let item = &items[at * self.itemsize..][..self.itemsize];
        plan.read(item).is_ok_and(|held| equal_values(&held, value))
    }
}

impl Pattern {
    /// The byte, if the items are bytes that are all looked at.
    fn as_byte(&self) -> Option<u8> {
        match (&self.bytes[..], &self.mask[..]) {
            ([byte], [0xff]) => Some(*byte),
            _ => None,
        }
    }

    fn count(&self, items: &[u8], count: usize) -> usize {
        match self.bytes.len() {
            // Items of no bytes have all the bytes there are.
            0 => count,
            1 | 2 | 4 | 8 | 16 => count_sized(items, &self.bytes, &self.mask),
            size => items
                .chunks_exact(size)
                .filter(|item| self.is(item))
                .count(),
        }
    }

    fn position(&self, items: &[u8], count: usize, equal: bool) -> Option<usize> {
        match self.bytes.len() {
            0 => (equal && count > 0).then_some(0),
            1 | 2 | 4 | 8 | 16 => position_sized(items, &self.bytes, &self.mask, equal),
            size => items
                .chunks_exact(size)
                .position(|item| self.is(item) == equal),
        }
    }

    /// Whether an item of any size has the bytes.
    #[inline]
    fn is(&self, item: &[u8]) -> bool {
        let (bytes, byte_rest) = self.bytes.as_chunks::<4>();
        let (mask, mask_rest) = self.mask.as_chunks::<4>();
        let (item, item_rest) = item.as_chunks::<4>();
        let words = item.iter().zip(mask).zip(bytes);
        let rest = item_rest.iter().zip(mask_rest).zip(byte_rest);
        let word = |bytes: &[u8; 4]| u32::from_ne_bytes(*bytes);
        words
            .into_iter()
            .all(|((item, mask), bytes)| word(item) & word(mask) == word(bytes))
            && rest
                .into_iter()
                .all(|((item, mask), byte)| item & mask == *byte)
    }
}

widest! {
    fn count_sized(items: &[u8], bytes: &[u8], mask: &[u8]) -> usize {
        match bytes.len() {
            1 => count_in::<1, _>(items, bytes, mask, u8::from_ne_bytes),
            2 => count_in::<2, _>(items, bytes, mask, u16::from_ne_bytes),
            4 => count_in::<4, _>(items, bytes, mask, u32::from_ne_bytes),
            8 => count_in::<8, _>(items, bytes, mask, u64::from_ne_bytes),
            _ => count_in::<16, _>(items, bytes, mask, u128::from_ne_bytes),
        }
    }

    fn position_sized(items: &[u8], bytes: &[u8], mask: &[u8], equal: bool) -> Option<usize> {
        match bytes.len() {
            1 => position_in::<1, _>(items, bytes, mask, equal, u8::from_ne_bytes),
            2 => position_in::<2, _>(items, bytes, mask, equal, u16::from_ne_bytes),
            4 => position_in::<4, _>(items, bytes, mask, equal, u32::from_ne_bytes),
            8 => position_in::<8, _>(items, bytes, mask, equal, u64::from_ne_bytes),
            _ => position_in::<16, _>(items, bytes, mask, equal, u128::from_ne_bytes),
        }
    }
}

/// A number as wide as an item, to count in without changing the width.
trait Lane: Copy + Eq + core::ops::BitAnd<Output = Self> + core::ops::Add<Output = Self> {
    const ZERO: Self;
    fn one_if(is: bool) -> Self;
    fn counted(self) -> usize;
}

macro_rules! lanes {
    ($($lane:ty)*) => {$(
        impl Lane for $lane {
            const ZERO: Self = 0;
            #[inline(always)]
            fn one_if(is: bool) -> Self {
                Self::from(is)
            }
            #[inline(always)]
            fn counted(self) -> usize {
                self as usize
            }
        }
    )*};
}
lanes!(u8 u16 u32 u64 u128);

/// What is looked for: the numbers of the pattern and the mask, and the items.
#[inline(always)]
fn lanes<'i, const SIZE: usize, L: Lane>(
    items: &'i [u8],
    bytes: &[u8],
    mask: &[u8],
    lane: impl Fn([u8; SIZE]) -> L,
) -> (&'i [[u8; SIZE]], L, L) {
    let first = |bytes: &[u8]| bytes.first_chunk().map_or(L::ZERO, |bytes| lane(*bytes));
    (items.as_chunks().0, first(bytes), first(mask))
}

#[inline(always)]
fn count_in<const SIZE: usize, L: Lane>(
    items: &[u8],
    bytes: &[u8],
    mask: &[u8],
    lane: impl Fn([u8; SIZE]) -> L + Copy,
) -> usize {
    let (items, bytes, mask) = lanes(items, bytes, mask, lane);
    let count = |run: &[[u8; SIZE]]| {
        let found = |item: &[u8; SIZE]| L::one_if(lane(*item) & mask == bytes);
        run.iter()
            .fold(L::ZERO, |count, item| count + found(item))
            .counted()
    };
    // Short enough to be counted in a byte.
    items.chunks(RUN).map(count).sum()
}

#[inline(always)]
fn position_in<const SIZE: usize, L: Lane>(
    items: &[u8],
    bytes: &[u8],
    mask: &[u8],
    equal: bool,
    lane: impl Fn([u8; SIZE]) -> L + Copy,
) -> Option<usize> {
    let (items, bytes, mask) = lanes(items, bytes, mask, lane);
    let found = |item: &[u8; SIZE]| lane(*item) & mask == bytes;
    let some = |items: &[[u8; SIZE]]| {
        let count = items
            .iter()
            .fold(L::ZERO, |count, item| count + L::one_if(found(item)));
        match equal {
            true => count.counted() != 0,
            false => count.counted() != items.len(),
        }
    };
    let run = items.chunks(RUN).position(some)? * RUN;
    let few = items[run..].chunks(FEW).position(some)? * FEW;
    let mut items = items[run + few..].iter();
    let item = items.position(|item| found(item) == equal)?;
    Some(run + few + item)
}

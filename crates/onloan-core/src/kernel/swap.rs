//! The other byte order: copies that turn the bytes of each number around.
//!
//! ```text
//!   <I   │78 56 34 12│        >I   │12 34 56 78│        a complex number is two numbers: unit 8, not 16
//! ```
//!
//! Items that are one number each are turned around on their way, by the loops of every other copy.
//! Those of several numbers are turned around where they lie without gaps, in the innermost cache: block
//! after block is copied, turned around, and moved on if the target has gaps.

use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::ops::ControlFlow;

use super::copy::{CopyError, check, copy_raw, gapless, in_one_order, is_shared, run};
use super::cut::{Cut, Way};
use super::nest::Nest;
use super::order::Axes;
use super::tables::Tables;
use super::vector::widest;
use super::{FROM, TO};
use crate::layout::Layout;

/// The bytes that are copied before they are turned around.
const NEAR: usize = 16 * 1024;

/// The same where the order of axes differs: so many that whole lines of the source are used.
const FAR: usize = 256 * 1024;

/// The numbers whose bytes are turned around.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Of 16 bits.
    Two,
    /// Of 32 bits.
    Four,
    /// Of 64 bits.
    Eight,
    /// Of 128 bits.
    Sixteen,
}

impl Unit {
    /// The unit of that many bytes; `None` for other sizes, and for one byte, which has no order.
    #[must_use]
    pub fn of(bytes: usize) -> Option<Self> {
        match bytes {
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            16 => Some(Self::Sixteen),
            _ => None,
        }
    }

    /// How many bytes it has.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }
}

/// As [`copy_raw`], with the bytes of every `unit` turned around. An item is made of one or more units:
/// a complex number of two, a sub-array of as many as it has elements. NumPy: `ndarray.byteswap`.
///
/// # Errors
///
/// As [`copy_raw`]; [`CopyError::NotOfUnits`] if an item is not made of whole units.
///
/// # Safety
///
/// As [`copy_raw`].
pub unsafe fn copy_swapped_raw(
    to: *mut u8,
    to_layout: &Layout,
    from: *const u8,
    from_layout: &Layout,
    unit: Unit,
) -> Result<(), CopyError> {
    check(to_layout, from_layout)?;
    let (nbytes, itemsize) = (to_layout.nbytes(), to_layout.itemsize());
    let one_number = itemsize == unit.bytes();
    let (swapped, unit) = (unit, unit.bytes());
    if itemsize % unit != 0 {
        return Err(CopyError::NotOfUnits { itemsize, unit });
    }
    if nbytes == 0 {
        return Ok(());
    }
    let tables = Tables::of([to_layout, from_layout]);
    let mut axes = tables.part();
    // SAFETY: `tables`, promised by the caller.
    let shared = unsafe { is_shared(&tables, &axes, [to.cast_const(), from], itemsize) };
    if !shared && one_number {
        let nest = Nest::swapped(axes, swapped);
        // SAFETY: promised by the caller; `apart`: the memory is not shared.
        unsafe { run(&tables, &nest, to, from) };
        return Ok(());
    }
    if !shared && in_one_order([to_layout, from_layout]) {
        let nest = Nest::swapped(Axes::gapless(nbytes / unit, unit), swapped);
        // SAFETY: all items without gaps: promised by the caller; `apart`: the memory is not shared.
        unsafe { nest.run(to, from) };
        return Ok(());
    }
    axes.ascend(TO);
    axes.sort(TO);
    let overlaps_itself = axes.may_overlap_itself(TO, itemsize);
    let same = tables.is_direct() && to.cast_const() == from && to_layout == from_layout;
    if !shared || (same && !overlaps_itself) {
        let way = if overlaps_itself {
            Way::InC
        } else {
            Way::AsItLies
        };
        let alike = axes
            .list
            .is_sorted_by_key(|axis| core::cmp::Reverse(axis.strides[FROM].unsigned_abs()));
        let limit = if alike { NEAR } else { FAR };
        let cut = Cut::of(tables.part(), way, limit / itemsize);
        // SAFETY: promised by the caller; the memory is not shared, or is the same block by block.
        unsafe { swap(&tables, &cut, [to.cast_const(), from], itemsize, unit) };
        return Ok(());
    }
    let no_memory = CopyError::OutOfMemory { nbytes };
    let mut items: Vec<u8> = Vec::new();
    items.try_reserve_exact(nbytes).map_err(|_| no_memory)?;
    let temporary = gapless(to_layout).map_err(|_| no_memory)?;
    // SAFETY: `from`, promised by the caller; `items` are new and reserved.
    unsafe { copy_raw(items.as_mut_ptr(), &temporary, from, from_layout)? };
    // SAFETY: reserved, and all of it written.
    unsafe { items.set_len(nbytes) };
    turn_around(&mut items, unit);
    // SAFETY: `to`, promised by the caller; `items` are not shared.
    unsafe { copy_raw(to, to_layout, items.as_ptr(), &temporary) }
}

/// Copies and turns around, block by block.
///
/// # Safety
///
/// As [`copy_swapped_raw`]; each block of the source is apart from all other blocks of the target, and
/// either apart from its own or the same.
unsafe fn swap(
    tables: &Tables<'_, 2>,
    cut: &Cut<2>,
    bufs: [*const u8; 2],
    itemsize: usize,
    unit: usize,
) {
    let gather = match cut.is_gapless(FROM, itemsize) {
        true => None,
        false => Some(cut.nests(FROM, itemsize, true)),
    };
    let scatter = match cut.is_gapless(TO, itemsize) {
        true => None,
        false => Some(cut.nests(TO, itemsize, false)),
    };
    let mut near: Vec<u8> = Vec::new();
    let mut part = |bufs: [*const u8; 2]| {
        for block in cut.blocks() {
            let [to, from] = [TO, FROM].map(|side| bufs[side].wrapping_offset(block.at[side]));
            let nbytes = block.count * itemsize;
            let which = usize::from(block.is_rest);
            let here = match scatter {
                None => to.cast_mut(),
                Some(_) => {
                    near.clear();
                    near.reserve(nbytes);
                    near.as_mut_ptr()
                }
            };
            let same = here.cast_const() == from;
            match &gather {
                None if same => {}
                None => {
                    // SAFETY: readable: the items of the block, without gaps. writable: those of the
                    // target, or reserved just now. apart: promised by the caller: not the same.
                    unsafe { turn_around_raw(here, from, nbytes, unit) };
                }
                // SAFETY: readable: the items of the block. writable, apart: as above.
                Some(gather) => unsafe { gather[which].run(here, from) },
            }
            if same || gather.is_some() {
                // SAFETY: in bounds, initialized: copied just now, or those of the source, without gaps.
                // unraced, unaliased: promised by the caller, or `near`.
                turn_around(
                    unsafe { core::slice::from_raw_parts_mut(here, nbytes) },
                    unit,
                );
            }
            if let Some(scatter) = &scatter {
                // SAFETY: readable: `near`. writable: the items of the block. apart: `near` is ours.
                unsafe { scatter[which].run(to.cast_mut(), here) };
            }
        }
        ControlFlow::Continue(())
    };
    // SAFETY: `tables`, promised by the caller.
    let _ = unsafe { tables.each(bufs, &mut part) };
}

/// Copies bytes, those of each number turned around.
///
/// # Safety
///
/// `readable`, `writable` and `apart` for `nbytes` bytes.
unsafe fn turn_around_raw(to: *mut u8, from: *const u8, nbytes: usize, unit: usize) {
    // SAFETY: in bounds, initialized: `readable`.
    let from = unsafe { core::slice::from_raw_parts(from, nbytes) };
    // SAFETY: in bounds: `writable`; bytes that need not be initialized. unaliased: `apart`.
    let to = unsafe { core::slice::from_raw_parts_mut(to.cast::<MaybeUninit<u8>>(), nbytes) };
    copy_turned(to, from, unit);
}

widest! {
    fn copy_turned(to: &mut [MaybeUninit<u8>], from: &[u8], unit: usize) {
        match unit {
            2 => between::<2>(to, from),
            4 => between::<4>(to, from),
            8 => between::<8>(to, from),
            _ => between::<16>(to, from),
        }
    }

    /// Turns the bytes of each number around, if numbers of `unit` bytes have an order.
    pub(super) fn turn_around(bytes: &mut [u8], unit: usize) {
        match unit {
            2 => each::<2>(bytes, |unit| u16::from_ne_bytes(unit).swap_bytes().to_ne_bytes()),
            4 => each::<4>(bytes, |unit| u32::from_ne_bytes(unit).swap_bytes().to_ne_bytes()),
            8 => each::<8>(bytes, |unit| u64::from_ne_bytes(unit).swap_bytes().to_ne_bytes()),
            16 => each::<16>(bytes, |unit| u128::from_ne_bytes(unit).swap_bytes().to_ne_bytes()),
            _ => {}
        }
    }
}

#[inline(always)]
fn each<const SIZE: usize>(bytes: &mut [u8], turn: impl Fn([u8; SIZE]) -> [u8; SIZE]) {
    for unit in bytes.as_chunks_mut::<SIZE>().0 {
        *unit = turn(*unit);
    }
}

#[inline(always)]
fn between<const SIZE: usize>(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    let (to, from) = (to.as_chunks_mut::<SIZE>().0, from.as_chunks::<SIZE>().0);
    for (to, from) in to.iter_mut().zip(from) {
        let mut unit = *from;
        unit.reverse();
        *to = unit.map(MaybeUninit::new);
    }
}

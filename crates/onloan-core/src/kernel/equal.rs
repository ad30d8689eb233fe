//! Equality of two arrays by value, whatever their layouts and formats.
//!
//! The two plans are laid side by side once. What is left is a list of pairs: so many bytes here are to be
//! compared with so many there, in one of five ways. Then block after block of items is gone
//! through, pair by pair; most formats are one pair that covers the whole item.
//!
//! ```text
//!   T{<i:a:(2)<f:b:}        a  at 0   integer   ──▶ widened    ──  a  at 0  integer   T{>q:a:(2)<f:b:}
//!   12 bytes                b  at 4   2 floats  ──▶ as floats  ──  b  at 8  2 floats  16 bytes
//! ```
//!
//! # Promises
//!
//! The answer is that of [`equal_values`] for each pair of items, and padding does not count. Shapes
//! are equal up to the first extent of 0, as `memoryview` has it. Python objects (`O`) are never equal:
//! comparing them takes Python. A plan that does not have the item size of its layout makes the arrays
//! unequal, as an unknown format does.

use alloc::vec::Vec;
use core::ops::ControlFlow;
use core::slice;

use smallvec::SmallVec;

use super::blocks::{Way, each_block};
use super::copy::in_one_order;
use super::cut::gathering;
use super::numeric::{self, Number};
use super::order::{Axes, Axis};
use super::pairs::{How, Pair, Pairs};
use super::value::equal_values;
use super::vector::widest;
use crate::format::Plan;
use crate::layout::Layout;

/// Whether two arrays have the same shape and equal items. CPython: `memory_richcompare`.
///
/// # Safety
///
/// The clauses `readable`, `tables` and `unraced` of [the module](super), for both.
#[must_use]
pub unsafe fn equal_raw(
    one: *const u8,
    one_layout: &Layout,
    one_plan: &Plan,
    two: *const u8,
    two_layout: &Layout,
    two_plan: &Plan,
) -> bool {
    let fits = |plan: &Plan, layout: &Layout| plan.size() == layout.itemsize();
    if !fits(one_plan, one_layout) || !fits(two_plan, two_layout) {
        return false;
    }
    if !same_shape(one_layout.shape(), two_layout.shape()) {
        return false;
    }
    if one_layout.size() == 0 {
        return true;
    }
    let number = |plan: &Plan| plan.as_scalar().and_then(Number::of);
    if let (Some(a), Some(b)) = (number(one_plan), number(two_plan))
        && in_one_order([one_layout, two_layout])
    {
        // Nothing has to be laid side by side, nor gathered.
        // SAFETY: in bounds, initialized: the items, without gaps: `readable`. unraced: passed on to the caller.
        let ones = unsafe { slice::from_raw_parts(one, one_layout.nbytes()) };
        // SAFETY: as above.
        let twos = unsafe { slice::from_raw_parts(two, two_layout.nbytes()) };
        let same = one == two && a == b && a.is_integer();
        return same || numeric::all_equal(a, ones, b, twos);
    }
    let Some(pairs) = Pairs::of(one_plan, two_plan) else {
        return false;
    };
    let same = one == two && one_layout == two_layout && one_plan.same_representation(two_plan);
    if same && pairs.are_by_bytes() {
        return true;
    }
    let mask = match &pairs.list[..] {
        [] => None,
        [all] if all.sizes == pairs.sizes => None,
        _ => pairs.mask().map(repeated),
    };
    let mut visit = |count: usize, items: [&[u8]; 2]| {
        let equal = match &mask {
            Some(mask) => same_under(items[0], items[1], mask),
            None => pairs.are_equal(count, items),
        };
        match equal {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    };
    // SAFETY: promised by the caller; the shapes are the same, since no extent is 0.
    unsafe {
        each_block(
            [one_layout, two_layout],
            [one, two],
            Way::AsItLies,
            &mut visit,
        )
    }
    .is_continue()
}

/// Whether as many axes are as long, up to the first of length 0.
fn same_shape(one: &[isize], two: &[isize]) -> bool {
    if one.len() != two.len() {
        return false;
    }
    for (one, two) in one.iter().zip(two) {
        if one != two {
            return false;
        }
        if *one == 0 {
            break;
        }
    }
    true
}

/// The mask of many items, so that it is compared without regard to where an item ends.
fn repeated(mask: SmallVec<[u8; 32]>) -> Vec<u8> {
    const ITEMS: usize = 64;
    const MOST: usize = 4096;
    let items = if mask.len() * ITEMS <= MOST { ITEMS } else { 1 };
    mask.repeat(items)
}

widest! {
    /// Whether all bytes that the mask shows are the same. The mask is for whole items.
    fn same_under(ones: &[u8], twos: &[u8], mask: &[u8]) -> bool {
        let runs = ones.chunks(mask.len()).zip(twos.chunks(mask.len()));
        for (ones, twos) in runs {
            let bytes = ones.iter().zip(twos).zip(mask);
            if bytes.fold(0, |all, ((one, two), mask)| all | ((one ^ two) & mask)) != 0 {
                return false;
            }
        }
        true
    }
}

impl Pairs {
    /// Whether `count` items without gaps are equal to as many others.
    fn are_equal(&self, count: usize, items: [&[u8]; 2]) -> bool {
        self.list
            .iter()
            .all(|pair| pair.is_equal(count, items, self.sizes))
    }
}

impl Pair {
    fn is_equal(&self, count: usize, items: [&[u8]; 2], itemsizes: [usize; 2]) -> bool {
        // Most formats are one pair that is all of the item.
        let whole = self.axes.is_empty() && self.sizes == itemsizes;
        let mut gathered = [SmallVec::<[u8; 256]>::new(), SmallVec::new()];
        let (count, [one, two]) = match whole {
            true => (count, items),
            false => self.columns(count, items, itemsizes, &mut gathered),
        };
        match self.how {
            How::Bytes => one == two,
            How::Numbers([a, b]) => numeric::all_equal(a, one, b, two),
            How::Zero(0, number) => numeric::all_zero(number, one),
            How::Zero(_, number) => numeric::all_zero(number, two),
            How::Values([a, b]) => (0..count).all(|place| {
                let [x, y] = self.sizes;
                match (
                    a.read(&one[place * x..][..x]),
                    b.read(&two[place * y..][..y]),
                ) {
                    (Ok(one), Ok(two)) => equal_values(&one, &two),
                    _ => false,
                }
            }),
        }
    }

    /// The values of both sides, one after the other, and how many there are.
    fn columns<'b>(
        &self,
        count: usize,
        items: [&'b [u8]; 2],
        itemsizes: [usize; 2],
        gathered: &'b mut [SmallVec<[u8; 256]>; 2],
    ) -> (usize, [&'b [u8]; 2]) {
        let mut axes = Axes {
            list: SmallVec::new(),
            start: [0; 2],
        };
        let strides = itemsizes.map(|itemsize| itemsize as isize);
        axes.list.push(Axis {
            extent: count,
            strides,
        });
        axes.list.extend(self.axes.iter().copied());
        axes.list.retain(|axis| axis.extent != 1);
        let count = axes.count();
        let [first, second] = gathered;
        let one = self.column(0, items[0], &axes, count, first);
        let two = self.column(1, items[1], &axes, count, second);
        (count, [one, two])
    }

    /// The values of one side, one after the other.
    fn column<'b>(
        &self,
        side: usize,
        items: &'b [u8],
        axes: &Axes<2>,
        count: usize,
        gathered: &'b mut SmallVec<[u8; 256]>,
    ) -> &'b [u8] {
        let nbytes = count * self.sizes[side];
        let column = match items.get(self.at[side]..) {
            Some(column) if nbytes > 0 => column,
            _ => return &[],
        };
        if axes.is_gapless(side, self.sizes[side]) {
            return column.get(..nbytes).unwrap_or_default();
        }
        gathered.reserve(nbytes);
        let nest = gathering(axes, side, self.sizes[side]);
        // SAFETY:
        // readable: `count` values at the offsets of the plan, which are inside of `count` items.
        // writable: reserved just now. apart: it is ours. unraced: `items` is borrowed.
        unsafe { nest.run(gathered.as_mut_ptr(), column.as_ptr()) };
        // SAFETY: reserved, and written: one value after the other without gaps.
        unsafe { gathered.set_len(nbytes) };
        gathered
    }
}

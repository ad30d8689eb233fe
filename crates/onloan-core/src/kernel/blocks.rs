//! The items of one or two layouts as slices: block after block, without gaps.
//!
//! Most work on items (comparing, counting, hashing, printing) is best done on bytes that lie one after
//! the other. Where they do, they are handed out as they lie, all at once. Where they do not, as many as
//! fit into the cache are copied together first, by the same loops as every other copy.
//!
//! ```text
//!   one   │0│1│2│3│4│5│6│7│         ──▶ │0│1│2│3│   │4│5│6│7│     as it lies
//!   two   │0│░│1│░│2│░│3│░│4│░│…    ──▶ │0│1│2│3│   │4│5│6│7│     gathered
//!                                        visit       visit
//! ```
//!
//! With two layouts both slices always hold the same items. Without an order to keep, the axes are
//! walked as they lie in memory, so that two arrays in Fortran order are two slices and not many columns.

use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::copy::in_one_order;
use super::cut::Cut;
pub(super) use super::cut::Way;
use super::nest::Nest;
use super::tables::Tables;
use crate::layout::Layout;

/// The bytes that are gathered at once: what stays in the second cache, also for two sides.
const GATHERED: usize = 128 * 1024;

/// Called with a number of items and the bytes of these items on each side; a break ends the walk.
pub(super) type Visit<'v, const N: usize> = &'v mut dyn FnMut(usize, [&[u8]; N]) -> ControlFlow<()>;

/// Visits all items, some at a time. Items of no bytes are visited all at once.
///
/// # Safety
///
/// The clauses `readable`, `tables` and `unraced` of [the module](super), for each layout with its
/// `buf`. The layouts have one shape.
pub(super) unsafe fn each_block<const N: usize>(
    layouts: [&Layout; N],
    bufs: [*const u8; N],
    way: Way,
    visit: Visit<'_, N>,
) -> ControlFlow<()> {
    let size = layouts.iter().map(|layout| layout.size()).min();
    if size.is_none_or(|size| size == 0) {
        return ControlFlow::Continue(());
    }
    let itemsizes = layouts.map(Layout::itemsize);
    let largest = itemsizes.iter().copied().max().unwrap_or(0);
    if largest == 0 {
        return visit(size.unwrap_or(0), [&[]; N]);
    }
    let in_order = match way {
        Way::AsItLies => in_one_order(layouts),
        Way::InC => layouts.iter().all(|layout| layout.is_c_contiguous()),
    };
    if in_order {
        let mut slices: [&[u8]; N] = [&[]; N];
        for (slice, (buf, layout)) in slices.iter_mut().zip(bufs.into_iter().zip(layouts)) {
            if layout.nbytes() > 0 {
                // SAFETY: in bounds, initialized: the items, without gaps: `readable`.
                // unraced: passed on to the caller.
                *slice = unsafe { core::slice::from_raw_parts(buf, layout.nbytes()) };
            }
        }
        return visit(size.unwrap_or(0), slices);
    }
    let tables = Tables::of(layouts);
    let mut sides = Sides::of(&tables, itemsizes, largest, way);
    let mut part = |bufs: [*const u8; N]| {
        // SAFETY: a part of the items: passed on to the caller.
        unsafe { sides.each(bufs, visit) }
    };
    // SAFETY: `tables`, passed on to the caller.
    unsafe { tables.each(bufs, &mut part) }
}

/// The blocks of a part, and what is needed to make slices of them.
struct Sides<const N: usize> {
    cut: Cut<N>,
    itemsizes: [usize; N],
    /// How to gather blocks and the rest; `None` for a side that lies without gaps.
    gather: [Option<[Nest; 2]>; N],
    gathered: [Vec<u8>; N],
}

impl<const N: usize> Sides<N> {
    fn of(tables: &Tables<'_, N>, itemsizes: [usize; N], largest: usize, way: Way) -> Self {
        let sides: [usize; N] = core::array::from_fn(|side| side);
        let gapless = |cut: &Cut<N>, side: usize| {
            itemsizes[side] == 0 || cut.is_gapless(side, itemsizes[side])
        };
        // As one block, if nothing has to be gathered for it.
        let whole = Cut::of(tables.part(), way, usize::MAX);
        let cut = if sides.iter().all(|side| gapless(&whole, *side)) {
            whole
        } else {
            Cut::of(tables.part(), way, GATHERED / largest)
        };
        let gather = sides.map(|side| match gapless(&cut, side) {
            true => None,
            false => Some(cut.nests(side, itemsizes[side], true)),
        });
        Self {
            cut,
            itemsizes,
            gather,
            gathered: [const { Vec::new() }; N],
        }
    }

    /// Visits the blocks of one part.
    ///
    /// # Safety
    ///
    /// `readable` and `unraced` for the items of the part that starts at `bufs`.
    unsafe fn each(&mut self, bufs: [*const u8; N], visit: Visit<'_, N>) -> ControlFlow<()> {
        for block in self.cut.blocks() {
            let place = |side: usize| bufs[side].wrapping_offset(block.at[side]);
            let nbytes = self.itemsizes.map(|itemsize| block.count * itemsize);
            for (side, nests) in self.gather.iter().enumerate() {
                let Some(nests) = nests else { continue };
                let gathered = &mut self.gathered[side];
                gathered.clear();
                gathered.reserve(nbytes[side]);
                let to = gathered.as_mut_ptr();
                // SAFETY: readable: items of the part. writable, apart: reserved just now.
                unsafe { nests[usize::from(block.is_rest)].run(to, place(side)) };
                // SAFETY: reserved, and written: one item after the other without gaps.
                unsafe { gathered.set_len(nbytes[side]) };
            }
            let slices = core::array::from_fn(|side| match self.gather[side] {
                Some(_) => self.gathered[side].as_slice(),
                None if nbytes[side] == 0 => &[],
                // SAFETY: in bounds, initialized: items without gaps: `readable`.
                // unraced: passed on to the caller.
                None => unsafe { core::slice::from_raw_parts(place(side), nbytes[side]) },
            });
            visit(block.count, slices)?;
        }
        ControlFlow::Continue(())
    }
}

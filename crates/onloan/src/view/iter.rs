//! Walking over items, a row at a time.
//!
//! ```text
//!   rows    ──▶ ─┬──▶ ─┬──▶                 from row to row: the walk of the layout
//!                │     │
//!   items        └ · · └ · · ·              within a row: one addition an item
//! ```
//!
//! Where all items follow each other at one distance, they are one row.

use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;

use onloan_core::element::AnyBits;
use onloan_core::layout::{Row, Walk};

use super::items::Items;
use super::pointers::Pointers;

/// An iterator over the items of a view, as copies; see [`Items::iter`] and [`Items::rows`].
pub struct Iter<'view, T> {
    places: Places<'view>,
    item: PhantomData<&'view T>,
}

/// The addresses of items.
struct Places<'view> {
    /// Of the next item of the row, or of the pointer to it.
    at: *mut u8,
    /// Items left of this row.
    run: usize,
    /// Items left in all.
    left: usize,
    row: Row,
    /// The rows that follow.
    rows: Option<Box<Walk<'view, Pointers>>>,
}

impl<'view, T: AnyBits> Iter<'view, T> {
    #[inline]
    pub(super) fn over<const NDIM: usize>(items: &'view Items<T, NDIM>) -> Self {
        let left = items.len();
        let places = match items.geometry.line() {
            Some(line) => Places {
                at: items.geometry.base,
                run: left,
                left,
                row: Row {
                    items: left,
                    stride: line.stride,
                    suboffset: None,
                },
                rows: None,
            },
            None => Places {
                at: items.geometry.base,
                run: 0,
                left,
                row: items.layout().row(),
                rows: Some(Box::new(walk(items))),
            },
        };
        Iter {
            places,
            item: PhantomData,
        }
    }

    /// The addresses of the items, in place of the items.
    pub(super) fn places(self) -> impl Iterator<Item = *mut T> + use<'view, T> {
        let mut places = self.places;
        std::iter::from_fn(move || places.next().map(<*mut u8>::cast))
    }
}

fn walk<T: AnyBits, const NDIM: usize>(items: &Items<T, NDIM>) -> Walk<'_, Pointers> {
    // SAFETY: the layout's own walk, over memory that is held for as long as the items are borrowed (`LENT`): assumed of exporters
    // (`exporter-bounds`).
    let pointers = unsafe { Pointers::promised() };
    items.layout().rows(pointers, items.geometry.base)
}

impl Places<'_> {
    #[inline]
    fn next(&mut self) -> Option<*mut u8> {
        if self.run == 0 {
            self.next_row()?;
        }
        self.run -= 1;
        self.left -= 1;
        let place = self.enter(self.at);
        self.at = self.at.wrapping_offset(self.row.stride);
        Some(place)
    }

    #[inline]
    fn next_row(&mut self) -> Option<()> {
        if self.left == 0 {
            return None;
        }
        self.at = self.rows.as_mut()?.next()?;
        self.run = self.row.items;
        Some(())
    }

    #[inline]
    fn enter(&self, at: *mut u8) -> *mut u8 {
        match self.row.suboffset {
            None => at,
            Some(suboffset) => {
                // SAFETY: in bounds, initialized: the pointer in place of an item of a row, assumed of exporters (`exporter-bounds`); held
                // (`LENT`). Alignment is not needed.
                let pointer = unsafe { at.cast::<*mut u8>().read_unaligned() };
                pointer.wrapping_offset(suboffset)
            }
        }
    }
}

/// # Safety
/// `place` is that of an item.
#[inline]
unsafe fn read<T: AnyBits>(place: *mut u8) -> T {
    // SAFETY:
    // in bounds: of an item (granted by the caller) of `size_of::<T>()` bytes (`FITS`): assumed of exporters (`exporter-bounds`).
    // alive: held while the items are borrowed (`LENT`).
    // initialized: assumed of exporters (`exporter-initialized`); any bytes are a `T` (`AnyBits`).
    // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
    unsafe { place.cast::<T>().read_unaligned() }
}

impl<T: AnyBits> Iterator for Iter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let place = self.places.next()?;
        // SAFETY: the walk gives the places of the items.
        Some(unsafe { read(place) })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.places.left, Some(self.places.left))
    }

    /// As by `next`, but a whole row at a time.
    #[inline]
    fn fold<B, F: FnMut(B, T) -> B>(mut self, start: B, mut each: F) -> B {
        let places = &mut self.places;
        let stride = places.row.stride;
        let mut folded = start;
        while places.left > 0 {
            if places.run == 0 && places.next_row().is_none() {
                break;
            }
            let (mut at, run) = (places.at, places.run);
            if places.row.suboffset.is_none() {
                for _ in 0..run {
                    // SAFETY: the places of the items of a row.
                    folded = each(folded, unsafe { read(at) });
                    at = at.wrapping_offset(stride);
                }
            } else {
                for _ in 0..run {
                    // SAFETY: as above.
                    folded = each(folded, unsafe { read(places.enter(at)) });
                    at = at.wrapping_offset(stride);
                }
            }
            places.left -= run;
            places.run = 0;
        }
        folded
    }
}

impl<T: AnyBits> ExactSizeIterator for Iter<'_, T> {}
impl<T: AnyBits> FusedIterator for Iter<'_, T> {}

impl<T: AnyBits> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("left", &self.len())
            .finish_non_exhaustive()
    }
}

/// An iterator over the rows of a view; see [`Items::rows`].
pub struct Rows<'view, T> {
    walk: Walk<'view, Pointers>,
    row: Row,
    item: PhantomData<&'view T>,
}

impl<'view, T: AnyBits> Rows<'view, T> {
    pub(super) fn over<const NDIM: usize>(items: &'view Items<T, NDIM>) -> Self {
        Rows {
            walk: walk(items),
            row: items.layout().row(),
            item: PhantomData,
        }
    }
}

impl<'view, T: AnyBits> Iterator for Rows<'view, T> {
    type Item = Iter<'view, T>;

    fn next(&mut self) -> Option<Iter<'view, T>> {
        let at = self.walk.next()?;
        Some(Iter {
            places: Places {
                at,
                run: self.row.items,
                left: self.row.items,
                row: self.row,
                rows: None,
            },
            item: PhantomData,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.walk.size_hint()
    }
}

impl<T: AnyBits> ExactSizeIterator for Rows<'_, T> {}
impl<T: AnyBits> FusedIterator for Rows<'_, T> {}

impl<T: AnyBits> fmt::Debug for Rows<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("left", &self.len())
            .finish_non_exhaustive()
    }
}

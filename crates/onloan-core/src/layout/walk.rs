//! The one walk over all items of a layout.
//!
//! It turns like an odometer: the fastest axis advances by its stride until its items are used up,
//! then the next axis advances by one and the faster ones start anew from there.
//!
//! ```text
//!   index  0 0 0 → 0 0 1 → 0 0 2 → 0 1 0 → …
//!                                    │ └─ starts anew at the line of the axis before
//!                                    └─── its line advances by one stride
//! ```
//!
//! For each axis the *line* is kept, the address of its present index before any pointer is
//! followed. So a pointer is read once for all items behind it, and without suboffsets a step
//! costs one addition.
//!
//! The walk never touches memory itself. What an address is, and how a pointer is followed, is
//! left to a [`Memory`]; [`Offsets`] is the one for layouts without suboffsets.

use core::iter::FusedIterator;

use smallvec::SmallVec;

use super::{Dims, Layout, Order};

/// How addresses are moved, and pointers followed.
pub trait Memory {
    /// A place in memory.
    type Address: Copy;

    /// The place `bytes` further. Called only for places inside of the layout's extent, if
    /// `address` was.
    fn offset(&mut self, address: Self::Address, bytes: isize) -> Self::Address;

    /// Where the pointer stored at `address` points to. Called only where the layout has an
    /// indirect axis and at least one item.
    fn follow(&mut self, address: Self::Address) -> Self::Address;
}

/// Addresses as bytes from `buf`. Of use without suboffsets: there is nothing to follow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offsets;

impl Memory for Offsets {
    type Address = isize;

    #[inline]
    fn offset(&mut self, address: isize, bytes: isize) -> isize {
        address.wrapping_add(bytes)
    }

    #[inline]
    fn follow(&mut self, address: isize) -> isize {
        address
    }
}

impl Layout {
    /// The bytes from `buf` to each item in the given order; `None` with suboffsets, where that is
    /// no number.
    ///
    /// ```
    /// use onloan_core::layout::{Layout, Order};
    ///
    /// let reversed = Layout::strided(&[2, 2], &[4, -1], 1)?;
    /// let offsets: Vec<isize> = reversed.offsets(Order::C).unwrap().collect();
    /// assert_eq!(offsets, [0, -1, 4, 3]);
    /// # Ok::<(), onloan_core::layout::LayoutError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn offsets(&self, order: Order) -> Option<Walk<'_, Offsets>> {
        if self.is_indirect() {
            None
        } else {
            Some(self.walk(Offsets, 0, order))
        }
    }

    /// The address of each item in the given order, `base` being that of `buf`.
    #[inline]
    pub fn walk<M: Memory>(&self, memory: M, base: M::Address, order: Order) -> Walk<'_, M> {
        Walk::new(self, memory, base, order, self.ndim(), self.size())
    }

    /// The address of the first item of each row, in C order: all axes are walked but the last.
    ///
    /// With [`Layout::row`] a row is found from there. Without axes there is one row of one item;
    /// without items there is no row.
    #[inline]
    pub fn rows<M: Memory>(&self, memory: M, base: M::Address) -> Walk<'_, M> {
        let depth = self.ndim().saturating_sub(1);
        let rows = self.size() / self.row().items.max(1);
        Walk::new(self, memory, base, Order::C, depth, rows)
    }

    /// What the rows that [`Layout::rows`] walks over look like.
    #[inline]
    #[must_use]
    pub fn row(&self) -> Row {
        let last = self.ndim().wrapping_sub(1);
        match (self.shape().get(last), self.strides().get(last)) {
            (Some(extent), Some(stride)) => Row {
                items: extent.unsigned_abs(),
                stride: *stride,
                suboffset: self.suboffset(last),
            },
            _ => Row {
                items: 1,
                stride: 0,
                suboffset: None,
            },
        }
    }

    /// The address of one item, `base` being that of `buf`; `None` where the index is out of
    /// bounds or has not one number for each axis. `PyBuffer_GetPointer`.
    #[inline]
    pub fn address<M: Memory>(
        &self,
        memory: &mut M,
        base: M::Address,
        index: &[usize],
    ) -> Option<M::Address> {
        if index.len() != self.ndim() {
            return None;
        }
        let inside = |(place, extent): (&usize, &isize)| *place < extent.unsigned_abs();
        if self.size() == 0 || !index.iter().zip(self.shape()).all(inside) {
            return None;
        }
        Some(self.address_inside(memory, base, index.iter().map(|place| *place as isize)))
    }

    /// The bytes from `buf` to one item; `None` also with suboffsets.
    #[inline]
    #[must_use]
    pub fn offset(&self, index: &[usize]) -> Option<isize> {
        if self.is_indirect() {
            None
        } else {
            self.address(&mut Offsets, 0, index)
        }
    }

    fn address_inside<M: Memory>(
        &self,
        memory: &mut M,
        base: M::Address,
        index: impl Iterator<Item = isize>,
    ) -> M::Address {
        let mut address = base;
        for (axis, (place, stride)) in index.zip(self.strides()).enumerate() {
            address = memory.offset(address, place.wrapping_mul(*stride));
            address = self.enter(memory, address, axis);
        }
        address
    }

    /// From the line of an axis to where the axes behind it start.
    #[inline]
    fn enter<M: Memory>(&self, memory: &mut M, line: M::Address, axis: usize) -> M::Address {
        match self.suboffset(axis) {
            None => line,
            Some(suboffset) => {
                let pointer = memory.follow(line);
                memory.offset(pointer, suboffset)
            }
        }
    }
}

/// The last axis of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// How many items it has.
    pub items: usize,
    /// The bytes from item to item.
    pub stride: isize,
    /// If it is indirect: what is added to the pointer found in place of each item.
    pub suboffset: Option<isize>,
}

/// An iterator over addresses; see [`Layout::walk`], [`Layout::offsets`], [`Layout::rows`].
#[derive(Clone, Debug)]
pub struct Walk<'l, M: Memory> {
    layout: &'l Layout,
    memory: M,
    base: M::Address,
    /// Addresses not yet given out.
    left: usize,
    /// The line of the fastest axis, and how many of its items are left, this one included.
    line: M::Address,
    run: isize,
    stride: isize,
    fastest: Option<usize>,
    /// Of the fastest axis, if it is indirect.
    suboffset: Option<isize>,
    turning: Turning,
    /// Index and line of each slower axis, slowest first.
    index: Dims,
    lines: SmallVec<[M::Address; 8]>,
}

/// Which axes are the slower ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turning {
    /// The first axis is the slowest.
    FirstSlowest,
    /// The last axis is the slowest: only without suboffsets, where the order does not matter.
    LastSlowest,
    /// The last axis is the slowest, and pointers have to be followed from the first axis on: each
    /// address is made from its index.
    Anew,
}

impl<'l, M: Memory> Walk<'l, M> {
    fn new(
        layout: &'l Layout,
        memory: M,
        base: M::Address,
        order: Order,
        depth: usize,
        left: usize,
    ) -> Self {
        let turning = match order {
            Order::C => Turning::FirstSlowest,
            Order::F if layout.is_indirect() => Turning::Anew,
            Order::F => Turning::LastSlowest,
        };
        let slower = match turning {
            Turning::Anew => depth,
            _ => depth.saturating_sub(1),
        };
        let mut walk = Self {
            layout,
            memory,
            base,
            left,
            line: base,
            run: 1,
            stride: 0,
            fastest: None,
            suboffset: None,
            turning,
            index: Dims::from_elem(0, slower),
            lines: SmallVec::from_elem(base, slower),
        };
        if left == 0 {
            return walk;
        }
        if turning == Turning::Anew {
            walk.make_anew();
        } else {
            if let Some(place) = depth.checked_sub(1) {
                let axis = walk.axis(place);
                walk.fastest = Some(axis);
                walk.stride = layout.strides()[axis];
                walk.suboffset = layout.suboffset(axis);
            }
            walk.start_from(0);
        }
        walk
    }

    /// The axis at a place counted from the slowest.
    fn axis(&self, place: usize) -> usize {
        match self.turning {
            Turning::LastSlowest => self.layout.ndim() - 1 - place,
            _ => place,
        }
    }

    /// Starts the axes from `place` on anew, behind the present index of the one before.
    fn start_from(&mut self, place: usize) {
        let mut start = match place.checked_sub(1) {
            None => self.base,
            Some(before) => self.enter(before),
        };
        for place in place..self.lines.len() {
            self.lines[place] = start;
            start = self.enter(place);
        }
        self.line = start;
        self.run = self.fastest.map_or(1, |axis| self.layout.shape()[axis]);
    }

    fn enter(&mut self, place: usize) -> M::Address {
        let axis = self.axis(place);
        self.layout.enter(&mut self.memory, self.lines[place], axis)
    }

    /// The fastest axis is used up: the next slower one that is not advances.
    fn turn(&mut self) {
        if self.turning == Turning::Anew {
            for (place, extent) in self.index.iter_mut().zip(self.layout.shape()) {
                *place += 1;
                if *place < *extent {
                    break;
                }
                *place = 0;
            }
            self.make_anew();
            return;
        }
        for place in (0..self.index.len()).rev() {
            let axis = self.axis(place);
            self.index[place] += 1;
            if self.index[place] < self.layout.shape()[axis] {
                let line = self.lines[place];
                self.lines[place] = self.memory.offset(line, self.layout.strides()[axis]);
                self.start_from(place + 1);
                return;
            }
            self.index[place] = 0;
        }
    }

    /// From the line of the fastest axis to the address given out.
    #[inline]
    fn arrive(&mut self) -> M::Address {
        match self.suboffset {
            None => self.line,
            Some(suboffset) => {
                let pointer = self.memory.follow(self.line);
                self.memory.offset(pointer, suboffset)
            }
        }
    }

    fn make_anew(&mut self) {
        let index = self.index.iter().copied();
        self.line = self
            .layout
            .address_inside(&mut self.memory, self.base, index);
    }
}

impl<M: Memory> Iterator for Walk<'_, M> {
    type Item = M::Address;

    #[inline]
    fn next(&mut self) -> Option<M::Address> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let address = self.arrive();
        if self.run > 1 {
            self.run -= 1;
            self.line = self.memory.offset(self.line, self.stride);
        } else if self.left > 0 {
            self.turn();
        }
        Some(address)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    /// As by `next`, but a whole run of the fastest axis at a time.
    #[inline]
    fn fold<B, F: FnMut(B, M::Address) -> B>(mut self, start: B, mut each: F) -> B {
        let mut folded = start;
        while self.left > 0 {
            let run = self.left.min(self.run.unsigned_abs());
            self.left -= run;
            folded = each(folded, self.arrive());
            for _ in 1..run {
                self.line = self.memory.offset(self.line, self.stride);
                folded = each(folded, self.arrive());
            }
            if self.left > 0 {
                self.turn();
            }
        }
        folded
    }
}

impl<M: Memory> ExactSizeIterator for Walk<'_, M> {}
impl<M: Memory> FusedIterator for Walk<'_, M> {}

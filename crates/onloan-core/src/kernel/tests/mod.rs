//! The oracle: one index after another, one byte after another, through layouts on real memory with
//! bytes around them that must stay as they are. Every kernel answers to it.

mod copy;
mod equal;
mod find;
mod numbers;
mod shared;
mod swap;
mod text;

use alloc::{boxed::Box, vec, vec::Vec};

use proptest::prelude::*;

pub(crate) use crate::layout::tests::{cases, indices};
use crate::layout::{Layout, Level};

/// Blocks of memory that one layout addresses, and `buf`.
pub(super) struct Real {
    pub(super) layout: Layout,
    pub(super) buf: *mut u8,
    blocks: Vec<(*mut u8, usize)>,
}

impl Real {
    /// Memory for `layout`, filled with bytes that depend on `seed`.
    pub(super) fn new(layout: Layout, seed: u8) -> Self {
        let levels: Vec<Level> = layout.levels().collect();
        let mut real = Self {
            layout,
            buf: core::ptr::null_mut(),
            blocks: vec![],
        };
        real.buf = real.build(&levels, seed);
        real
    }

    /// A block for the first of these levels, and for each pointer in it one of the next.
    fn build(&mut self, levels: &[Level], seed: u8) -> *mut u8 {
        const AROUND: usize = 5;
        let level = &levels[0];
        let length = level.extent.len() + 2 * AROUND;
        let bytes: Vec<u8> = (0..length)
            .map(|at| seed.wrapping_add((at * 7) as u8))
            .collect();
        let block = Box::into_raw(bytes.into_boxed_slice()).cast::<u8>();
        self.blocks.push((block, length));
        let start = block
            .wrapping_add(AROUND)
            .wrapping_offset(-level.extent.start);
        if level.pointers && self.layout.size() > 0 {
            for index in indices(&self.layout.shape()[level.axes.clone()]) {
                let strides = &self.layout.strides()[level.axes.clone()];
                let way = |(at, stride): (&usize, &isize)| *at as isize * stride;
                let entry = start.wrapping_offset(index.iter().zip(strides).map(way).sum());
                let next = self.build(
                    &levels[1..],
                    seed.wrapping_mul(3).wrapping_add(index.len() as u8),
                );
                let pointer = next.wrapping_offset(-levels[1].suboffset);
                // SAFETY: in bounds: a place inside of the extent, for which the block was made.
                unsafe { entry.cast::<*mut u8>().write_unaligned(pointer) };
            }
        }
        start
    }

    /// Where an item lies: the rule of PEP 3118, one axis after another.
    pub(super) fn at(&self, index: &[usize]) -> *mut u8 {
        let mut pointer = self.buf;
        for (axis, (place, stride)) in index.iter().zip(self.layout.strides()).enumerate() {
            pointer = pointer.wrapping_offset(*place as isize * stride);
            if let Some(suboffset) = self.layout.suboffset(axis) {
                // SAFETY: in bounds, initialized: a place of the table that `build` filled.
                let target = unsafe { pointer.cast::<*mut u8>().read_unaligned() };
                pointer = target.wrapping_offset(suboffset);
            }
        }
        pointer
    }

    /// The bytes of every item, in C order.
    pub(super) fn items(&self) -> Vec<Vec<u8>> {
        let item = |index: Vec<usize>| {
            let place = self.at(&index);
            let byte = |at: usize| {
                // SAFETY: in bounds, initialized: an item of a layout for which `build` made memory.
                unsafe { place.wrapping_add(at).read() }
            };
            (0..self.layout.itemsize()).map(byte).collect()
        };
        indices(self.layout.shape()).into_iter().map(item).collect()
    }

    /// Writes the bytes of every item, in C order.
    pub(super) fn write(&self, items: &[Vec<u8>]) {
        for (index, item) in indices(self.layout.shape()).iter().zip(items) {
            let place = self.at(index);
            for (at, byte) in item.iter().enumerate() {
                // SAFETY: in bounds: an item of a layout for which `build` made memory.
                unsafe { place.wrapping_add(at).write(*byte) };
            }
        }
    }

    /// Every byte of every block, and where the block is.
    pub(super) fn bytes(&self) -> Vec<(usize, Vec<u8>)> {
        let copy = |(block, length): &(*mut u8, usize)| {
            let bytes = core::ptr::slice_from_raw_parts(block.cast_const(), *length);
            // SAFETY: in bounds, initialized, unraced: `build` made the block of this length.
            (block.addr(), unsafe { &*bytes }.to_vec())
        };
        self.blocks.iter().map(copy).collect()
    }

    /// Every byte as it is after `items` were written in C order.
    pub(super) fn bytes_after(&self, items: &[Vec<u8>]) -> Vec<(usize, Vec<u8>)> {
        let mut all = self.bytes();
        for (index, item) in indices(self.layout.shape()).iter().zip(items) {
            put(&mut all, self.at(index).addr(), item);
        }
        all
    }
}

/// Writes `item` at an address in one of these blocks.
pub(super) fn put(blocks: &mut [(usize, Vec<u8>)], address: usize, item: &[u8]) {
    let holds =
        |block: &&mut (usize, Vec<u8>)| (block.0..block.0 + block.1.len()).contains(&address);
    let (start, bytes) = blocks
        .iter_mut()
        .find(holds)
        .expect("an address of the layout");
    bytes[address - *start..][..item.len()].copy_from_slice(item);
}

impl Drop for Real {
    fn drop(&mut self) {
        for (block, length) in &self.blocks {
            let block = core::ptr::slice_from_raw_parts_mut(*block, *length);
            // SAFETY: alive, owned: made by `Box::into_raw` in `build`, freed only here.
            drop(unsafe { Box::from_raw(block) });
        }
    }
}

/// How one axis is laid: a suboffset or a negative number, a gap, a direction, a place in the
/// order of axes.
pub(super) type Laid = (isize, isize, isize, u8);

/// A layout whose items, and whose pointers, lie on top of each other only by stride 0.
pub(super) fn laid(shape: &[isize], itemsize: usize, axes: &[Laid]) -> Layout {
    let suboffsets: Vec<isize> = axes.iter().take(shape.len()).map(|axis| axis.0).collect();
    let plain = vec![0; shape.len()];
    let mut strides = plain.clone();
    for level in Layout::indirect(shape, &plain, &suboffsets, itemsize)
        .unwrap()
        .levels()
    {
        let mut step = level.itemsize as isize;
        let mut order: Vec<usize> = level.axes.collect();
        order.sort_by_key(|axis| axes[*axis].3);
        for axis in order.into_iter().rev() {
            let (_, gap, direction, _) = axes[axis];
            step += gap;
            strides[axis] = step * direction;
            step *= shape[axis].max(1);
        }
    }
    Layout::indirect(shape, &strides, &suboffsets, itemsize).unwrap()
}

/// Axes as they occur: mostly direct, without gaps, in C order; up to `gap` bytes between.
pub(super) fn axes(gap: isize) -> impl Strategy<Value = Vec<Laid>> {
    let suboffset = prop_oneof![6 => Just(-1_isize), 1 => 0_isize..20];
    let gap = prop_oneof![3 => Just(0_isize), 1 => 1..=gap];
    let direction = prop_oneof![4 => Just(1_isize), 2 => Just(-1), 1 => Just(0)];
    let order = prop_oneof![2 => Just(0_u8), 1 => any::<u8>()];
    prop::collection::vec((suboffset, gap, direction, order), 5)
}

/// Axes without pointers.
pub(super) fn direct_axes(gap: isize) -> impl Strategy<Value = Vec<Laid>> {
    axes(gap).prop_map(|axes| {
        axes.into_iter()
            .map(|axis| (-1, axis.1, axis.2, axis.3))
            .collect()
    })
}

/// Shapes of few small axes, and of two that are long enough for every inner loop.
pub(super) fn shapes() -> impl Strategy<Value = Vec<isize>> {
    let small = prop_oneof![1 => Just(0_isize), 3 => Just(1), 9 => 2_isize..5];
    let long = prop_oneof![2 => 1_isize..6, 2 => 6_isize..40];
    prop_oneof![
        3 => prop::collection::vec(small, 0..5),
        2 => prop::collection::vec(long, 1..3),
    ]
}

/// Sizes of items, those with loops of their own more often.
pub(super) fn itemsizes() -> impl Strategy<Value = usize> {
    prop_oneof![
        3 => 0_usize..=24,
        4 => prop::sample::select(vec![1_usize, 2, 4, 8, 16]),
        1 => prop::sample::select(vec![32_usize, 65]),
    ]
}

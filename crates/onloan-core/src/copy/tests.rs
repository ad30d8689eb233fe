//! Layouts on real memory, with bytes around them that must stay as they are.

use alloc::{boxed::Box, collections::BTreeMap, vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::layout::Level;

const POINTER: usize = size_of::<*const u8>();

/// Blocks of memory that one layout addresses, and `buf`.
struct Real {
    layout: Layout,
    buf: *mut u8,
    blocks: Vec<(*mut u8, usize)>,
}

impl Real {
    fn new(layout: Layout, seed: u8) -> Self {
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
    fn at(&self, index: &[usize]) -> *mut u8 {
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

    /// Every byte of every block, by address.
    fn bytes(&self) -> BTreeMap<usize, u8> {
        let mut all = BTreeMap::new();
        for (block, length) in &self.blocks {
            for at in 0..*length {
                let byte = block.wrapping_add(at);
                // SAFETY: in bounds, initialized: `build` made the block of this length.
                all.insert(byte.addr(), unsafe { byte.read() });
            }
        }
        all
    }
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

fn indices(shape: &[isize]) -> Vec<Vec<usize>> {
    let Some((first, rest)) = shape.split_first() else {
        return vec![vec![]];
    };
    let tails = indices(rest);
    let places = 0..*first as usize;
    places
        .flat_map(|place| {
            tails
                .iter()
                .map(move |tail| [&[place][..], tail].concat())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// How one axis is laid: a suboffset or a negative number, a gap, a direction, a place in the
/// order of axes.
type Axis = (isize, isize, isize, u8);

/// A layout whose items, and whose pointers, lie on top of each other only by stride 0.
fn laid(shape: &[isize], itemsize: usize, axes: &[Axis]) -> Layout {
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

fn axes() -> impl Strategy<Value = Vec<Axis>> {
    let suboffset = prop_oneof![4 => Just(-1_isize), 1 => 0_isize..20];
    let gap = prop_oneof![3 => Just(0_isize), 1 => 1_isize..9];
    let direction = prop_oneof![4 => Just(1_isize), 2 => Just(-1), 1 => Just(0)];
    let order = prop_oneof![2 => Just(0_u8), 1 => any::<u8>()];
    prop::collection::vec((suboffset, gap, direction, order), 5)
}

/// Copies, and holds every byte of the target against one copy an item in C order.
fn check(to: &Real, from: &Real) -> Result<(), TestCaseError> {
    let mut expected = to.bytes();
    let itemsize = to.layout.itemsize();
    for index in indices(to.layout.shape()) {
        let (to, from) = (to.at(&index), from.at(&index));
        for at in 0..itemsize {
            // SAFETY: in bounds, initialized: an item of a layout for which `build` made memory.
            let byte = unsafe { from.wrapping_add(at).read() };
            prop_assert!(expected.insert(to.addr() + at, byte).is_some());
        }
    }
    // SAFETY: `build` made the memory of both; each has blocks of its own.
    let copied = unsafe { copy_raw(to.buf, &to.layout, from.buf, &from.layout) };
    prop_assert_eq!(copied, Ok(()));
    prop_assert_eq!(to.bytes(), expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_copy_writes_the_items_and_nothing_else(
        shape in prop::collection::vec(prop_oneof![1 => Just(0_isize), 8 => 1_isize..4], 0..5),
        itemsize in 0_usize..10, to in axes(), from in axes(),
    ) {
        let to = Real::new(laid(&shape, itemsize, &to), 1);
        let from = Real::new(laid(&shape, itemsize, &from), 128);
        check(&to, &from)?;
    }

    #[test]
    fn contiguous_layouts_are_copied_in_either_order(
        shape in prop::collection::vec(0_isize..5, 0..5), itemsize in 0_usize..10, orders in 0_u8..4,
    ) {
        let layout = |f: bool| {
            if f { Layout::f_order(&shape, itemsize) } else { Layout::c_order(&shape, itemsize) }
        };
        let to = Real::new(layout(orders & 1 != 0).unwrap(), 1);
        let from = Real::new(layout(orders & 2 != 0).unwrap(), 128);
        check(&to, &from)?;
    }
}

#[test]
fn layouts_that_differ_are_refused_before_anything_is_written() {
    let to = Real::new(Layout::c_order(&[2, 3], 2).unwrap(), 1);
    let before = to.bytes();
    let cases = [
        (Layout::c_order(&[3, 2], 2), CopyError::ShapesDiffer),
        (Layout::c_order(&[6], 2), CopyError::ShapesDiffer),
        (
            Layout::c_order(&[2, 3], 4),
            CopyError::ItemsizesDiffer { to: 2, from: 4 },
        ),
    ];
    for (layout, error) in cases {
        let from = Real::new(layout.unwrap(), 128);
        // SAFETY: `build` made the memory of both; each has blocks of its own.
        let copied = unsafe { copy_raw(to.buf, &to.layout, from.buf, &from.layout) };
        assert_eq!(copied, Err(error));
    }
    assert_eq!(to.bytes(), before);
}

#[test]
fn the_memory_of_these_tests_has_pointers_where_the_layout_says() {
    let layout = Layout::indirect(&[2, 3], &[-(POINTER as isize), 2], &[6, -1], 2).unwrap();
    let real = Real::new(layout, 1);
    assert_eq!(real.blocks.len(), 3);
    assert_ne!(real.at(&[0, 0]), real.at(&[1, 0]));
    assert_eq!(real.at(&[1, 2]).addr() - real.at(&[1, 0]).addr(), 4);
}

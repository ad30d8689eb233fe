//! The oracle: index tuples one by one, addresses as sums in 128 bits. Everything in
//! `crate::layout` answers to it.

mod create;
mod extent;
mod hostile;
mod part;
mod reshape;
mod walk;

use alloc::{vec, vec::Vec};
use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Every index of a shape, the last number counting fastest.
pub(crate) fn indices(shape: &[isize]) -> Vec<Vec<usize>> {
    let Some((first, rest)) = shape.split_first() else {
        return vec![vec![]];
    };
    let mut all = Vec::new();
    for place in 0..*first as usize {
        for mut tail in indices(rest) {
            tail.insert(0, place);
            all.push(tail);
        }
    }
    all
}

/// Every index of a shape, the first number counting fastest.
fn indices_f(shape: &[isize]) -> Vec<Vec<usize>> {
    let reversed: Vec<isize> = shape.iter().rev().copied().collect();
    let mut all = indices(&reversed);
    all.iter_mut().for_each(|index| index.reverse());
    all
}

/// Memory without bytes: each place that is followed leads to a block of its own.
#[derive(Clone, Default, Debug)]
pub(crate) struct Blocks {
    known: HashMap<Place, usize>,
}

/// A block and an offset in it.
pub(crate) type Place = (usize, i128);

impl Blocks {
    fn at(&mut self, layout: &Layout, base: Place, index: &[usize]) -> Place {
        let (mut block, mut offset) = base;
        for axis in 0..layout.ndim() {
            offset += index[axis] as i128 * layout.strides()[axis] as i128;
            let suboffset = layout
                .suboffsets()
                .map_or(-1, |suboffsets| suboffsets[axis]);
            if suboffset >= 0 {
                (block, offset) = (self.block((block, offset)), suboffset as i128);
            }
        }
        (block, offset)
    }

    fn block(&mut self, place: Place) -> usize {
        let next = self.known.len() + 1;
        *self.known.entry(place).or_insert(next)
    }
}

impl Memory for &mut Blocks {
    type Address = Place;

    fn offset(&mut self, (block, offset): Place, bytes: isize) -> Place {
        (block, offset + bytes as i128)
    }

    fn follow(&mut self, place: Place) -> Place {
        (self.block(place), 0)
    }
}

pub(crate) const BUF: Place = (0, 0);

/// Where each item lies, in C order.
fn places(blocks: &mut Blocks, layout: &Layout, base: Place) -> Vec<Place> {
    indices(layout.shape())
        .iter()
        .map(|index| blocks.at(layout, base, index))
        .collect()
}

fn offsets(layout: &Layout) -> Vec<i128> {
    let places = places(&mut Blocks::default(), layout, BUF);
    places.iter().map(|(_, offset)| *offset).collect()
}

/// Extents with many ones and zeros among them.
fn extent() -> impl Strategy<Value = isize> {
    prop_oneof![1 => Just(0_isize), 3 => Just(1_isize), 6 => 2_isize..5]
}

/// Shapes of up to five axes, or up to eleven short ones.
pub(crate) fn shape() -> impl Strategy<Value = Vec<isize>> {
    prop_oneof![
        8 => prop::collection::vec(extent(), 0..6),
        1 => prop::collection::vec(prop_oneof![3 => Just(1_isize), 2 => Just(2)], 6..12),
    ]
}

/// Strides as they occur: contiguous, cut from something larger, permuted, repeated, odd.
fn strides(shape: Vec<isize>, itemsize: usize) -> impl Strategy<Value = (Vec<isize>, Vec<isize>)> {
    let ndim = shape.len();
    let order = prop_oneof![Just(Order::C), Just(Order::F)];
    let orderly = (order, prop::collection::vec(-2_isize..4, ndim), any::<u8>());
    let orderly =
        orderly.prop_map({
            let shape = shape.clone();
            move |(order, steps, kind)| {
                let mut strides = order.strides(&shape, itemsize).to_vec();
                if kind % 3 == 0 {
                    strides
                        .iter_mut()
                        .zip(steps)
                        .for_each(|(stride, step)| *stride *= step);
                } else if kind % 3 == 1 {
                    strides.iter_mut().zip(&shape).zip(steps).for_each(
                        |((stride, extent), step)| {
                            if *extent < 2 {
                                *stride = 7 * step;
                            }
                        },
                    );
                }
                strides
            }
        });
    let odd = prop::collection::vec(-20_isize..20, ndim);
    prop_oneof![3 => orderly, 1 => odd].prop_map(move |strides| (shape.clone(), strides))
}

/// Layouts without suboffsets.
pub(crate) fn direct() -> impl Strategy<Value = Layout> {
    (shape(), prop_oneof![1 => Just(0_usize), 9 => 1_usize..9])
        .prop_flat_map(|(shape, itemsize)| (strides(shape, itemsize), Just(itemsize)))
        .prop_map(|((shape, strides), itemsize)| {
            Layout::strided(&shape, &strides, itemsize).unwrap()
        })
}

/// Layouts with and without suboffsets.
pub(crate) fn any_layout() -> impl Strategy<Value = Layout> {
    let suboffset = prop_oneof![3 => Just(-1_isize), 1 => 0_isize..40];
    direct()
        .prop_flat_map(move |layout| {
            let suboffsets = prop::collection::vec(suboffset.clone(), layout.ndim());
            (Just(layout), suboffsets)
        })
        .prop_map(|(layout, suboffsets)| {
            let (shape, strides) = (layout.shape(), layout.strides());
            Layout::indirect(shape, strides, &suboffsets, layout.itemsize()).unwrap()
        })
}

//! Copies that turn bytes around.

use super::shared::in_one_block;
use super::*;
use crate::kernel::{CopyError, Unit, copy_swapped_raw};

/// The item with the bytes of each unit in the other order.
pub(super) fn turned(item: &[u8], unit: usize) -> Vec<u8> {
    let turn = |unit: &[u8]| unit.iter().rev().copied().collect::<Vec<u8>>();
    item.chunks(unit).flat_map(turn).collect()
}

fn units() -> impl Strategy<Value = (Unit, usize)> {
    let unit = prop::sample::select(vec![Unit::Two, Unit::Four, Unit::Eight, Unit::Sixteen]);
    (unit, prop_oneof![4 => Just(1_usize), 1 => 0_usize..4])
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_swapping_copy_turns_every_unit_around(
        shape in shapes(), unit in units(), to in axes(9), from in axes(9),
    ) {
        let (unit, count) = unit;
        let itemsize = unit.bytes() * count;
        let to = Real::new(laid(&shape, itemsize, &to), 1);
        let from = Real::new(laid(&shape, itemsize, &from), 128);
        let items: Vec<Vec<u8>> =
            from.items().iter().map(|item| turned(item, unit.bytes())).collect();
        let expected = to.bytes_after(&items);
        // SAFETY: `build` made the memory of both; each has blocks of its own.
        let copied =
            unsafe { copy_swapped_raw(to.buf, &to.layout, from.buf, &from.layout, unit) };
        prop_assert_eq!(copied, Ok(()));
        prop_assert_eq!(to.bytes(), expected, "{:?} from {:?}", to.layout, from.layout);
    }

    #[test]
    fn a_swapping_copy_within_one_block_is_as_through_a_temporary(
        shape in shapes(), unit in units(), to in direct_axes(5), from in direct_axes(5),
        alike in prop::bool::weighted(0.7), at in prop_oneof![1 => Just(0_isize), 2 => -60_isize..60],
    ) {
        let (unit, count) = unit;
        let itemsize = unit.bytes() * count;
        let to = laid(&shape, itemsize, &to);
        let from = if alike { to.clone() } else { laid(&shape, itemsize, &from) };
        in_one_block([&to, &from], [0, at], Some(unit))?;
    }
}

#[test]
fn long_arrays_are_turned_around_block_by_block() {
    for (shape, gap) in [([5000], 0), ([5000], 2)] {
        for itemsize in [2, 4, 8, 16] {
            let strides = [itemsize as isize + gap];
            let [to, from] = [1, 128]
                .map(|seed| Real::new(Layout::strided(&shape, &strides, itemsize).unwrap(), seed));
            let turn = |item: &Vec<u8>| turned(item, itemsize);
            let expected = to.bytes_after(&from.items().iter().map(turn).collect::<Vec<_>>());
            let unit = Unit::of(itemsize).unwrap();
            // SAFETY: `build` made the memory of both; each has blocks of its own.
            let copied =
                unsafe { copy_swapped_raw(to.buf, &to.layout, from.buf, &from.layout, unit) };
            assert_eq!(copied, Ok(()));
            assert_eq!(to.bytes(), expected);
        }
    }
}

/// Held against the items turned around one by one.
fn check(to: Layout, from: Layout, unit: Unit) {
    let (to, from) = (Real::new(to, 1), Real::new(from, 128));
    let turn = |item: &Vec<u8>| turned(item, unit.bytes());
    let expected = to.bytes_after(&from.items().iter().map(turn).collect::<Vec<_>>());
    // SAFETY: `build` made the memory of both; each has blocks of its own.
    let copied = unsafe { copy_swapped_raw(to.buf, &to.layout, from.buf, &from.layout, unit) };
    assert_eq!(copied, Ok(()));
    assert!(to.bytes() == expected, "{} from {}", to.layout, from.layout);
}

#[test]
fn every_small_rectangle_is_transposed_and_turned_around() {
    for (bytes, items) in [(2, 1), (4, 1), (8, 1), (16, 1), (4, 2), (8, 2)] {
        let (unit, itemsize) = (Unit::of(bytes).unwrap(), bytes * items);
        for rows in [1, 2, 3, 7, 8, 9, 17] {
            for columns in [1, 2, 4, 5, 8, 16, 19] {
                for direction in [1, -1] {
                    let shape = [rows, columns];
                    let size = itemsize as isize;
                    let strides = [size, rows * size * direction];
                    let from = Layout::strided(&shape, &strides, itemsize).unwrap();
                    check(Layout::c_order(&shape, itemsize).unwrap(), from, unit);
                }
            }
        }
    }
}

#[test]
fn lines_at_every_distance_are_turned_around() {
    for unit in [Unit::Two, Unit::Four, Unit::Eight, Unit::Sixteen] {
        let size = unit.bytes();
        for steps in (-9..10_isize).filter(|steps| *steps != 0) {
            for extra in [0, 1] {
                let far = [steps * (size as isize + extra)];
                for count in [1, 2, 63, 130] {
                    let near = Layout::c_order(&[count], size).unwrap();
                    let far = Layout::strided(&[count], &far, size).unwrap();
                    check(near.clone(), far.clone(), unit);
                    check(far, near, unit);
                }
            }
        }
    }
}

#[test]
fn items_that_are_not_made_of_units_are_refused() {
    let real = Real::new(Layout::vector(3, 6).unwrap(), 1);
    let before = real.bytes();
    let layout = &real.layout;
    // SAFETY: `build` made the memory.
    let copied = unsafe { copy_swapped_raw(real.buf, layout, real.buf, layout, Unit::Four) };
    let refusal = CopyError::NotOfUnits {
        itemsize: 6,
        unit: 4,
    };
    assert_eq!(copied, Err(refusal));
    assert_eq!(real.bytes(), before);
}

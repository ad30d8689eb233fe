//! Copies and fills between memory that is not shared.

use super::*;
use crate::kernel::transpose::{Best, Plain, Register, exchange};
use crate::kernel::{CopyError, copy_changed_raw, copy_raw, fill_raw, gather_raw, scatter_raw};
use crate::layout::Order;

const POINTER: usize = size_of::<*const u8>();

/// Copies, and holds every byte of the target against one copy an item in C order.
fn check(to: &Real, from: &Real) -> Result<(), TestCaseError> {
    let expected = to.bytes_after(&from.items());
    let before = from.bytes();
    // SAFETY: `build` made the memory of both; each has blocks of its own.
    let copied = unsafe { copy_raw(to.buf, &to.layout, from.buf, &from.layout) };
    prop_assert_eq!(copied, Ok(()));
    prop_assert_eq!(
        to.bytes(),
        expected,
        "{:?} from {:?}",
        to.layout,
        from.layout
    );
    prop_assert_eq!(from.bytes(), before);
    Ok(())
}

proptest! {
    #![proptest_config(cases(800))]

    #[test]
    fn a_copy_writes_the_items_and_nothing_else(
        shape in shapes(), itemsize in itemsizes(), to in axes(9), from in axes(9),
    ) {
        let to = Real::new(laid(&shape, itemsize, &to), 1);
        let from = Real::new(laid(&shape, itemsize, &from), 128);
        check(&to, &from)?;
    }

    #[test]
    fn items_are_gathered_and_scattered_as_a_copy_with_a_layout_without_gaps_does(
        shape in shapes(), itemsize in itemsizes(), strided in direct_axes(9), f: bool,
    ) {
        let order = if f { Order::F } else { Order::C };
        let strided = Real::new(laid(&shape, itemsize, &strided), 1);
        let gapless = Real::new(Layout::in_order(&shape, itemsize, order).unwrap(), 128);
        let gathered = gapless.bytes_after(&strided.items());
        let scattered = strided.bytes_after(&gapless.items());
        let strides = strided.layout.strides();
        // SAFETY: `build` made the memory of both; each has blocks of its own.
        let copied = unsafe {
            scatter_raw(strided.buf, &shape, strides, itemsize, gapless.buf, order)
        };
        prop_assert_eq!(copied, Ok(()));
        prop_assert_eq!(strided.bytes(), scattered, "{:?}", strided.layout);
        let strided = Real::new(strided.layout.clone(), 1);
        // SAFETY: as above.
        let copied = unsafe {
            gather_raw(gapless.buf, order, strided.buf, &shape, strides, itemsize)
        };
        prop_assert_eq!(copied, Ok(()));
        prop_assert_eq!(gapless.bytes(), gathered, "{:?}", strided.layout);
    }

    #[test]
    fn a_fill_writes_one_item_everywhere(shape in shapes(), itemsize in itemsizes(), to in axes(9)) {
        let to = Real::new(laid(&shape, itemsize, &to), 1);
        let item: Vec<u8> = (0..itemsize).map(|at| 100 + at as u8).collect();
        let expected = to.bytes_after(&vec![item.clone(); to.layout.size()]);
        // SAFETY: `build` made the memory.
        let filled = unsafe { fill_raw(to.buf, &to.layout, &item) };
        prop_assert_eq!(filled, Ok(()));
        prop_assert_eq!(to.bytes(), expected, "{:?}", to.layout);
    }

    #[test]
    fn only_what_was_changed_is_written_back(
        shape in shapes(), itemsize in itemsizes(), to in axes(9), changed in any::<u64>(), f: bool,
    ) {
        let order = if f { Order::F } else { Order::C };
        let to = Real::new(laid(&shape, itemsize, &to), 1);
        let before = Real::new(Layout::in_order(&shape, itemsize, order).unwrap(), 128);
        let is_changed = |place: usize| changed.rotate_left(place as u32) & 1 == 1;
        let mut items = before.items();
        for (place, item) in items.iter_mut().enumerate() {
            item.iter_mut().for_each(|byte| *byte ^= u8::from(is_changed(place)));
        }
        let after = Real::new(before.layout.clone(), 0);
        after.write(&items);
        let mut expected = to.bytes();
        // In the order in which the copy is walked: of items on each other the last stays.
        let mut places: Vec<(Vec<usize>, usize)> = indices(&shape).into_iter().zip(0..).collect();
        if f {
            places.sort_by_key(|(index, _)| index.iter().rev().copied().collect::<Vec<_>>());
        }
        for (index, place) in places.iter().filter(|(_, place)| is_changed(*place)) {
            put(&mut expected, to.at(index).addr(), &items[*place]);
        }
        let nbytes = before.layout.nbytes();
        // SAFETY: in bounds, initialized, alive: memory of `after`, without gaps.
        let copy = unsafe { core::slice::from_raw_parts(after.buf, nbytes) };
        // SAFETY: in bounds, initialized, alive: memory of `before`, without gaps.
        let before = unsafe { core::slice::from_raw_parts(before.buf, nbytes) };
        // SAFETY: `build` made the memory.
        unsafe { copy_changed_raw(to.buf, &to.layout, order, copy, before) };
        prop_assert_eq!(to.bytes(), expected);
    }
}

#[test]
fn every_pair_of_steps_along_a_line_is_copied_for_every_size() {
    for itemsize in 1..=24_usize {
        for to_steps in [-3, -1, 1, 2] {
            for from_steps in (-9..=9).chain([100]) {
                for (gap, count) in [(0, 37), (1, 5)] {
                    let layout = |steps: isize| {
                        let stride = steps * itemsize as isize + gap * steps.signum();
                        Layout::strided(&[count], &[stride], itemsize).unwrap()
                    };
                    let to = Real::new(layout(to_steps), 1);
                    let from = Real::new(layout(from_steps), 128);
                    check(&to, &from).unwrap();
                }
            }
        }
    }
}

#[test]
fn every_small_rectangle_is_transposed_for_every_size() {
    for itemsize in [1, 2, 3, 4, 8, 12, 16] {
        for rows in (1..6).chain([7, 8, 9, 15, 16, 17, 33]) {
            for columns in [1, 2, 3, 4, 5, 8, 16, 19, 65] {
                for direction in [1, -1] {
                    let shape = [rows, columns];
                    let size = itemsize as isize;
                    let strides = [size, rows * size * direction];
                    let from = Layout::strided(&shape, &strides, itemsize).unwrap();
                    let from = Real::new(from, 128);
                    let to = Real::new(Layout::c_order(&shape, itemsize).unwrap(), 1);
                    check(&to, &from).unwrap();
                }
            }
        }
    }
}

#[test]
fn rectangles_longer_than_a_tile_are_transposed() {
    for (shape, itemsize) in [
        ([300, 521], 1),
        ([521, 300], 2),
        ([5, 2300], 4),
        ([2300, 5], 12),
    ] {
        let from = Layout::f_order(&shape, itemsize).unwrap();
        let to = Layout::c_order(&shape, itemsize).unwrap();
        check(&Real::new(to, 1), &Real::new(from, 128)).unwrap();
    }
}

#[test]
fn registers_exchange_rows_and_columns_on_every_target() {
    fn check<R: Register, const SIZE: usize, const N: usize>() {
        let square: Vec<u8> = (0..N * 16).map(|at| (at * 7 + at / 16) as u8).collect();
        let rows: [R; N] = core::array::from_fn(|row| {
            // SAFETY: in bounds, initialized: 16 bytes.
            unsafe { R::load(square[16 * row..][..16].as_ptr()) }
        });
        for (column, register) in exchange::<R, SIZE, N>(rows).into_iter().enumerate() {
            let mut stored = [0; 16];
            // SAFETY: in bounds: 16 bytes.
            unsafe { register.store(stored.as_mut_ptr()) };
            for (row, block) in stored.chunks(SIZE).enumerate() {
                assert_eq!(block, &square[16 * row + column * SIZE..][..SIZE]);
            }
        }
    }
    check::<Plain, 1, 16>();
    check::<Plain, 2, 8>();
    check::<Plain, 4, 4>();
    check::<Plain, 8, 2>();
    check::<Best, 1, 16>();
    check::<Best, 2, 8>();
    check::<Best, 4, 4>();
    check::<Best, 8, 2>();
}

#[test]
fn registers_turn_the_bytes_of_blocks_around_on_every_target() {
    fn check<R: Register, const SIZE: usize>() {
        let bytes: [u8; 16] = core::array::from_fn(|at| (at * 7 + 3) as u8);
        // SAFETY: in bounds, initialized: 16 bytes.
        let register = unsafe { R::load(bytes.as_ptr()) };
        let mut stored = [0; 16];
        // SAFETY: in bounds: 16 bytes.
        unsafe { register.swap::<SIZE>().store(stored.as_mut_ptr()) };
        assert_eq!(stored[..], super::swap::turned(&bytes, SIZE));
    }
    check::<Plain, 1>();
    check::<Plain, 2>();
    check::<Plain, 4>();
    check::<Plain, 8>();
    check::<Best, 1>();
    check::<Best, 2>();
    check::<Best, 4>();
    check::<Best, 8>();
}

#[test]
fn contiguous_layouts_are_copied_in_either_order() {
    for shape in [&[][..], &[0], &[3, 1, 2], &[2, 5, 4], &[1, 1], &[4, 0, 2]] {
        for orders in [
            [Order::C, Order::F],
            [Order::F, Order::C],
            [Order::F, Order::F],
        ] {
            let [to, from] = orders.map(|order| Layout::in_order(shape, 6, order).unwrap());
            check(&Real::new(to, 1), &Real::new(from, 128)).unwrap();
        }
    }
}

#[test]
fn of_items_on_each_other_the_last_in_c_order_stays() {
    let shape = [3, 4];
    for strides in [[1, 2], [2, 1], [-1, 2], [3, -1], [0, 1], [1, 0], [0, 0]] {
        let to = Real::new(Layout::strided(&shape, &strides, 3).unwrap(), 1);
        let from = Real::new(Layout::c_order(&shape, 3).unwrap(), 128);
        check(&to, &from).unwrap();
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
    // SAFETY: `build` made the memory.
    let filled = unsafe { fill_raw(to.buf, &to.layout, &[1, 2, 3]) };
    assert_eq!(filled, Err(CopyError::ItemsizesDiffer { to: 2, from: 3 }));
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

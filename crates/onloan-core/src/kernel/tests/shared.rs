//! Copies within one block of memory: as if all items were read before one is written.

use super::swap::turned;
use super::*;
use crate::kernel::{Unit, copy_raw, copy_swapped_raw, gather_raw, scatter_raw};
use crate::layout::Order;

/// Copies between two layouts on one block, `to_at` and `from_at` bytes from its middle.
fn check(layouts: [&Layout; 2], at: [isize; 2]) -> Result<(), TestCaseError> {
    in_one_block(layouts, at, None)
}

/// The same, with the bytes of each unit turned around.
pub(super) fn in_one_block(
    [to, from]: [&Layout; 2],
    [to_at, from_at]: [isize; 2],
    unit: Option<Unit>,
) -> Result<(), TestCaseError> {
    let extents = [to, from].map(|layout| layout.extent().unwrap_or_default());
    let start = (to_at + extents[0].start).min(from_at + extents[1].start);
    let end = (to_at + extents[0].end).max(from_at + extents[1].end);
    const AROUND: isize = 5;
    let mut block: Vec<u8> = (start - AROUND..end + AROUND)
        .map(|at| (at * 7) as u8)
        .collect();
    let place = |at: isize| (at - start + AROUND) as usize;
    let offsets = |layout: &Layout| -> Vec<isize> {
        let way = |index: Vec<usize>| layout.offset(&index).unwrap();
        indices(layout.shape()).into_iter().map(way).collect()
    };
    let before = block.clone();
    let mut expected = block.clone();
    for (to_offset, from_offset) in offsets(to).into_iter().zip(offsets(from)) {
        let item = &before[place(from_at + from_offset)..][..to.itemsize()];
        let item = unit.map_or(item.to_vec(), |unit| turned(item, unit.bytes()));
        expected[place(to_at + to_offset)..][..item.len()].copy_from_slice(&item);
    }
    let base = block.as_mut_ptr();
    let [to_buf, from_buf] = [to_at, from_at].map(|at| base.wrapping_add(place(at)));
    let copied = match unit {
        // SAFETY: in bounds: the block was made for both extents.
        None => unsafe { copy_raw(to_buf, to, from_buf, from) },
        // SAFETY: in bounds: the block was made for both extents.
        Some(unit) => unsafe { copy_swapped_raw(to_buf, to, from_buf, from, unit) },
    };
    prop_assert_eq!(copied, Ok(()));
    prop_assert_eq!(
        block,
        expected,
        "{:?} at {} from {:?} at {}",
        to,
        to_at,
        from,
        from_at
    );
    Ok(())
}

proptest! {
    #![proptest_config(cases(1200))]

    #[test]
    fn a_copy_within_one_block_is_as_through_a_temporary(
        shape in shapes(), itemsize in itemsizes(), to in direct_axes(5), from in direct_axes(5),
        alike in prop::bool::weighted(0.6), at in -60_isize..60,
    ) {
        let to = laid(&shape, itemsize, &to);
        let from = if alike { to.clone() } else { laid(&shape, itemsize, &from) };
        check([&to, &from], [0, at])?;
    }
}

#[test]
fn items_are_moved_by_every_distance_at_every_stride() {
    for itemsize in [1, 2, 3, 4, 8, 16] {
        for stride in [-17, -1, 1, 2, 3, 16, 20] {
            let layout = Layout::strided(&[23], &[stride], itemsize).unwrap();
            for distance in -50..50 {
                check([&layout, &layout], [0, distance]).unwrap();
            }
        }
    }
}

#[test]
fn items_are_gathered_from_and_scattered_to_the_memory_that_is_written() {
    let shape = [4, 5];
    for order in [Order::C, Order::F] {
        for strides in [[10, 2], [-10, 2], [2, 8], [16, -3]] {
            let strided = Layout::strided(&shape, &strides, 2).unwrap();
            let gapless = Layout::in_order(&shape, 2, order).unwrap();
            for distance in -20..20 {
                let sides = |to: &Layout, from: &Layout, gathers: bool| {
                    let mut block: Vec<u8> = (0..200).collect();
                    let mut expected = block.clone();
                    let [to_at, from_at] = [100, 100 + distance];
                    for index in indices(&shape) {
                        let [to, from] = [(to, to_at), (from, from_at)]
                            .map(|(layout, at)| (at + layout.offset(&index).unwrap()) as usize);
                        expected[to..to + 2].copy_from_slice(&block[from..from + 2]);
                    }
                    let base = block.as_mut_ptr();
                    let [to, from] = [to_at, from_at].map(|at| base.wrapping_offset(at));
                    let copied = match gathers {
                        // SAFETY: in bounds: at most 63 bytes from the middle of the block.
                        true => unsafe { gather_raw(to, order, from, &shape, &strides, 2) },
                        // SAFETY: as above.
                        false => unsafe { scatter_raw(to, &shape, &strides, 2, from, order) },
                    };
                    assert_eq!(copied, Ok(()));
                    assert_eq!(
                        block, expected,
                        "{order:?} {strides:?} {distance} {gathers}"
                    );
                };
                sides(&gapless, &strided, true);
                sides(&strided, &gapless, false);
            }
        }
    }
}

#[test]
fn a_block_is_reversed_and_transposed_in_place() {
    let line = Layout::vector(40, 2).unwrap();
    let reversed = Layout::strided(&[40], &[-2], 2).unwrap();
    check([&line, &reversed], [0, 78]).unwrap();
    let square = Layout::c_order(&[20, 20], 1).unwrap();
    check([&square, &square.transpose().unwrap()], [0, 0]).unwrap();
}

#[test]
fn rows_behind_pointers_are_moved_within_the_rows() {
    let pointer = size_of::<*const u8>() as isize;
    for distance in [-2_isize, 0, 3] {
        let rows = Layout::indirect(&[3, 8], &[pointer, 1], &[4, -1], 1).unwrap();
        let wide = Layout::indirect(&[3, 20], &[pointer, 1], &[0, -1], 1).unwrap();
        let memory = Real::new(wide.clone(), 3);
        let moved = Layout::indirect(&[3, 8], &[pointer, 1], &[4 + distance, -1], 1).unwrap();
        let before = memory.items();
        // SAFETY: `build` made the memory, in which both are parts of `wide`.
        let copied = unsafe { copy_raw(memory.buf, &rows, memory.buf, &moved) };
        assert_eq!(copied, Ok(()));
        let mut expected = before.clone();
        for row in 0..3 {
            for at in 0..8 {
                let place: usize = row * 20 + 4 + at;
                expected[place] = before[place.wrapping_add_signed(distance)].clone();
            }
        }
        assert_eq!(memory.items(), expected, "{distance}");
    }
}

#[test]
fn a_row_behind_a_pointer_may_be_the_memory_that_is_written() {
    let pointer = size_of::<*const u8>() as isize;
    let mut block: Vec<u8> = (0..30).collect();
    let base = block.as_mut_ptr();
    let table = [base.wrapping_add(11), base.wrapping_add(3)];
    let rows = Layout::indirect(&[2, 8], &[pointer, 1], &[1, -1], 1).unwrap();
    let plain = Layout::c_order(&[2, 8], 1).unwrap();
    // SAFETY: in bounds: 16 bytes from 5 on, and 8 each from 12 and 4 on, of 30; the table is apart.
    let copied = unsafe { copy_raw(base.wrapping_add(5), &plain, table.as_ptr().cast(), &rows) };
    assert_eq!(copied, Ok(()));
    let expected: Vec<u8> = (0..5).chain(12..20).chain(4..12).chain(21..30).collect();
    assert_eq!(block, expected);
}

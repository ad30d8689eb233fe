use super::*;

#[test]
fn a_layout_without_axes_has_one_item() {
    let scalar = Layout::scalar(4).unwrap();
    for order in [Order::C, Order::F] {
        let all: Vec<isize> = scalar.offsets(order).unwrap().collect();
        assert_eq!(all, [0]);
    }
    assert_eq!(scalar.rows(Offsets, 0).collect::<Vec<_>>(), [0]);
    assert_eq!(
        scalar.row(),
        Row {
            items: 1,
            stride: 0,
            suboffset: None
        }
    );
    assert_eq!(scalar.offset(&[]), Some(0));
}

#[test]
fn a_pointer_is_followed_once_for_all_items_behind_it() {
    struct Counting(usize);
    impl Memory for &mut Counting {
        type Address = isize;
        fn offset(&mut self, address: isize, bytes: isize) -> isize {
            address + bytes
        }
        fn follow(&mut self, address: isize) -> isize {
            self.0 += 1;
            address
        }
    }
    let layout = Layout::indirect(&[3, 50, 2], &[8, 2, 1], &[0, -1, -1], 1).unwrap();
    let mut followed = Counting(0);
    assert_eq!(layout.walk(&mut followed, 0, Order::C).count(), 300);
    assert_eq!(followed.0, 3);
}

#[test]
fn an_index_out_of_bounds_has_no_address() {
    let layout = Layout::c_order(&[2, 3], 4).unwrap();
    assert_eq!(layout.offset(&[1, 2]), Some(20));
    for index in [&[2, 0][..], &[0, 3], &[0], &[0, 0, 0], &[usize::MAX, 0]] {
        assert_eq!(layout.offset(index), None, "{index:?}");
    }
    assert_eq!(Layout::c_order(&[0, 3], 4).unwrap().offset(&[0, 0]), None);
    assert_eq!(
        Layout::indirect(&[1], &[8], &[0], 1).unwrap().offset(&[0]),
        None
    );
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn the_walk_meets_every_item_once_in_order(layout in any_layout()) {
        for (order, all) in
            [(Order::C, indices(layout.shape())), (Order::F, indices_f(layout.shape()))]
        {
            let mut blocks = Blocks::default();
            let expected: Vec<Place> =
                all.iter().map(|index| blocks.at(&layout, BUF, index)).collect();
            let mut walk = layout.walk(&mut blocks, BUF, order);
            let mut left = expected.len();
            for place in &expected {
                prop_assert_eq!(walk.len(), left);
                prop_assert_eq!(walk.next(), Some(*place));
                left -= 1;
            }
            prop_assert_eq!(walk.next(), None);
            prop_assert_eq!(walk.next(), None);
        }
    }

    #[test]
    fn the_rest_of_a_walk_can_be_folded(layout in any_layout(), taken in 0_usize..20) {
        for order in [Order::C, Order::F] {
            let mut blocks = Blocks::default();
            let expected: Vec<Place> = layout.walk(&mut blocks, BUF, order).collect();
            let mut walk = layout.walk(&mut blocks, BUF, order);
            let mut found: Vec<Place> = walk.by_ref().take(taken).collect();
            walk.for_each(|place| found.push(place));
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn offsets_are_the_walk_without_memory(layout in any_layout()) {
        let walked = layout.offsets(Order::C).map(|walk| walk.map(|at| at as i128).collect());
        let expected = if layout.is_indirect() { None } else { Some(offsets(&layout)) };
        prop_assert_eq!(walked, expected);
    }

    #[test]
    fn rows_and_the_row_in_each_give_every_item_in_c_order(layout in any_layout()) {
        let mut blocks = Blocks::default();
        let expected = places(&mut blocks, &layout, BUF);
        let row = layout.row();
        let starts: Vec<Place> = layout.rows(&mut blocks, BUF).collect();
        let mut found = Vec::new();
        for start in starts {
            for item in 0..row.items {
                let line = (start.0, start.1 + item as i128 * row.stride as i128);
                found.push(match row.suboffset {
                    None => line,
                    Some(suboffset) => (blocks.block(line), suboffset as i128),
                });
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn one_item_lies_where_the_oracle_says(layout in any_layout()) {
        let mut blocks = Blocks::default();
        for index in indices(layout.shape()) {
            let expected = blocks.at(&layout, BUF, &index);
            let found = layout.address(&mut &mut blocks, BUF, &index);
            prop_assert_eq!(found, Some(expected));
        }
    }
}

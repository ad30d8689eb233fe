use super::*;

/// Strides that put the items at these offsets, if there are any: one step along each axis tells.
fn linear(shape: &[isize], order: Order, offsets: &[i128]) -> bool {
    let all = if order == Order::C {
        indices(shape)
    } else {
        indices_f(shape)
    };
    let at = |wanted: &[usize]| offsets[all.iter().position(|index| index == wanted).unwrap()];
    let step = |axis: usize| {
        let mut one = vec![0; shape.len()];
        one[axis] = 1;
        if shape[axis] > 1 { at(&one) } else { 0 }
    };
    let steps: Vec<i128> = (0..shape.len()).map(step).collect();
    all.iter().zip(offsets).all(|(index, offset)| {
        let sum: i128 = index
            .iter()
            .zip(&steps)
            .map(|(place, step)| *place as i128 * step)
            .sum();
        sum == *offset
    })
}

fn in_order(layout: &Layout, order: Order) -> Vec<i128> {
    layout
        .offsets(order)
        .unwrap()
        .map(|offset| offset as i128)
        .collect()
}

/// A few shapes with the same number of items, some with ones.
fn other_shapes(items: isize) -> Vec<Vec<isize>> {
    let mut shapes = vec![vec![items], vec![1, items], vec![items, 1, 1]];
    for first in 1..=items.max(1) {
        if items > 0 && items % first == 0 {
            shapes.push(vec![first, items / first]);
            shapes.push(vec![1, first, 1, items / first]);
            for second in (2..=items / first).filter(|second| items / first % second == 0) {
                shapes.push(vec![second, first, items / first / second]);
            }
        }
    }
    if items == 1 {
        shapes.push(vec![]);
    }
    shapes
}

#[test]
fn a_new_shape_needs_the_same_number_of_items() {
    let layout = Layout::vector(6, 1).unwrap();
    let refused = |shape: &[isize]| layout.reshape(shape, Order::C).unwrap_err();
    assert_eq!(
        refused(&[4]),
        LayoutError::ItemsDiffer {
            items: 6,
            wanted: Some(4)
        }
    );
    let huge = [isize::MAX, isize::MAX];
    assert_eq!(
        refused(&huge),
        LayoutError::ItemsDiffer {
            items: 6,
            wanted: None
        }
    );
    assert_eq!(
        refused(&[-6, -1]),
        LayoutError::NegativeExtent {
            axis: 0,
            extent: -6
        }
    );
    let empty = Layout::c_order(&[0, 3], 1).unwrap();
    assert_eq!(
        empty.reshape(&[5, 0], Order::F),
        Layout::f_order(&[5, 0], 1)
    );
}

#[test]
fn axes_move_only_within_their_level() {
    let layout = Layout::indirect(&[2, 3, 4, 5], &[24, 8, 5, 1], &[-1, 0, -1, -1], 1).unwrap();
    let moved = layout.permute(&[1, 0, 3, 2]).unwrap();
    assert_eq!(
        (moved.shape(), moved.strides()),
        (&[3, 2, 5, 4][..], &[8, 24, 1, 5][..])
    );
    assert_eq!(moved.suboffsets(), layout.suboffsets());
    assert_eq!(
        layout.permute(&[0, 2, 1, 3]),
        Err(LayoutError::CrossesPointer { axis: 2 })
    );
    assert_eq!(
        layout.transpose(),
        Err(LayoutError::CrossesPointer { axis: 3 })
    );
    assert_eq!(
        layout.permute(&[0, 0, 1, 2]),
        Err(LayoutError::AxisTwice { axis: 0 })
    );
    assert_eq!(layout.permute(&[0]).unwrap_err().code(), "length-mismatch");
    let out = layout.permute(&[0, 1, 2, 4]);
    assert_eq!(out, Err(LayoutError::NoSuchAxis { axis: 4, ndim: 4 }));
}

#[test]
fn what_cannot_be_broadcast_is_refused_by_axis_and_number() {
    let layout = Layout::c_order(&[3, 1], 2).unwrap();
    let wide = layout.broadcast_to(&[5, 3, 4]).unwrap();
    assert_eq!((wide.strides(), wide.nbytes()), (&[0, 2, 0][..], 120));
    let error = LayoutError::CannotBroadcast {
        axis: 0,
        extent: 3,
        wanted: 2,
    };
    assert_eq!(layout.broadcast_to(&[2, 4]), Err(error));
    assert_eq!(
        layout.broadcast_to(&[3]).unwrap_err().code(),
        "cannot-broadcast"
    );
    let many = [1 << 40, 1 << 40, 3, 1];
    assert_eq!(
        layout.broadcast_to(&many),
        Err(LayoutError::TooLarge { itemsize: 2 })
    );
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_reshaped_layout_has_the_same_items_in_order_or_no_strides_have(layout in direct()) {
        if layout.size() > 64 {
            return Ok(());
        }
        for order in [Order::C, Order::F] {
            let items = in_order(&layout, order);
            for shape in other_shapes(layout.size() as isize) {
                match layout.reshape(&shape, order) {
                    Ok(other) => {
                        prop_assert_eq!(other.shape(), &shape);
                        prop_assert_eq!(in_order(&other, order), items.clone());
                    }
                    Err(LayoutError::NeedsCopy) => {
                        prop_assert!(!linear(&shape, order, &items), "{:?} {:?}", shape, order);
                    }
                    Err(error) => return Err(TestCaseError::fail(std::format!("{error}"))),
                }
            }
        }
    }

    #[test]
    fn a_permuted_layout_has_each_item_at_the_permuted_index(
        layout in any_layout(), keys in prop::collection::vec(any::<u8>(), 12),
    ) {
        let mut axes: Vec<usize> = (0..layout.ndim()).collect();
        axes.sort_by_key(|axis| keys[*axis]);
        let Ok(moved) = layout.permute(&axes) else {
            prop_assert!(layout.is_indirect());
            return Ok(());
        };
        let mut blocks = Blocks::default();
        for index in indices(layout.shape()) {
            let permuted: Vec<usize> = axes.iter().map(|axis| index[*axis]).collect();
            let expected = blocks.at(&layout, BUF, &index);
            prop_assert_eq!(blocks.at(&moved, BUF, &permuted), expected);
        }
    }

    #[test]
    fn transposing_twice_changes_nothing(layout in direct()) {
        prop_assert_eq!(layout.transpose().unwrap().transpose().unwrap(), layout);
    }

    #[test]
    fn a_broadcast_layout_repeats_the_items(
        layout in any_layout(),
        added in prop::collection::vec(0_isize..3, 0..2),
        extents in prop::collection::vec(0_isize..4, 12),
    ) {
        let grown = layout.shape().iter().zip(extents).map(|(extent, wanted)| {
            if *extent == 1 { wanted } else { *extent }
        });
        let shape: Vec<isize> = added.iter().copied().chain(grown).collect();
        let wide = layout.broadcast_to(&shape).unwrap();
        let mut blocks = Blocks::default();
        for index in indices(&shape) {
            let old: Vec<usize> = index[added.len()..]
                .iter()
                .zip(layout.shape())
                .map(|(place, extent)| if *extent == 1 { 0 } else { *place })
                .collect();
            let expected = blocks.at(&layout, BUF, &old);
            prop_assert_eq!(blocks.at(&wide, BUF, &index), expected);
        }
    }
}

use super::*;

#[test]
fn a_reversed_layout_starts_at_its_last_item() {
    let reversed = Layout::strided(&[4], &[-3], 2).unwrap();
    assert_eq!(reversed.extent(), Some(Extent { start: -9, end: 2 }));
    assert_eq!(reversed.extent().unwrap().len(), 11);
}

#[test]
fn each_level_of_an_indirect_layout_has_its_own_extent() {
    let pointer = size_of::<*const u8>();
    let layout = Layout::indirect(&[2, 3, 4], &[24, -8, 2], &[-1, 6, -1], 2).unwrap();
    let levels: Vec<Level> = layout.levels().collect();
    let table = Level {
        axes: 0..2,
        suboffset: 0,
        pointers: true,
        itemsize: pointer,
        extent: Extent {
            start: -16,
            end: 24 + pointer as isize,
        },
    };
    let rows = Level {
        axes: 2..3,
        suboffset: 6,
        pointers: false,
        itemsize: 2,
        extent: Extent { start: 0, end: 8 },
    };
    assert_eq!(levels, [table, rows]);
    assert_eq!(layout.extent().unwrap(), levels[0].extent);
}

#[test]
fn a_pointer_for_each_item_leaves_a_level_without_axes() {
    let layout = Layout::indirect(&[3], &[8], &[5], 2).unwrap();
    let levels: Vec<Level> = layout.levels().collect();
    assert_eq!(levels.len(), 2);
    assert_eq!((levels[1].axes.clone(), levels[1].suboffset), (1..1, 5));
    assert_eq!(levels[1].extent, Extent { start: 0, end: 2 });
}

/// The bounds of `verify_structure`, which looks at every item here.
fn inside(layout: &Layout, region: usize, offset: isize) -> bool {
    let bytes = layout.itemsize() as i128;
    let inside = |at: i128, bytes: i128| 0 <= at && at + bytes <= region as i128;
    inside(offset as i128, 0)
        && offsets(layout)
            .iter()
            .all(|at| inside(offset as i128 + *at, bytes))
}

#[test]
fn no_items_fit_anywhere_up_to_the_end_of_the_region() {
    let empty = Layout::c_order(&[3, 0], 8).unwrap();
    assert!(empty.fits(16, 0).is_ok() && empty.fits(16, 16).is_ok() && empty.fits(0, 0).is_ok());
    assert!(empty.fits(16, 17).is_err() && empty.fits(16, -1).is_err());
    let error = Layout::vector(3, 4).unwrap().fits(16, 8).unwrap_err();
    assert_eq!(
        error,
        LayoutError::OutsideRegion {
            start: 8,
            end: 20,
            region: 16
        }
    );
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn the_extent_runs_from_the_lowest_byte_to_the_highest(layout in direct()) {
        let all = offsets(&layout);
        let expected = all.iter().min().zip(all.iter().max()).map(|(low, high)| Extent {
            start: *low as isize,
            end: (*high + layout.itemsize() as i128) as isize,
        });
        prop_assert_eq!(layout.extent(), expected);
        prop_assert_eq!(layout.levels().count(), 1);
    }

    #[test]
    fn a_layout_fits_where_every_item_does(
        layout in direct(), region in 0_usize..200, offset in -20_isize..200,
    ) {
        prop_assert_eq!(layout.fits(region, offset).is_ok(), inside(&layout, region, offset));
    }

    #[test]
    fn levels_cover_the_axes_in_order(layout in any_layout()) {
        let mut next = 0;
        for level in layout.levels() {
            prop_assert_eq!(level.axes.start, next);
            next = level.axes.end;
            let last = next.checked_sub(1).and_then(|last| layout.suboffset(last));
            prop_assert_eq!(level.pointers, last.is_some() && !level.axes.is_empty());
        }
        prop_assert_eq!(next, layout.ndim());
    }
}

use alloc::string::ToString;

use super::*;
use crate::request::Offer;

#[test]
fn contiguous_layouts_have_the_strides_of_their_order() {
    let c = Layout::c_order(&[2, 3, 4], 8).unwrap();
    assert_eq!(
        (c.strides(), c.size(), c.nbytes()),
        (&[96, 32, 8][..], 24, 192)
    );
    let f = Layout::f_order(&[2, 3, 4], 8).unwrap();
    assert_eq!(f.strides(), [8, 16, 48]);
    let scalar = Layout::scalar(8).unwrap();
    assert_eq!((scalar.ndim(), scalar.size(), scalar.nbytes()), (0, 1, 8));
    assert_eq!(
        Layout::vector(5, 2).unwrap(),
        Layout::c_order(&[5], 2).unwrap()
    );
}

#[test]
fn extents_of_zero_are_legal_beside_any_others() {
    let huge = [isize::MAX, isize::MAX, 0, 3];
    for layout in [Layout::c_order(&huge, 8), Layout::f_order(&huge, 8)] {
        let layout = layout.unwrap();
        assert_eq!(
            (layout.size(), layout.nbytes(), layout.extent()),
            (0, 0, None)
        );
        assert!(layout.is_c_contiguous() && layout.is_f_contiguous());
    }
    let odd = Layout::strided(&[0, 3], &[isize::MIN, isize::MAX], 8).unwrap();
    assert_eq!(odd.offsets(Order::C).unwrap().count(), 0);
}

#[test]
fn items_of_no_bytes_are_items() {
    let layout = Layout::c_order(&[2, 3], 0).unwrap();
    assert_eq!((layout.size(), layout.nbytes()), (6, 0));
    assert_eq!(layout.extent(), Some(Extent { start: 0, end: 0 }));
    assert_eq!(layout.offsets(Order::C).unwrap().count(), 6);
    assert!(
        Layout::strided(&[2, 3], &[5, 7], 0)
            .unwrap()
            .is_c_contiguous()
    );
}

#[test]
fn what_does_not_hold_together_is_refused_by_axis_and_number() {
    let refused = |layout: Result<Layout, LayoutError>| {
        let error = layout.unwrap_err();
        (error.code(), error.to_string())
    };
    assert_eq!(
        refused(Layout::c_order(&[1; 65], 1)),
        (
            "too-many-dimensions",
            "65 dimensions, at most 64 are possible".into()
        )
    );
    assert!(Layout::c_order(&[1; 64], 1).is_ok());
    assert_eq!(
        refused(Layout::c_order(&[2, -3], 1)),
        ("negative-extent", "axis 1 has negative extent -3".into())
    );
    assert_eq!(
        refused(Layout::strided(&[2, 3], &[1], 1)),
        (
            "length-mismatch",
            "strides has 1 entries for 2 dimensions".into()
        )
    );
    assert_eq!(
        refused(Layout::indirect(&[2], &[1], &[1, 1], 1)),
        (
            "length-mismatch",
            "suboffsets has 2 entries for 1 dimensions".into()
        )
    );
    for (shape, itemsize) in [
        (&[isize::MAX, 2][..], 1),
        (&[isize::MAX, 2], 0),
        (&[isize::MAX], 2),
        (&[1 << 40, 1 << 40, 1 << 40], 1),
        (&[], usize::MAX),
        (&[0], usize::MAX),
    ] {
        assert_eq!(
            refused(Layout::c_order(shape, itemsize)).0,
            "too-large",
            "{shape:?}"
        );
    }
    assert_eq!(
        Layout::vector(usize::MAX, 0).unwrap_err().code(),
        "too-large"
    );
    assert_eq!(
        Layout::strided(&[2, 3], &[4, isize::MAX / 2], 4).unwrap_err(),
        LayoutError::TooFarApart {
            axis: 1,
            extent: 3,
            stride: isize::MAX / 2
        }
    );
    assert!(Layout::strided(&[2], &[isize::MIN], 0).is_err());
    assert!(Layout::strided(&[2], &[isize::MAX], 0).is_ok());
    assert!(Layout::strided(&[2], &[-isize::MAX], 1).is_err());
    assert!(Layout::strided(&[1], &[isize::MIN], 8).is_ok());
}

#[test]
fn suboffsets_that_are_all_negative_are_none() {
    let layout = Layout::indirect(&[2, 3], &[6, 2], &[-1, -9], 2).unwrap();
    assert_eq!(layout.suboffsets(), None);
    assert_eq!(layout, Layout::c_order(&[2, 3], 2).unwrap());
    let layout = Layout::indirect(&[2, 3], &[8, 2], &[4, -1], 2).unwrap();
    assert_eq!(layout.suboffsets(), Some(&[4, -1][..]));
    assert_eq!(
        (
            layout.suboffset(0),
            layout.suboffset(1),
            layout.suboffset(2)
        ),
        (Some(4), None, None)
    );
}

#[test]
fn a_layout_says_what_it_is() {
    let layout = Layout::indirect(&[2, 3], &[8, -2], &[4, -1], 2).unwrap();
    assert_eq!(
        layout.to_string(),
        "2 × 3 items of 2 bytes, strides 8, -2, suboffsets 4, -1"
    );
    assert_eq!(
        Layout::scalar(8).unwrap().to_string(),
        "one item of 8 bytes"
    );
}

/// `PyBuffer_IsContiguous` as the rules have it.
fn is_contiguous(layout: &Layout, order: Order) -> bool {
    if layout.suboffsets().is_some() {
        return false;
    }
    if layout.nbytes() == 0 || layout.ndim() == 0 {
        return true;
    }
    let mut axes: Vec<usize> = (0..layout.ndim()).collect();
    if order == Order::C {
        axes.reverse();
    }
    let mut sd = layout.itemsize() as i128;
    for axis in axes {
        if layout.shape()[axis] > 1 && layout.strides()[axis] as i128 != sd {
            return false;
        }
        sd *= layout.shape()[axis] as i128;
    }
    true
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn contiguity_is_that_of_pybuffer_iscontiguous(layout in any_layout()) {
        prop_assert_eq!(layout.is_c_contiguous(), is_contiguous(&layout, Order::C));
        prop_assert_eq!(layout.is_f_contiguous(), is_contiguous(&layout, Order::F));
        let any = layout.is_c_contiguous() || layout.is_f_contiguous();
        prop_assert_eq!(layout.is_contiguous(), any);
    }

    #[test]
    fn contiguous_means_that_item_k_lies_at_k_times_itemsize(layout in direct()) {
        let packed: Vec<i128> =
            (0..layout.size()).map(|item| (item * layout.itemsize()) as i128).collect();
        let c = layout.nbytes() == 0 || offsets(&layout) == packed;
        prop_assert_eq!(layout.is_c_contiguous(), c);
        let mut blocks = Blocks::default();
        let walked: Vec<i128> = indices_f(layout.shape())
            .iter()
            .map(|index| blocks.at(&layout, BUF, index).1)
            .collect();
        prop_assert_eq!(layout.is_f_contiguous(), layout.nbytes() == 0 || walked == packed);
    }

    #[test]
    fn canonical_strides_address_the_same_bytes(layout in any_layout()) {
        for order in [Order::C, Order::F] {
            let canonical = layout.canonical(order);
            if layout.is_contiguous_in(order) {
                let (shape, itemsize) = (layout.shape(), layout.itemsize());
                prop_assert_eq!(&canonical, &Layout::in_order(shape, itemsize, order).unwrap());
                if layout.nbytes() > 0 {
                    prop_assert_eq!(offsets(&canonical), offsets(&layout));
                }
            } else {
                prop_assert_eq!(&canonical, &layout);
            }
        }
    }

    #[test]
    fn an_offer_has_the_facts_of_its_layout(layout in any_layout(), readonly: bool) {
        let offer = Offer::of(&layout, readonly);
        prop_assert_eq!(offer.readonly(), readonly);
        prop_assert_eq!(offer.c_contiguous(), layout.is_c_contiguous());
        prop_assert_eq!(offer.f_contiguous(), layout.is_f_contiguous());
        prop_assert_eq!(offer.indirect(), layout.suboffsets().is_some());
    }
}

//! Numbers that no exporter should give: answers or errors, never a panic.

use super::*;

fn number() -> impl Strategy<Value = isize> {
    prop_oneof![
        4 => -3_isize..4,
        2 => any::<isize>(),
        1 => prop::sample::select(vec![isize::MIN, isize::MIN + 1, isize::MAX, isize::MAX - 1]),
        1 => prop::sample::select(vec![1_isize << 31, 1 << 32, -(1 << 32), 1 << 61]),
    ]
}

fn numbers() -> impl Strategy<Value = Vec<isize>> {
    prop::collection::vec(number(), 0..5)
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn no_numbers_make_a_layout_panic(
        shape in numbers(), strides in numbers(), suboffsets in numbers(),
        itemsize in prop_oneof![Just(0_usize), 1_usize..9, any::<usize>()],
        other in numbers(), number in number(), step in number(), axis in 0_usize..6,
    ) {
        let mut found = vec![
            Layout::c_order(&shape, itemsize),
            Layout::f_order(&shape, itemsize),
            Layout::strided(&shape, &strides, itemsize),
            Layout::indirect(&shape, &strides, &suboffsets, itemsize),
        ];
        if let Some(same) = strides.get(..shape.len()) {
            found.push(Layout::strided(&shape, same, itemsize));
            if let Some(subs) = suboffsets.get(..shape.len()) {
                found.push(Layout::indirect(&shape, same, subs, itemsize));
            }
        }
        for layout in found.into_iter().flatten() {
            prop_assert!(layout.nbytes() <= isize::MAX as usize);
            let slice = Slice::new(Some(number), Some(step), Some(number ^ step));
            let parts = [
                layout.index(axis, number),
                layout.slice(axis, slice),
                layout.reverse(axis),
                layout.select(&[Select::Slice(slice), Select::Ellipsis, Select::Index(number)]),
            ];
            for part in parts.into_iter().flatten() {
                let same = part.layout.fits(usize::MAX, isize::MAX / 2).is_ok();
                prop_assert!(same || part.layout.size() > 0);
                prop_assert!(part.layout.fits(itemsize, -1).is_err() || part.layout.size() > 0);
            }
            let _ = layout.permute(&[axis, 0, 1]);
            let _ = layout.transpose();
            let _ = layout.reshape(&other, Order::C);
            let _ = layout.reshape(&[layout.size() as isize], Order::F);
            let _ = layout.broadcast_to(&other);
            for level in layout.levels() {
                prop_assert!(level.extent.len() <= isize::MAX as usize);
            }
            let extent = layout.extent().unwrap_or_default();
            for place in layout.rows(Offsets, 0).take(20) {
                let inside = extent.start <= place && place <= extent.end;
                prop_assert!(layout.is_indirect() || inside, "{} {:?}", place, extent);
            }
            let _ = layout.walk(Offsets, 0, Order::F).take(20).count();
            for order in [Order::C, Order::F] {
                let canonical = layout.canonical(order);
                prop_assert_eq!(canonical.is_contiguous_in(order), layout.is_contiguous_in(order));
            }
        }
    }
}

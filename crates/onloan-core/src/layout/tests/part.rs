use super::*;

/// The indices that a slice takes, from the words of Python's documentation: `i + n*k` for
/// `n = 0, 1, 2, …`, stopping when `j` is reached, negative `i` and `j` counted from the end, and
/// both reduced to `len` or, with negative `k`, to `len - 1`.
fn taken(slice: Slice, len: isize) -> Vec<usize> {
    let (len, k) = (len as i128, slice.step.unwrap_or(1) as i128);
    let reduced = |index: isize| {
        let index = index as i128 + if index < 0 { len } else { 0 };
        if k > 0 {
            index.clamp(0, len)
        } else {
            index.clamp(-1, len - 1)
        }
    };
    let mut at = slice.start.map_or(if k > 0 { 0 } else { len - 1 }, reduced);
    let end = slice.stop.map_or(if k > 0 { len } else { -1 }, reduced);
    let mut all = Vec::new();
    while if k > 0 { at < end } else { at > end } {
        all.push(at as usize);
        at += k;
    }
    all
}

fn bound() -> impl Strategy<Value = Option<isize>> {
    prop_oneof![
        2 => Just(None),
        6 => (-7_isize..8).prop_map(Some),
        1 => prop::sample::select(vec![isize::MIN, isize::MIN + 1, isize::MAX]).prop_map(Some),
    ]
}

fn slice() -> impl Strategy<Value = Slice> {
    let step = bound().prop_filter("a step of zero is another test", |step| *step != Some(0));
    (bound(), bound(), step).prop_map(|(start, stop, step)| Slice { start, stop, step })
}

/// For each axis of the whole, the places that are taken, and whether the axis goes.
type Taken = Vec<(Vec<usize>, bool)>;

/// Where the taken items lie in the whole, in the order of the part.
fn expected(blocks: &mut Blocks, layout: &Layout, taken: &Taken) -> Vec<Place> {
    let shape: Vec<isize> = taken
        .iter()
        .map(|(places, _)| places.len() as isize)
        .collect();
    let pick = |index: Vec<usize>| -> Vec<usize> {
        index
            .iter()
            .zip(taken)
            .map(|(place, (places, _))| places[*place])
            .collect()
    };
    indices(&shape)
        .into_iter()
        .map(|index| blocks.at(layout, BUF, &pick(index)))
        .collect()
}

fn check(layout: &Layout, part: &Part, taken: &Taken) -> Result<(), TestCaseError> {
    let kept = taken
        .iter()
        .filter(|(_, gone)| !gone)
        .map(|(places, _)| places.len() as isize);
    prop_assert_eq!(part.layout.shape(), &kept.collect::<Vec<_>>());
    prop_assert_eq!(part.layout.itemsize(), layout.itemsize());
    let mut blocks = Blocks::default();
    let expected = expected(&mut blocks, layout, taken);
    let start = part.start.walk(&mut &mut blocks, BUF);
    prop_assert_eq!(places(&mut blocks, &part.layout, start), expected);
    if !layout.is_indirect() {
        prop_assert!(part.start.offset().is_some());
        if part.layout.size() == 0 {
            prop_assert_eq!(part.start.offset(), Some(0));
        }
    }
    Ok(())
}

fn whole(layout: &Layout) -> Taken {
    layout
        .shape()
        .iter()
        .map(|extent| ((0..*extent as usize).collect(), false))
        .collect()
}

/// Whether pointers may stand in the way of taking these places.
fn may_be_refused(layout: &Layout, error: LayoutError) -> bool {
    match error {
        LayoutError::NegativeSuboffset { axis, .. } => layout.suboffset(axis).is_some(),
        LayoutError::TwoPointersInARow { axis } => {
            layout.suboffset(axis).is_some()
                && (0..axis).any(|before| layout.suboffset(before).is_some())
        }
        _ => false,
    }
}

#[test]
fn slices_are_those_of_python() {
    // [(s, *s.indices(n)) for …] on CPython, with the count added.
    let cases = [
        ((None, None, None), 5, (0, 1, 5)),
        ((None, None, Some(-1)), 5, (4, -1, 5)),
        ((Some(-3), None, None), 5, (2, 1, 3)),
        ((Some(9), None, Some(-2)), 5, (4, -2, 3)),
        ((Some(-9), Some(9), Some(3)), 5, (0, 3, 2)),
        ((Some(1), Some(1), None), 5, (1, 1, 0)),
        ((None, None, Some(-1)), 0, (-1, -1, 0)),
        (
            (Some(isize::MIN), Some(isize::MAX), Some(isize::MAX)),
            5,
            (0, isize::MAX, 1),
        ),
    ];
    for ((start, stop, step), extent, expected) in cases {
        assert_eq!(
            Slice::new(start, stop, step).indices(extent),
            Some(expected)
        );
    }
    assert_eq!(Slice::new(None, None, Some(0)).indices(5), None);
}

#[test]
fn slicing_behind_a_pointer_moves_the_suboffset() {
    let layout = Layout::indirect(&[2, 6], &[8, 4], &[0, -1], 4).unwrap();
    let part = layout.slice(1, Slice::new(Some(1), None, Some(2))).unwrap();
    assert_eq!(part.layout.suboffsets(), Some(&[4, -1][..]));
    assert_eq!(
        (part.layout.strides(), part.start.offset()),
        (&[8, 8][..], Some(0))
    );
    let back = part.layout.reverse(1).unwrap();
    assert_eq!(back.layout.suboffsets(), Some(&[20, -1][..]));
}

#[test]
fn indexing_an_indirect_axis_leaves_a_pointer_to_follow() {
    let layout = Layout::indirect(&[2, 6], &[8, 4], &[12, -1], 4).unwrap();
    let part = layout.index(0, -1).unwrap();
    assert_eq!(
        (part.layout.suboffsets(), part.start.offset()),
        (None, None)
    );
    let mut blocks = Blocks::default();
    let start = part.start.walk(&mut &mut blocks, BUF);
    assert_eq!(start, (blocks.block((0, 8)), 12));
    let column = layout.index(1, 2).unwrap();
    assert_eq!(column.layout.suboffsets(), Some(&[20][..]));
}

#[test]
fn what_cannot_be_taken_is_refused_by_axis_and_number() {
    let layout = Layout::c_order(&[2, 3], 1).unwrap();
    let index = |at| {
        layout
            .select(&[Select::Index(0), Select::Index(at)])
            .map(|_| ())
    };
    let out = |at| {
        Err(LayoutError::IndexOutOfRange {
            axis: 1,
            index: at,
            extent: 3,
        })
    };
    assert_eq!(
        (index(3), index(-4), index(isize::MIN)),
        (out(3), out(-4), out(isize::MIN))
    );
    assert_eq!(index(-3), Ok(()));
    let zero = Select::Slice(Slice::new(None, None, Some(0)));
    assert_eq!(
        layout.select(&[Select::Index(0), zero]),
        Err(LayoutError::ZeroStep { axis: 1 })
    );
    assert_eq!(
        layout.index(2, 0),
        Err(LayoutError::NoSuchAxis { axis: 2, ndim: 2 })
    );
    let dots = Select::Ellipsis;
    assert_eq!(layout.select(&[dots, dots]), Err(LayoutError::TwoEllipses));
    assert_eq!(
        layout.select(&[dots, Select::Index(0), Select::Index(0), Select::Index(0)]),
        Err(LayoutError::TooManySelectors { found: 3, ndim: 2 })
    );
    let pointers = Layout::indirect(&[2, 3], &[24, 8], &[0, 0], 1).unwrap();
    assert_eq!(
        pointers.index(1, 0),
        Err(LayoutError::TwoPointersInARow { axis: 1 })
    );
    let backwards = Layout::indirect(&[2, 3], &[8, -4], &[4, -1], 4).unwrap();
    let error = LayoutError::NegativeSuboffset {
        axis: 0,
        suboffset: Some(-4),
    };
    assert_eq!(backwards.reverse(1), Err(error));
}

#[test]
fn without_items_no_pointer_is_followed() {
    let layout = Layout::indirect(&[2, 0], &[8, 4], &[0, -1], 4).unwrap();
    assert_eq!(layout.index(0, 1).unwrap().start.offset(), Some(0));
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn slice_indices_are_those_of_the_oracle(slice in slice(), extent in 0_isize..9) {
        let (start, step, count) = slice.indices(extent).unwrap();
        let found: Vec<usize> =
            (0..count).map(|place| (start + place * step) as usize).collect();
        prop_assert_eq!(found, taken(slice, extent));
    }

    #[test]
    fn a_slice_of_an_axis_has_the_items_of_the_slice(
        layout in any_layout(), slice in slice(), axis in 0_usize..6,
    ) {
        if axis >= layout.ndim() {
            return Ok(());
        }
        let mut chosen = whole(&layout);
        chosen[axis].0 = taken(slice, layout.shape()[axis]);
        match layout.slice(axis, slice) {
            Ok(part) => check(&layout, &part, &chosen)?,
            Err(error) => prop_assert!(may_be_refused(&layout, error), "{}", error),
        }
    }

    #[test]
    fn an_index_of_an_axis_has_the_items_at_it(
        layout in any_layout(), place in 0_isize..5, axis in 0_usize..6,
    ) {
        if axis >= layout.ndim() {
            return Ok(());
        }
        let extent = layout.shape()[axis];
        let mut chosen = whole(&layout);
        chosen[axis] = (vec![place as usize], true);
        match layout.index(axis, place) {
            Ok(part) => {
                prop_assert!(place < extent);
                prop_assert_eq!(layout.index(axis, place - extent), Ok(part.clone()));
                check(&layout, &part, &chosen)?;
            }
            Err(LayoutError::IndexOutOfRange { .. }) => prop_assert!(place >= extent),
            Err(error) => prop_assert!(may_be_refused(&layout, error), "{}", error),
        }
    }

    #[test]
    fn a_selection_has_the_items_of_all_its_entries(
        layout in any_layout(),
        entries in prop::collection::vec(prop_oneof![
            (-5_isize..5).prop_map(Select::Index), slice().prop_map(Select::Slice)], 0..5),
        ellipsis in prop::option::of(0_usize..5),
    ) {
        if entries.len() > layout.ndim() {
            return Ok(());
        }
        let split = ellipsis.map_or(entries.len(), |at| at.min(entries.len()));
        let mut chosen = whole(&layout);
        for (position, entry) in entries.iter().enumerate() {
            let axis =
                if position < split { position } else { layout.ndim() - entries.len() + position };
            let extent = layout.shape()[axis];
            match *entry {
                Select::Index(index) if index < -extent || index >= extent => return Ok(()),
                Select::Index(index) => {
                    let place = if index < 0 { index + extent } else { index };
                    chosen[axis] = (vec![place as usize], true);
                }
                Select::Slice(slice) => chosen[axis].0 = taken(slice, extent),
                Select::Ellipsis => {}
            }
        }
        let mut selectors = entries;
        if ellipsis.is_some() {
            selectors.insert(split, Select::Ellipsis);
        }
        match layout.select(&selectors) {
            Ok(part) => check(&layout, &part, &chosen)?,
            Err(error) => prop_assert!(may_be_refused(&layout, error), "{}", error),
        }
    }
}

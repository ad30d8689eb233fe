//! What holds of every picture.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format, vec,
};

use proptest::prelude::*;

use super::*;
use crate::layout::tests::{any_layout, cases, direct, indices};

const ALL: Limits = Limits {
    cells: usize::MAX,
    lines: usize::MAX,
};

/// Where each item is drawn: the offsets of the pointers to follow, then its own.
fn drawn(block: &Block, way: &[isize], all: &mut BTreeMap<String, Vec<isize>>) {
    for line in &block.lines {
        let Line::Strip(strip) = line else { continue };
        for cell in &strip.cells {
            let way = [way, &[cell.offset + block.suboffset]].concat();
            match &cell.content {
                Content::Item { label, .. } => {
                    assert_eq!(
                        all.insert(label.clone(), way),
                        None,
                        "{label} is drawn twice"
                    );
                }
                Content::Pointer { to, .. } => drawn(to, &way, all),
                Content::Skipped | Content::LeftOut { .. } => {}
            }
        }
    }
}

/// The same from shape, strides and suboffsets.
fn expected(layout: &Layout) -> BTreeMap<String, Vec<isize>> {
    let mut all = BTreeMap::new();
    for index in indices(layout.shape()) {
        let (mut label, mut way, mut offset) = (vec![], vec![], 0);
        for (axis, place) in index.iter().enumerate() {
            let (extent, stride) = (layout.shape()[axis], layout.strides()[axis]);
            label.push(if stride == 0 && extent > 1 {
                "*".into()
            } else {
                format!("{place}")
            });
            offset += *place as isize * stride;
            if let Some(suboffset) = layout.suboffset(axis) {
                way.push(offset);
                offset = suboffset;
            }
        }
        way.push(offset);
        let label = if label.is_empty() {
            "()".into()
        } else {
            label.join(",")
        };
        all.insert(format!("[{label}]"), way);
    }
    all
}

/// Cells and items left out of the blocks of a layout without suboffsets, by lines and by cells.
fn counted(block: &Block, along: usize) -> usize {
    let cell = |cell: &Cell| match cell.content {
        Content::Item { .. } => 1,
        Content::LeftOut { items } => items,
        Content::Skipped | Content::Pointer { .. } => 0,
    };
    let line = |line: &Line| match line {
        Line::Strip(strip) => strip.cells.iter().map(cell).sum(),
        Line::LeftOut {
            count,
            unit: Unit::Items,
        } => *count,
        Line::LeftOut { count, .. } => count * along,
    };
    block.lines.iter().map(line).sum()
}

#[test]
fn a_picture_of_very_many_items_is_small_and_at_once() {
    let vast = Layout::c_order(&[1 << 20, 1 << 20, 1 << 20], 1).unwrap();
    assert!(vast.draw(&Canvas::default()).lines().count() < 20);
    let overlapping = Layout::strided(&[1 << 20, 1 << 20], &[3, 2], 4).unwrap();
    let picture = overlapping.picture(&Limits::default());
    assert_eq!(picture.levels[0].lent, None);
    let said = overlapping.draw(&Canvas::default());
    assert!(
        said.contains("1099511627776 items of 4 that overlap\n"),
        "{said}"
    );
    let repeated = Layout::scalar(1)
        .unwrap()
        .broadcast_to(&[1 << 30, 1 << 30])
        .unwrap();
    assert!(repeated.draw(&Canvas::default()).lines().count() < 8);
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn every_item_is_drawn_once_where_it_lies(layout in any_layout()) {
        let mut all = BTreeMap::new();
        drawn(&layout.picture(&ALL).root, &[], &mut all);
        prop_assert_eq!(all, expected(&layout));
    }

    #[test]
    fn the_facts_count_every_byte_once(layout in direct()) {
        let Some(facts) = layout.picture(&ALL).levels.pop() else {
            prop_assert_eq!(layout.size(), 0);
            return Ok(());
        };
        let bytes = |offset: isize| offset..offset + layout.itemsize() as isize;
        let places: BTreeSet<isize> =
            expected(&layout).into_values().map(|way| way[0]).collect();
        let lent: BTreeSet<isize> = places.iter().copied().flat_map(bytes).collect();
        prop_assert_eq!(facts.lent, Some(lent.len()));
        prop_assert_eq!(Some(facts.extent), layout.extent());
        prop_assert_eq!(facts.indices, layout.size());
    }

    #[test]
    fn cells_side_by_side_leave_no_byte_between_them(layout in any_layout()) {
        let mut blocks = vec![layout.picture(&ALL).root];
        while let Some(block) = blocks.pop() {
            for line in block.lines {
                let Line::Strip(strip) = line else { continue };
                prop_assert_eq!(strip.offset, strip.cells[0].offset);
                for pair in strip.cells.windows(2) {
                    let end = pair[0].offset + pair[0].bytes as isize;
                    prop_assert!(pair[0].offset < pair[1].offset && end >= pair[1].offset
                        || layout.itemsize() == 0);
                }
                for cell in strip.cells {
                    if let Content::Pointer { to, .. } = cell.content {
                        blocks.push(to);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_left_out_is_counted(layout in direct(), cells in 0_usize..9, lines in 0_usize..9) {
        let picture = layout.picture(&Limits { cells, lines });
        let whole = layout.picture(&ALL);
        let along = match whole.root.lines.first() {
            Some(Line::Strip(strip)) => counted(&Block {
                lines: vec![Line::Strip(strip.clone())], ..Block::default()
            }, 0),
            _ => 0,
        };
        let total = picture.levels.first().map_or(0, |facts| facts.cells);
        prop_assert_eq!(counted(&picture.root, along), total);
        prop_assert!(picture.root.lines.len() <= lines.max(1) + 1);
        for line in &picture.root.lines {
            if let Line::Strip(strip) = line {
                let items = strip.cells.iter();
                let items = items.filter(|cell| matches!(cell.content, Content::Item { .. }));
                prop_assert!(items.count() <= cells.max(1));
            }
        }
    }

    #[test]
    fn no_line_is_wider_than_the_canvas(
        layout in any_layout(), columns in 0_usize..90, lines in 0_usize..20, ascii: bool,
    ) {
        let text = layout.draw(&Canvas { columns, lines, ascii });
        prop_assert!(text.ends_with('\n'));
        prop_assert!(text.is_ascii() || !ascii);
        for line in text.lines() {
            prop_assert!(line.chars().count() <= columns, "{}", line);
        }
    }

    #[test]
    fn rows_that_are_cut_to_the_width_keep_their_last_cell(layout in direct()) {
        let text = layout.draw(&Canvas::default());
        let short = layout.ndim() < 6;
        for line in text.lines().filter(|line| short && line.contains('│')) {
            prop_assert!(line.ends_with('│'), "{}", text);
        }
    }
}

//! What people see.

use super::*;

fn draw(layout: &Layout) -> String {
    layout.draw(&Canvas::default())
}

fn strided(shape: &[isize], strides: &[isize], itemsize: usize) -> Layout {
    Layout::strided(shape, strides, itemsize).unwrap()
}

fn indirect(shape: &[isize], strides: &[isize], suboffsets: &[isize]) -> Layout {
    Layout::indirect(shape, strides, suboffsets, 4).unwrap()
}

#[test]
fn a_contiguous_layout_has_no_gaps() {
    let expected = "
   +0 │[0,0]│[0,1]│[0,2]│
  +12 │[1,0]│[1,1]│[1,2]│

  bytes +0..+24: 24 lent in 6 items of 4, none skipped
";
    assert_eq!(draw(&Layout::c_order(&[2, 3], 4).unwrap()), expected[1..]);
}

#[test]
fn every_skipped_byte_is_a_dot_and_many_are_a_number() {
    let expected = "
   +0 │[0,0]│····│[0,1]│····│
  +16 │[1,0]│····│[1,1]│····│
  +32 │[2,0]│····│[2,1]│

  bytes +0..+44: 24 lent in 6 items of 4, 20 skipped
";
    assert_eq!(draw(&strided(&[3, 2], &[16, 8], 4)), expected[1..]);
    let expected = "
    +0 │[0,0]│[0,1]│··92··│
  +100 │[1,0]│[1,1]│

  bytes +0..+108: 16 lent in 4 items of 4, 92 skipped
";
    assert_eq!(draw(&strided(&[2, 2], &[100, 4], 4)), expected[1..]);
}

#[test]
fn a_reversed_layout_starts_with_its_last_item_and_marks_the_first() {
    let expected = "
  -12 │ [3]│ [2]│ [1]│▸[0]│

  bytes -12..+4: 16 lent in 4 items of 4, none skipped
  ▸ is where buf points: 12 above the lowest byte
";
    assert_eq!(draw(&strided(&[4], &[-4], 4)), expected[1..]);
}

#[test]
fn a_transposed_layout_is_drawn_as_it_lies() {
    let expected = "
   +0 │[0,0]│[1,0]│[2,0]│
  +12 │[0,1]│[1,1]│[2,1]│

  bytes +0..+24: 24 lent in 6 items of 4, none skipped
";
    assert_eq!(draw(&Layout::f_order(&[3, 2], 4).unwrap()), expected[1..]);
}

#[test]
fn a_broadcast_item_is_drawn_once() {
    let expected = "
  +0 │[*,0]│[*,1]│[*,2]│

  bytes +0..+6: 6 lent in 3 items of 2, none skipped
  * is any index of an axis with stride 0: 12 indices, 4 for each item
";
    assert_eq!(draw(&strided(&[4, 3], &[0, 2], 2)), expected[1..]);
}

#[test]
fn items_that_overlap_are_counted_by_their_bytes() {
    let expected = "
  +0 │[0,0]│[0,1]│[0,2]│
  +4 │[1,0]│[1,1]│[1,2]│
  +8 │[2,0]│[2,1]│[2,2]│

  bytes +0..+20: 20 lent in 9 items of 4 that overlap, none skipped
";
    assert_eq!(draw(&strided(&[3, 3], &[4, 4], 4)), expected[1..]);
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_pointer_leads_to_the_strip_behind_it() {
    let expected = "
   +0 │[0]│ ──▶ +4 │[0,0]│[0,1]│
   +8 │[1]│ ──▶ +4 │[1,0]│[1,1]│
  +16 │[2]│ ──▶ +4 │[2,0]│[2,1]│

  bytes +0..+24: 24 lent in 3 pointers of 8, none skipped
  behind each: bytes +4..+12: 8 lent in 2 items of 4, none skipped
";
    assert_eq!(draw(&indirect(&[3, 2], &[8, 4], &[4, -1])), expected[1..]);
}

#[test]
#[cfg(target_pointer_width = "64")]
fn pointers_to_pointers_and_to_several_rows_are_drawn_side_by_side() {
    let layout = Layout::indirect(&[2, 1, 2, 2], &[-8, 8, 12, 6], &[0, 0, -1, -1], 4).unwrap();
    let drawn = draw(&layout);
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(
        lines[0],
        "  -8 │ [1]│ ──▶ +0 │[1,0]│ ──▶  +0 │[1,0,0,0]│··│[1,0,0,1]│··│"
    );
    assert_eq!(
        lines[1],
        "                               +12 │[1,0,1,0]│··│[1,0,1,1]│"
    );
    assert_eq!(
        lines[2],
        "  +0 │▸[0]│ ──▶ +0 │[0,0]│ ──▶  +0 │[0,0,0,0]│··│[0,0,0,1]│··│"
    );
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_pointer_for_each_item_leads_to_one_item() {
    let expected = "
  +0 │[0]│ ──▶ +6 │[0]│
  +8 │[1]│ ──▶ +6 │[1]│

  bytes +0..+16: 16 lent in 2 pointers of 8, none skipped
  behind each: bytes +6..+10: 4 lent in 1 item of 4, none skipped
";
    assert_eq!(draw(&indirect(&[2], &[8], &[6])), expected[1..]);
}

#[test]
fn a_layout_without_axes_is_one_cell_and_one_without_items_none() {
    let expected = "
  +0 │[()]│

  bytes +0..+8: 8 lent in 1 item of 8, none skipped
";
    assert_eq!(draw(&Layout::scalar(8).unwrap()), expected[1..]);
    let empty = Layout::c_order(&[3, 0], 4).unwrap();
    assert_eq!(draw(&empty), "  no items: axis 1 has extent 0\n");
    assert!(empty.picture(&Limits::default()).levels.is_empty());
}

#[test]
fn a_long_row_is_broken_into_strips_of_round_length() {
    let canvas = Canvas {
        columns: 36,
        lines: 3,
        ascii: false,
    };
    let drawn = Layout::vector(1000, 2).unwrap().draw(&canvas);
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(lines[0], "     +0 │  [0]│  [1]│  [2]│  [3]│");
    assert_eq!(lines[1], "     +8 │  [4]│  [5]│  [6]│  [7]│");
    assert_eq!(lines[2], "      ⋮ 988 more items");
    assert_eq!(lines[3], "  +1992 │[996]│[997]│[998]│[999]│");
}

#[test]
fn rows_and_cells_that_do_not_fit_are_left_out_in_the_middle() {
    let expected = "
     +0 | [0,0]| [0,1]|... 97 more ...|[0,99]|
   +400 | [1,0]| [1,1]|... 97 more ...|[1,99]|
      : 6 more rows
  +3200 | [8,0]| [8,1]|... 97 more ...|[8,99]|
  +3600 | [9,0]| [9,1]|... 97 more ...|[9,99]|
";
    let canvas = Canvas {
        columns: 50,
        lines: 4,
        ascii: true,
    };
    let drawn = Layout::c_order(&[10, 100], 4).unwrap().draw(&canvas);
    assert_eq!(
        drawn.split("\n\n").next().unwrap().trim_end(),
        expected[1..].trim_end()
    );
}

#[test]
fn words_are_broken_to_the_width() {
    let canvas = Canvas {
        columns: 30,
        ..Canvas::default()
    };
    let expected = "
  +0 │[0]│[1]│[2]│[3]│

  bytes +0..+16: 16 lent in 4
    items of 4, none skipped
";
    assert_eq!(Layout::vector(4, 4).unwrap().draw(&canvas), expected[1..]);
}

#[test]
fn the_widest_gap_between_rows_has_its_place_in_the_line() {
    let layout = strided(&[2, 3, 100], &[900_000, 1000, 8], 4);
    for columns in 60..90 {
        let drawn = layout.draw(&Canvas {
            columns,
            ..Canvas::default()
        });
        let strips: Vec<&str> = drawn.lines().take(6).collect();
        assert!(strips.iter().all(|line| line.ends_with('│')), "{drawn}");
        assert!(strips[2].ends_with("│··897204··│"), "{drawn}");
    }
}

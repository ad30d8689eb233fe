//! The records against a list that is looked through from end to end.

use std::mem::offset_of;

use pyo3::ffi::Py_buffer;

use super::matching::LOOKED_THROUGH;
use super::*;

fn record(view: usize, exporter: usize, sequence: u64) -> Record {
    Record {
        view,
        exporter,
        buf: exporter + 8,
        len: 10,
        ndim: 1,
        sequence,
        // To tell which one a release has ended.
        stack: sequence as u32,
        ..Record::EMPTY
    }
}

fn ended(view: usize, exporter: usize) -> Ended {
    Ended {
        view,
        exporter,
        buf: exporter + 8,
        len: 10,
        internal: 0,
        ndim: 1,
        shape: 0,
        by_cell: None,
    }
}

impl End {
    fn past(self) -> Option<Past> {
        match self {
            End::Of(record) => Some(record),
            End::Left | End::Unknown => None,
        }
    }
}

#[test]
fn a_release_at_its_place_is_matched_whatever_else_the_exporter_lends() {
    let mut records = Records::new();
    for number in 1..=1000 {
        assert!(records.add(&record(number * 16, 4096, number as u64)));
    }
    for number in (1..=1000).rev().step_by(3) {
        let found = records
            .end(&ended(number * 16, 4096))
            .past()
            .expect("on record");
        assert_eq!(found.stack, number as u32);
    }
    assert_eq!(records.len(), 1000 - 334);
    assert_eq!(records.iter().count(), records.len());
    assert_eq!(records.ambiguous, 0);
}

#[test]
fn a_view_that_is_filled_again_lets_its_old_record_float() {
    let mut records = Records::new();
    assert!(records.add(&record(16, 4096, 1)));
    assert!(records.add(&record(16, 4096, 2)));
    let moved = records.end(&ended(999, 4096)).past().expect("it floats");
    assert_eq!(moved.stack, 1);
    assert_eq!(
        records.end(&ended(16, 4096)).past().map(|past| past.stack),
        Some(2)
    );
    assert!(records.end(&ended(16, 4096)).past().is_none());
    assert_eq!(records.len(), 0);
}

#[test]
fn a_copied_struct_of_fill_info_still_points_into_the_first() {
    let mut records = Records::new();
    assert!(records.add(&record(1600, 4096, 1)));
    assert!(records.add(&record(3200, 4096, 2)));
    let copy = Ended {
        shape: 1600 + offset_of!(Py_buffer, len),
        ..ended(7, 4096)
    };
    assert_eq!(records.end(&copy).past().map(|past| past.stack), Some(1));
    assert_eq!(records.ambiguous, 0);
}

#[test]
fn a_struct_that_its_consumer_has_changed_is_matched_where_it_is_or_once_it_floats() {
    let mut records = Records::new();
    assert!(records.add(&record(16, 4096, 1)));
    assert!(records.add(&record(32, 4096, 2)));
    let cut = |view| Ended {
        buf: 5000,
        len: 3,
        ..ended(view, 4096)
    };
    assert!(records.end(&cut(999)).past().is_none());
    assert_eq!(
        records.end(&cut(32)).past().map(|it| u64::from(it.stack)),
        Some(2)
    );
    assert!(records.add(&record(16, 8192, 3)));
    assert_eq!(
        records.end(&cut(999)).past().map(|it| u64::from(it.stack)),
        Some(1)
    );
    assert_eq!(records.len(), 1);
}

#[test]
fn another_exporter_at_the_same_place_is_not_taken_for_the_one() {
    let mut records = Records::new();
    assert!(records.add(&record(16, 4096, 1)));
    assert!(records.end(&ended(16, 8192)).past().is_none());
    assert_eq!(records.len(), 1);
}

#[test]
fn any_order_of_acquiring_moving_and_releasing_leaves_what_a_list_leaves() {
    let mut state = 12345_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let mut records = Records::new();
    let mut list: Vec<(usize, usize, u64)> = Vec::new();
    for step in 0..20_000_u64 {
        let (view, exporter) = ((random(300) + 1) * 16, (random(5) + 1) * 4096);
        if random(2) == 0 {
            for old in list.iter_mut().filter(|old| old.0 == view) {
                old.0 = 0;
            }
            list.push((view, exporter, step));
            assert!(records.add(&record(view, exporter, step)));
        } else {
            let found = records
                .end(&ended(view, exporter))
                .past()
                .map(|past| u64::from(past.stack));
            let at = list
                .iter()
                .position(|it| (it.0, it.1) == (view, exporter))
                .or_else(|| list.iter().rposition(|it| (it.0, it.1) == (0, exporter)))
                .or_else(|| list.iter().rposition(|it| it.1 == exporter));
            match at {
                // Beyond what is looked through any one of those alike will do.
                Some(at) if list.iter().filter(|it| it.1 == exporter).count() < LOOKED_THROUGH => {
                    assert_eq!(found, Some(list.remove(at).2));
                }
                _ => {
                    assert_eq!(found.is_some(), at.is_some());
                    list.retain(|it| Some(it.2) != found);
                }
            }
        }
        assert_eq!(records.len(), list.len());
    }
    let mut left: Vec<u64> = records.iter().map(|record| record.sequence).collect();
    let mut expected: Vec<u64> = list.iter().map(|it| it.2).collect();
    left.sort_unstable();
    expected.sort_unstable();
    assert_eq!(left, expected);
}

#[test]
fn a_million_records_are_at_most_200_bytes_each() {
    let mut records = Records::new();
    for number in 1..=1_000_000 {
        assert!(records.add(&record(number * 80, 4096 + number % 7 * 64, number as u64)));
    }
    assert!(records.bytes() <= 200 * 1_000_000, "{}", records.bytes());
}

#[test]
fn what_a_registered_cell_has_told_of_it_alone_ends_each_by_its_number() {
    let mut records = Records::new();
    let mut numbers = Vec::new();
    for place in 1..=5 {
        assert!(records.add(&Record {
            internal: 77,
            registered: true,
            ..record(place * 16, 4096, place as u64)
        }));
        numbers.push(records.newest(place * 16));
    }
    // A hook comes first, with what the struct has in `internal`; also if the struct is elsewhere.
    for view in [16, 999] {
        let hook = Ended {
            internal: 81,
            ..ended(view, 4096)
        };
        assert!(matches!(records.end(&hook), End::Left));
    }
    assert_eq!((records.len(), records.ambiguous), (5, 0));
    let end = |records: &mut Records, view, number| {
        let of_cell = Ended {
            internal: 77,
            by_cell: Some(number),
            ..ended(view, 4096)
        };
        records.end(&of_cell).past().map(|it| u64::from(it.stack))
    };
    // Wherever the struct is now, also where another one was.
    assert_eq!(end(&mut records, 16, Some(numbers[0])), Some(1));
    assert_eq!(end(&mut records, 999, Some(numbers[2])), Some(3));
    assert_eq!(end(&mut records, 80, Some(numbers[1])), Some(2));
    // Once; and what has no number is not on record.
    assert_eq!(end(&mut records, 16, Some(numbers[0])), None);
    assert_eq!(end(&mut records, 64, None), None);
    // What others have told of is forgotten; what is left keeps its numbers.
    let mut random = 7_usize;
    let mut cells = Vec::new();
    for place in 10..20_000 {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let registered = random >> 33 & 3 == 0 && place < 15_000;
        assert!(records.add(&Record {
            registered,
            ..record(place * 16, 4096 + (place % 7) * 64, place as u64)
        }));
        if registered {
            cells.push((place, records.newest(place * 16)));
        }
    }
    records.forget_others();
    assert_eq!(
        (records.len(), records.iter().count()),
        (cells.len() + 2, cells.len() + 2)
    );
    assert!(records.chunks.len() <= 4);
    assert!(records.add(&record(16, 4096, 30_000)));
    for (place, number) in cells.into_iter().rev() {
        let ended = Ended {
            by_cell: Some(Some(number)),
            ..ended(1, 4096 + (place % 7) * 64)
        };
        let found = records.end(&ended).past();
        assert_eq!(found.map(|it| u64::from(it.stack)), Some(place as u64));
    }
    assert_eq!(end(&mut records, 999, Some(numbers[3])), Some(4));
    assert_eq!(end(&mut records, 999, Some(numbers[4])), Some(5));
    assert_eq!(
        records
            .end(&ended(16, 4096))
            .past()
            .map(|it| u64::from(it.stack)),
        Some(30_000)
    );
    records.forget_others();
    assert_eq!((records.len(), records.bytes()), (0, 0));
}

//! Counting and finding, held against reading every item and comparing the values.

use super::equal::plan;
use super::*;
use crate::format::{LongDouble, Plan, Value};
use crate::kernel::{
    Needle, count_byte_raw, count_raw, equal_values, index_byte_raw, index_raw, is_all_raw,
};

const FORMATS: [&str; 30] = [
    "B",
    "b",
    "c",
    "?",
    "h",
    ">h",
    "I",
    ">i",
    "q",
    ">Q",
    "e",
    ">e",
    "f",
    ">f",
    "d",
    ">d",
    "Ze",
    "Zf",
    ">Zd",
    "g",
    "Zg",
    "P",
    "3s",
    "5p",
    "2u",
    "2w",
    "T{h:a:xf:b:}",
    "T{?:a:i:b:}",
    "(2)h",
    "T{3t:a:9t:b:}",
];

/// Values of every kind, with equal ones of other kinds.
fn values() -> Vec<Value> {
    let mut all = super::numbers::numbers();
    let pairs = [
        (0.0, 0.0),
        (-0.0, -0.0),
        (1.0, 0.0),
        (1.0, 2.0),
        (f64::NAN, 0.0),
    ];
    all.extend(pairs.map(|(re, im)| Value::Complex { re, im }));
    all.extend([true, false].map(Value::Bool));
    all.extend([0.0, 1.0, f64::NAN].map(|value| Value::LongDouble(LongDouble::from_f64(value))));
    all.extend([&b"A"[..], b"\0\0\0", b"ab", b"abc"].map(|bytes| Value::Bytes(bytes.to_vec())));
    all.extend(["ab", "é𝄞"].map(|text| Value::Text(text.into())));
    all.push(Value::Pointer(1));
    all.push(Value::Units(vec![0xd800, 65]));
    for one in [
        Value::Int(0),
        Value::Bool(true),
        Value::Int(1),
        Value::Float(f64::NAN),
    ] {
        for two in [Value::Float(-0.0), Value::Int(7), Value::Float(0.5)] {
            all.push(Value::List(vec![one.clone(), two]));
        }
    }
    all.push(Value::Tuple(vec![]));
    all
}

/// The bytes of items, many of them values that are looked for.
fn items(plan: &Plan, picks: &[usize], count: usize) -> Vec<Vec<u8>> {
    let values = values();
    let item = |place: usize| {
        let pick = picks[place % picks.len()];
        // Padding and what cannot be written: something.
        let mut item: Vec<u8> = (0..plan.size())
            .map(|at| (pick * 31 + at * 7) as u8)
            .collect();
        let _ = plan.write(&values[pick % values.len()], &mut item);
        item
    };
    (0..count).map(item).collect()
}

fn check(real: &Real, plan: &Plan, value: &Value) -> Result<usize, TestCaseError> {
    let equal = |item: Vec<u8>| equal_values(&plan.read(&item).unwrap(), value);
    let found: Vec<bool> = real.items().into_iter().map(equal).collect();
    let needle = Needle::of(plan, value);
    // SAFETY: `build` made the memory.
    let count = unsafe { count_raw(real.buf, &real.layout, &needle) };
    let expected = found.iter().filter(|found| **found).count();
    prop_assert_eq!(
        count,
        expected,
        "{:?} in {:?} {:?}",
        value,
        plan,
        real.layout
    );
    // SAFETY: `build` made the memory.
    let index = unsafe { index_raw(real.buf, &real.layout, &needle) };
    let first = found.iter().position(|found| *found);
    prop_assert_eq!(index, first, "{:?} in {:?} {:?}", value, plan, real.layout);
    // SAFETY: `build` made the memory.
    let all = unsafe { is_all_raw(real.buf, &real.layout, &needle) };
    prop_assert_eq!(
        all,
        expected == found.len(),
        "{:?} in {:?} {:?}",
        value,
        plan,
        real.layout
    );
    Ok(expected)
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn what_equals_the_value_is_found_and_counted(
        format in prop::sample::select(&FORMATS[..]), shape in shapes(), axes in axes(9),
        picks in prop::collection::vec(0..500_usize, 1..5), other in 0..500_usize,
    ) {
        let plan = plan(format);
        let real = Real::new(laid(&shape, plan.size(), &axes), 1);
        real.write(&items(&plan, &picks, real.layout.size()));
        let values = values();
        for pick in [picks[0], other] {
            check(&real, &plan, &values[pick % values.len()])?;
        }
    }
}

#[test]
fn every_value_is_looked_for_in_every_format() {
    let values = values();
    let all: Vec<usize> = (0..values.len()).collect();
    for format in FORMATS {
        let plan = plan(format);
        let real = Real::new(Layout::vector(values.len(), plan.size()).unwrap(), 1);
        real.write(&items(&plan, &all, values.len()));
        let found = values
            .iter()
            .map(|value| check(&real, &plan, value).unwrap())
            .sum::<usize>();
        assert!(found > 0, "{format}");
    }
}

#[test]
fn one_odd_item_is_found_anywhere() {
    for format in ["B", "?", "h", "i", "q", "Zd", "T{h:a:b:b:}"] {
        let plan = plan(format);
        let size = plan.size();
        for gap in [0, 1] {
            let layout = Layout::strided(&[700], &[(size + gap) as isize], size).unwrap();
            let real = Real::new(layout, 1);
            let value = |item: &[u8]| plan.read(item).unwrap();
            let (same, other) = (vec![0; size], vec![1; size]);
            for odd in [0, 1, 127, 128, 129, 255, 256, 512, 698, 699] {
                let mut items = vec![same.clone(); 700];
                items[odd] = other.clone();
                real.write(&items);
                assert_eq!(check(&real, &plan, &value(&other)).unwrap(), 1);
                assert_eq!(check(&real, &plan, &value(&same)).unwrap(), 699);
            }
        }
    }
}

#[test]
fn runs_are_counted_beyond_a_byte() {
    for format in ["?", "b", "h", "d"] {
        let plan = plan(format);
        let real = Real::new(Layout::vector(1000, plan.size()).unwrap(), 1);
        real.write(&vec![vec![0; plan.size()]; 1000]);
        assert_eq!(check(&real, &plan, &Value::Int(0)).unwrap(), 1000);
    }
}

#[test]
fn the_first_in_c_order_is_found_in_any_memory_order() {
    let plan = plan("B");
    let real = Real::new(Layout::f_order(&[3, 4], 1).unwrap(), 1);
    let mut items = vec![vec![0]; 12];
    items[3] = vec![9];
    items[8] = vec![9];
    real.write(&items);
    check(&real, &plan, &Value::Int(9)).unwrap();
}

#[test]
fn a_byte_is_found_wherever_it_is_in_a_row_of_any_length() {
    let mut row = vec![0; 300];
    for length in 0..row.len() {
        for place in [0, length / 2, length.saturating_sub(1)] {
            for byte in [1, 0x80, 0xff] {
                row[place] = byte;
                // Behind the end, where it does not count.
                row[length] = byte;
                let expected = (place < length).then_some(place);
                let row_start = row.as_ptr();
                // SAFETY: so many bytes of a vector.
                let found = unsafe { index_byte_raw(row_start, length, byte) };
                assert_eq!(found, expected, "{length} bytes");
                // SAFETY: so many bytes of a vector.
                let count = unsafe { count_byte_raw(row_start, length, byte) };
                assert_eq!(count, expected.iter().count(), "{length} bytes");
                // SAFETY: so many bytes of a vector.
                let zeros = unsafe { count_byte_raw(row_start, length, 0) };
                assert_eq!(zeros + count, length);
                row[place] = 0;
                row[length] = 0;
            }
        }
    }
    // SAFETY: no bytes.
    let nothing = unsafe { index_byte_raw(core::ptr::null(), 0, 1) };
    assert_eq!(nothing, None);
}

#[test]
fn a_needle_of_another_item_size_finds_nothing() {
    let real = Real::new(Layout::vector(4, 2).unwrap(), 1);
    let needle = Needle::of(&plan("B"), &Value::Int(1));
    // SAFETY: `build` made the memory.
    assert_eq!(unsafe { count_raw(real.buf, &real.layout, &needle) }, 0);
    // SAFETY: `build` made the memory.
    assert_eq!(unsafe { index_raw(real.buf, &real.layout, &needle) }, None);
    // SAFETY: `build` made the memory.
    assert!(!unsafe { is_all_raw(real.buf, &real.layout, &needle) });
}

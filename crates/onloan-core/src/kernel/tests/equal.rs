//! Equality, held against reading every item and comparing the values.

use super::numbers::numbers;
use super::*;
use crate::format::{Format, Plan, Reading, Value};
use crate::kernel::{equal_raw, equal_values};

pub(super) fn plan(format: &str) -> Plan {
    Format::parse(format).unwrap().plan(Reading::Padded)
}

/// The oracle.
fn equal_item_by_item(one: &Real, one_plan: &Plan, two: &Real, two_plan: &Plan) -> bool {
    let shape = |real: &Real| -> Vec<isize> {
        let shape = real.layout.shape();
        let first_zero = shape.iter().position(|extent| *extent == 0);
        shape[..first_zero.map_or(shape.len(), |axis| axis + 1)].to_vec()
    };
    let same_shape = one.layout.ndim() == two.layout.ndim() && shape(one) == shape(two);
    let values = |real: &Real, plan: &Plan| -> Vec<Value> {
        let value = |item: Vec<u8>| plan.read(&item).unwrap();
        real.items().into_iter().map(value).collect()
    };
    let pairs = || values(one, one_plan).into_iter().zip(values(two, two_plan));
    same_shape && pairs().all(|(one, two)| equal_values(&one, &two))
}

fn check(one: &Real, one_plan: &Plan, two: &Real, two_plan: &Plan) -> Result<bool, TestCaseError> {
    let expected = equal_item_by_item(one, one_plan, two, two_plan);
    for (one, one_plan, two, two_plan) in [
        (one, one_plan, two, two_plan),
        (two, two_plan, one, one_plan),
    ] {
        // SAFETY: `build` made the memory of both.
        let equal = unsafe {
            equal_raw(
                one.buf,
                &one.layout,
                one_plan,
                two.buf,
                &two.layout,
                two_plan,
            )
        };
        prop_assert_eq!(
            equal,
            expected,
            "{:?} {:?} and {:?} {:?}",
            one.layout,
            one_plan,
            two.layout,
            two_plan
        );
    }
    Ok(expected)
}

/// Pairs of formats that have to do with each other, and their item sizes if need be.
const FORMATS: [(&str, &str); 41] = [
    ("B", "B"),
    ("i", "i"),
    ("<h", ">h"),
    ("i", "q"),
    ("B", "b"),
    ("Q", "q"),
    ("?", "B"),
    ("?", "?"),
    ("f", "f"),
    ("d", "d"),
    ("e", "e"),
    ("e", "d"),
    (">f", "<f"),
    (">d", ">d"),
    ("f", "i"),
    ("q", "d"),
    ("Zf", "Zd"),
    ("Zd", "Zd"),
    ("Ze", "Zf"),
    ("Zd", "d"),
    ("i", "Zf"),
    ("Zd", "g"),
    ("g", "g"),
    ("g", "q"),
    ("g", "f"),
    ("c", "c"),
    ("c", "s"),
    ("c", "B"),
    ("3s", "3s"),
    ("2s", "3p"),
    ("2s", "3s"),
    ("2w", "2w"),
    ("2u", "2w"),
    ("T{i:a:d:b:}", "T{<i:x:4x<d:y:}"),
    ("bbh", "T{b:a:b:b:h:c:}"),
    ("T{b:a:(2,2)<h:b:}", "T{<i:a:(2,2)>f:b:}"),
    ("3i", "iii"),
    ("(2)T{h:a:B:b:}", "(2)T{h:c:B:d:}"),
    ("T{3t:a:5t:b:}", "T{B:a:B:b:}"),
    ("xi", "i"),
    ("T{h:a:x(2)B:b:}", "T{h:a:x(2)B:b:}"),
];

/// A number without its fraction.
fn integer(value: &Value) -> Value {
    match value {
        Value::Float(value) | Value::Complex { re: value, .. } => Value::Int(*value as i64),
        Value::LongDouble(value) => Value::Int(value.to_f64() as i64),
        other => other.clone(),
    }
}

/// A number as the float that is nearest.
pub(super) fn float(value: &Value) -> Value {
    match value {
        Value::Int(value) => Value::Float(*value as f64),
        Value::UInt(value) => Value::Float(*value as f64),
        other => other.clone(),
    }
}

/// Items for two plans: of the second those of the first, where it can hold them, but for some.
fn items(one: &Plan, two: &Plan, bytes: &[u8], count: usize, odd: usize) -> [Vec<Vec<u8>>; 2] {
    let all = numbers();
    let mut source = bytes.iter().copied().cycle();
    let mut item = |plan: &Plan| -> Vec<u8> {
        let mut item: Vec<u8> = source.by_ref().take(plan.size()).collect();
        let which = usize::from(source.next().unwrap_or(0));
        if which % 4 != 0 {
            // Numbers that are formats' edges; left as it is if it is no number.
            let number = &all[which % all.len()];
            if plan.write(number, &mut item).is_err() {
                let _ = plan.write(&float(number), &mut item);
            }
        }
        item
    };
    let ones: Vec<Vec<u8>> = (0..count).map(|_| item(one)).collect();
    let mut twos = Vec::new();
    for (place, first) in ones.iter().enumerate() {
        let mut second = item(two);
        if place != odd {
            // What cannot be written stays as it is.
            let value = one.read(first).unwrap();
            if two.write(&value, &mut second).is_err() {
                let _ = two.write(&integer(&value), &mut second);
            }
        }
        twos.push(second);
    }
    [ones, twos]
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn arrays_are_equal_when_all_items_are(
        formats in prop::sample::select(&FORMATS[..]), shape in shapes(), one in axes(9), two in axes(9),
        bytes in prop::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], 64),
        odd in prop_oneof![2 => Just(usize::MAX), 1 => 0..9_usize], simple: bool,
    ) {
        let bytes: Vec<u8> = bytes.iter().map(|byte| if simple { byte % 2 } else { *byte }).collect();
        let plans = [plan(formats.0), plan(formats.1)];
        let layouts = [(&plans[0], &one), (&plans[1], &two)]
            .map(|(plan, axes)| laid(&shape, plan.size(), axes));
        let [one, two] = layouts.map(|layout| Real::new(layout, 1));
        let [ones, twos] = items(&plans[0], &plans[1], &bytes, one.layout.size(), odd);
        one.write(&ones);
        two.write(&twos);
        check(&one, &plans[0], &two, &plans[1])?;
    }
}

#[test]
fn the_formats_of_these_tests_are_found_equal_and_unequal() {
    for (first, second) in FORMATS {
        let plans = [plan(first), plan(second)];
        let layouts = [&plans[0], &plans[1]].map(|plan| Layout::vector(3, plan.size()).unwrap());
        let [one, two] = layouts.map(|layout| Real::new(layout, 1));
        let mut seen = [false; 2];
        for byte in [0, 1, 2, 65] {
            for odd in [usize::MAX, 1] {
                let [ones, twos] = items(&plans[0], &plans[1], &[byte], 3, odd);
                one.write(&ones);
                two.write(&twos);
                seen[usize::from(check(&one, &plans[0], &two, &plans[1]).unwrap())] = true;
            }
        }
        let never = [("c", "B"), ("2s", "3s")].contains(&(first, second));
        assert!(seen[1] != never, "{first} {second} were never equal");
    }
}

#[test]
fn long_arrays_differ_by_one_item_anywhere() {
    for (first, second) in [
        ("B", "B"),
        ("d", "d"),
        ("e", "e"),
        (">h", "i"),
        ("?", "?"),
        ("q", "d"),
    ] {
        let plans = [plan(first), plan(second)];
        for gap in [0, 1] {
            let layouts = [&plans[0], &plans[1]].map(|plan| {
                let size = plan.size() as isize;
                Layout::strided(&[1500], &[size + gap], plan.size()).unwrap()
            });
            let [one, two] = layouts.map(|layout| Real::new(layout, 0));
            let item = |plan: &Plan, value: i64| {
                let mut item = vec![0; plan.size()];
                let value = if plan.write(&Value::Int(0), &mut item).is_ok() {
                    Value::Int(value)
                } else {
                    Value::Bool(value == 1)
                };
                plan.write(&value, &mut item).unwrap();
                item
            };
            one.write(&vec![item(&plans[0], 1); 1500]);
            let same = vec![item(&plans[1], 1); 1500];
            two.write(&same);
            let equal = || {
                // SAFETY: `build` made the memory of both.
                unsafe {
                    equal_raw(
                        one.buf,
                        &one.layout,
                        &plans[0],
                        two.buf,
                        &two.layout,
                        &plans[1],
                    )
                }
            };
            assert!(equal(), "{first} {second}");
            for odd in [0, 1, 127, 128, 255, 256, 700, 1498, 1499] {
                let mut items = same.clone();
                items[odd] = item(&plans[1], 0);
                two.write(&items);
                assert!(!equal(), "{first} {second} at {odd}");
            }
        }
    }
}

#[test]
fn one_odd_float_is_found_wherever_numbers_and_runs_begin() {
    for (format, size, one) in [
        ("<e", 2, &[0x00, 0x3c][..]),
        (">e", 2, &[0x3c, 0x00]),
        ("<f", 4, &[0, 0, 0x80, 0x3f]),
        ("<d", 8, &[0, 0, 0, 0, 0, 0, 0xf0, 0x3f]),
        (">d", 8, &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
        ("?", 1, &[1]),
    ] {
        const COUNT: usize = 11_000;
        let plan = plan(format);
        let layout = Layout::vector(COUNT, size).unwrap();
        let bytes: Vec<u8> = one.repeat(COUNT);
        // Every distance from where a vector begins, on one side only.
        for astray in (0..40).filter(|astray| astray % size == 0 || *astray < 3) {
            let mut other = vec![0; astray];
            other.extend(&bytes);
            let equal = |other: &[u8]| {
                let sides = [bytes.as_ptr(), other[astray..].as_ptr()];
                let both = [[0, 1], [1, 0]].map(|order| {
                    let [one, two] = order.map(|side| sides[side]);
                    // SAFETY: `COUNT` items on both sides.
                    unsafe { equal_raw(one, &layout, &plan, two, &layout, &plan) }
                });
                assert_eq!(both[0], both[1]);
                both[0]
            };
            assert!(equal(&other), "{format}");
            for odd in [
                0, 1, 15, 16, 63, 64, 319, 320, 1343, 1344, 5439, 5440, 9600, 10_999,
            ] {
                let place = astray + odd * size..astray + (odd + 1) * size;
                other[place.clone()].fill(0);
                assert!(!equal(&other), "{format} at {odd}");
                other[place].copy_from_slice(one);
            }
        }
    }
}

#[test]
fn padding_does_not_count_however_it_lies() {
    for (format, counts) in [
        ("T{<h:a:x<i:b:3x}", "dd.dddd..."),
        ("xB", ".d"),
        ("T{(2)T{Bx}:a:B:b:}", "d.d.d"),
        ("T{70s:a:2xB:b:}", &("d".repeat(70) + "..d")),
    ] {
        let plan = plan(format);
        let size = plan.size();
        for gap in [0, 1] {
            let layout = Layout::strided(&[500], &[(size + gap) as isize], size).unwrap();
            let [one, two] = [1, 1].map(|seed| Real::new(layout.clone(), seed));
            let items = one.items();
            for place in [0, 63, 64, 499] {
                for at in 0..size {
                    let mut other = items.clone();
                    other[place][at] ^= 4;
                    two.write(&other);
                    // SAFETY: `build` made the memory of both.
                    let equal =
                        unsafe { equal_raw(one.buf, &layout, &plan, two.buf, &layout, &plan) };
                    assert_eq!(
                        equal,
                        counts.as_bytes()[at] == b'.',
                        "{format} at {place}, {at}"
                    );
                }
            }
        }
    }
}

#[test]
fn gathered_blocks_are_cut_where_the_cache_ends() {
    let plan = plan("I");
    let shape = [300, 301];
    let across = Layout::f_order(&shape, 4).unwrap();
    let along = Layout::c_order(&shape, 4).unwrap();
    let [one, two] = [across, along].map(|layout| Real::new(layout, 7));
    let items = one.items();
    two.write(&items);
    // SAFETY: `build` made the memory of both.
    let equal = || unsafe { equal_raw(one.buf, &one.layout, &plan, two.buf, &two.layout, &plan) };
    assert!(equal());
    for odd in [0, 300 * 301 - 1, 110 * 301, 33_000] {
        let mut other = items.clone();
        other[odd][3] ^= 1;
        two.write(&other);
        assert!(!equal(), "{odd}");
    }
}

#[test]
fn shapes_are_compared_up_to_the_first_extent_of_zero() {
    let plan = plan("B");
    let equal = |one: &[isize], two: &[isize]| {
        let [one, two] = [one, two].map(|shape| Real::new(Layout::c_order(shape, 1).unwrap(), 1));
        let found = check(&one, &plan, &two, &plan).unwrap();
        assert_eq!(found, equal_item_by_item(&one, &plan, &two, &plan));
        found
    };
    assert!(equal(&[0, 3], &[0, 5]));
    assert!(equal(&[2, 0, 7], &[2, 0, 1]));
    assert!(!equal(&[2, 0], &[3, 0]));
    assert!(!equal(&[3, 0], &[0, 3]));
    assert!(!equal(&[0], &[0, 1]));
    assert!(!equal(&[], &[1]));
    assert!(equal(&[], &[]));
}

#[test]
fn an_array_equals_itself_unless_it_holds_a_nan() {
    for (format, nan) in [
        ("B", false),
        ("i", false),
        ("T{i:a:b:b:}", false),
        ("d", true),
        ("Zf", true),
    ] {
        let plan = plan(format);
        let real = Real::new(Layout::vector(3, plan.size()).unwrap(), 1);
        real.write(&vec![vec![0xff; plan.size()]; 3]);
        assert_eq!(check(&real, &plan, &real, &plan).unwrap(), !nan, "{format}");
    }
}

#[test]
fn objects_are_never_equal_and_plans_of_another_size_neither() {
    let bytes = plan("8s");
    let object = plan("O");
    let real = Real::new(Layout::vector(3, object.size()).unwrap(), 1);
    for (one, two) in [
        (&object, &object),
        (&object, &bytes),
        (&plan("B"), &plan("B")),
    ] {
        // SAFETY: `build` made the memory.
        let equal = unsafe { equal_raw(real.buf, &real.layout, one, real.buf, &real.layout, two) };
        assert!(!equal);
    }
}

//! Numbers and other values, one by one: by what they are worth, by their digits, as in Python.

use alloc::{format, string::String};

use super::equal::{float, plan};
use super::*;
use crate::format::{LongDouble, Plan, Value};
use crate::kernel::numeric::{self, Number};
use crate::kernel::{equal_values, half_to_single};

/// Numbers at the edges of formats.
pub(super) fn numbers() -> Vec<Value> {
    let integers = [
        0, 1, -1, 2, 3, 100, 127, 128, -128, 255, 256, 2048, 2049, 32767, 65535,
    ]
    .into_iter()
    .chain([
        1 << 24,
        (1 << 24) + 1,
        (1 << 31) - 1,
        -(1 << 31),
        (1 << 32) - 1,
        1 << 53,
    ])
    .chain([(1 << 53) + 1, i64::MAX, i64::MIN, i64::MAX - 511]);
    let unsigned = [
        1 << 63,
        u64::MAX,
        (1 << 63) + 2048,
        u64::MAX - 1023,
        u64::MAX - 2047,
    ];
    let floats = [
        0.0, -0.0, 0.5, 1.0, 2.0, -1.0, 100.0, 65504.0, 16777216.0, 5e-324, 1e300, 6e-8,
    ]
    .into_iter()
    .chain([
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        9007199254740992.0,
    ])
    .chain([
        2f64.powi(63),
        -2f64.powi(63),
        2f64.powi(64),
        2f64.powi(64) - 2048.0,
    ]);
    integers
        .map(Value::Int)
        .chain(unsigned.map(Value::UInt))
        .chain(floats.map(Value::Float))
        .collect()
}

const NUMBERS: [&str; 21] = [
    "?", "b", "B", "h", "H", "i", "I", "q", "Q", "e", "f", "d", "P", ">h", ">I", ">q", ">Q", ">e",
    ">f", ">d", "<d",
];

/// The bytes of every number that a format holds, whatever became of it in writing.
fn written(plan: &Plan) -> Vec<Vec<u8>> {
    let bytes = |value: Value| {
        let mut item = vec![0; plan.size()];
        let value = match value {
            Value::Float(value) if plan.write(&Value::Float(value), &mut item).is_err() => {
                Value::Int(value as i64)
            }
            other => other,
        };
        (plan.write(&value, &mut item).is_ok() || plan.write(&float(&value), &mut item).is_ok())
            .then_some(item)
    };
    let mut all: Vec<Vec<u8>> = numbers().into_iter().filter_map(bytes).collect();
    all.push(vec![0xff; plan.size()]);
    all.push(vec![0x80; plan.size()]);
    all.sort();
    all.dedup();
    all
}

#[test]
fn numbers_of_any_two_formats_are_compared_by_what_they_are_worth() {
    let (mut equal, mut unequal) = (0, 0);
    for one in NUMBERS {
        let (one_name, one) = (one, plan(one));
        let ones = written(&one);
        for two in NUMBERS {
            let (two_name, two) = (two, plan(two));
            let scalars = [one.as_scalar().unwrap(), two.as_scalar().unwrap()];
            let [a, b] = scalars.map(|scalar| Number::of(scalar).unwrap());
            for first in &ones {
                for second in &written(&two) {
                    let values = [one.read(first).unwrap(), two.read(second).unwrap()];
                    let expected = equal_values(&values[0], &values[1]);
                    let found = numeric::all_equal(a, first, b, second);
                    assert_eq!(found, expected, "{one_name} {two_name} {values:?}");
                    *(if expected { &mut equal } else { &mut unequal }) += 1;
                }
            }
        }
    }
    assert!(equal > 3_000 && unequal > 50_000, "{equal} {unequal}");
}

#[test]
fn an_integer_equals_a_float_if_its_digits_are_the_same() {
    for one in numbers() {
        for two in numbers() {
            let digits = |value: &Value| match value {
                Value::Int(value) => format!("{value}"),
                Value::UInt(value) => format!("{value}"),
                Value::Float(value) if *value == 0.0 => String::from("0"),
                // All digits of a large number, and enough of a small one.
                Value::Float(value) if value.fract() == 0.0 => format!("{value:.0}"),
                Value::Float(value) => format!("{value:e}"),
                _ => unreachable!(),
            };
            let nan = [&one, &two].into_iter().any(|value| digits(value) == "NaN");
            let expected = digits(&one) == digits(&two) && !nan;
            assert_eq!(equal_values(&one, &two), expected, "{one:?} {two:?}");
        }
    }
}

#[test]
fn every_half_is_the_single_that_is_read_of_it() {
    let half = plan("e");
    for bits in 0..=u16::MAX {
        let Value::Float(value) = half.read(&bits.to_ne_bytes()).unwrap() else {
            panic!("a half is a float");
        };
        let single = f64::from(half_to_single(bits));
        assert!(
            single.to_bits() == value.to_bits() || single.is_nan() && value.is_nan(),
            "{bits:#x}"
        );
        assert_eq!(single.is_sign_negative(), bits >> 15 == 1, "{bits:#x}");
    }
}

#[test]
fn every_half_is_compared_with_the_double_that_it_is() {
    let [half, double] = ["e", "d"].map(plan);
    let [a, b] = [&half, &double].map(|plan| Number::of(plan.as_scalar().unwrap()).unwrap());
    for bits in 0..=u16::MAX {
        let first = bits.to_ne_bytes();
        let Value::Float(value) = half.read(&first).unwrap() else {
            panic!("a half is a float");
        };
        let found = numeric::all_equal(a, &first, b, &value.to_ne_bytes());
        assert_eq!(found, !value.is_nan(), "{bits:#x}");
        let beside = (value.next_down() + 0.0).to_ne_bytes();
        let found = numeric::all_equal(a, &first, b, &beside);
        assert!(!found || value == f64::NEG_INFINITY, "{bits:#x}");
        let same = numeric::all_equal(a, &first, a, &first);
        assert_eq!(same, !value.is_nan(), "{bits:#x}");
    }
}

#[test]
fn values_are_equal_as_in_python() {
    let bytes = Value::Bytes(vec![65]);
    let one = [
        Value::Int(1),
        Value::UInt(1),
        Value::Bool(true),
        Value::Float(1.0),
        Value::Complex { re: 1.0, im: -0.0 },
        Value::Pointer(1),
        Value::LongDouble(LongDouble::from_f64(1.0)),
    ];
    for a in &one {
        for b in &one {
            assert!(equal_values(a, b), "{a:?} {b:?}");
        }
        let others = [
            bytes.clone(),
            Value::Complex { re: 1.0, im: 1.0 },
            Value::Complex {
                re: 1.0,
                im: f64::NAN,
            },
            Value::List(vec![a.clone()]),
            Value::Text(String::from("1")),
            Value::Float(1.5),
        ];
        for other in others {
            assert!(!equal_values(a, &other), "{a:?} {other:?}");
            assert!(!equal_values(&other, a), "{a:?} {other:?}");
        }
    }
    let list = Value::List(one[..2].to_vec());
    let tuple = Value::Tuple(
        one[2..4]
            .iter()
            .map(|value| (None, value.clone()))
            .collect(),
    );
    assert!(equal_values(&list, &tuple));
    assert!(!equal_values(&list, &Value::List(one[..1].to_vec())));
    assert!(!equal_values(&bytes, &Value::Text(String::from("A"))));
}

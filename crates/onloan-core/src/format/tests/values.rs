//! Values: what each code reads and takes.

use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::super::{Format, LongDouble, Plan, Reading, Value, WriteErrorKind};

fn plan(source: &str) -> Plan {
    let format = Format::parse(source).unwrap_or_else(|error| panic!("{}", error.caret(source)));
    format.plan(Reading::Padded)
}

fn read(source: &str, bytes: &[u8]) -> Value {
    plan(source).read(bytes).unwrap()
}

/// What writing leaves in memory that held nothing but 0xA5.
fn written(source: &str, value: &Value) -> Result<Vec<u8>, WriteErrorKind> {
    let plan = plan(source);
    let mut bytes = vec![0xa5; plan.size()];
    match plan.write(value, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => {
            assert!(
                bytes.iter().all(|&byte| byte == 0xa5),
                "{source} was half written"
            );
            Err(error.kind().clone())
        }
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.into())
}

#[test]
fn every_code_reads_and_writes_what_it_stands_for() {
    let rows: Vec<(&str, Vec<u8>, Value)> = vec![
        ("c", b"A".into(), bytes(b"A")),
        ("b", vec![0x80], Value::Int(-128)),
        ("B", vec![0xff], Value::UInt(255)),
        ("?", vec![1], Value::Bool(true)),
        ("<h", vec![0xfe, 0xff], Value::Int(-2)),
        (">h", vec![0xff, 0xfe], Value::Int(-2)),
        ("<H", vec![1, 2], Value::UInt(0x0201)),
        (">i", vec![0x80, 0, 0, 0], Value::Int(i64::from(i32::MIN))),
        ("!I", vec![0, 0, 1, 0], Value::UInt(256)),
        ("<l", vec![1, 0, 0, 0], Value::Int(1)),
        (">L", vec![0xff; 4], Value::UInt(u64::from(u32::MAX))),
        ("<q", vec![0xff; 8], Value::Int(-1)),
        ("<Q", vec![0xff; 8], Value::UInt(u64::MAX)),
        (
            "n",
            isize::MIN.to_ne_bytes().into(),
            Value::Int(isize::MIN as i64),
        ),
        (
            "N",
            usize::MAX.to_ne_bytes().into(),
            Value::UInt(usize::MAX as u64),
        ),
        ("<e", vec![0, 0x3c], Value::Float(1.0)),
        (">e", vec![0xc1, 0], Value::Float(-2.5)),
        (
            "<f",
            0.1f32.to_le_bytes().into(),
            Value::Float(f64::from(0.1f32)),
        ),
        (">d", 0.1f64.to_be_bytes().into(), Value::Float(0.1)),
        (
            "<Ze",
            vec![0, 0x3c, 0, 0xbc],
            Value::Complex { re: 1.0, im: -1.0 },
        ),
        (
            ">F",
            vec![0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0],
            Value::Complex { re: 1.0, im: -2.0 },
        ),
        ("<s", b"z".into(), bytes(b"z")),
        ("4s", b"ab\0\0".into(), bytes(b"ab\0\0")),
        ("4p", b"\x02ab\0".into(), bytes(b"ab")),
        ("p", b"\0".into(), bytes(b"")),
        ("0s", vec![], bytes(b"")),
        ("<u", vec![0xe9, 0], text("é")),
        (">2u", vec![0xd8, 0x3d, 0xde, 0x00], text("😀")),
        (
            "<2u",
            vec![0x41, 0, 0, 0xd8],
            Value::Units(vec![0x41, 0xd800]),
        ),
        (">2w", vec![0, 1, 0xf6, 0, 0, 0, 0, 0], text("😀\0")),
        (">w", vec![0, 0x11, 0, 0], Value::Units(vec![0x11_0000])),
        ("P", 4096usize.to_ne_bytes().into(), Value::Pointer(4096)),
        ("&<i", 4096usize.to_ne_bytes().into(), Value::Pointer(4096)),
        ("X{i->d}", 1usize.to_ne_bytes().into(), Value::Pointer(1)),
        ("z", 7usize.to_ne_bytes().into(), Value::Pointer(7)),
        (">Z", 7usize.to_be_bytes().into(), Value::Pointer(7)),
        (
            "2x:void:",
            b"ab".into(),
            Value::Tuple(vec![(Some("void".into()), bytes(b"ab"))]),
        ),
    ];
    for (source, memory, value) in rows {
        assert_eq!(read(source, &memory), value, "{source}");
        assert_eq!(written(source, &value), Ok(memory), "{source}");
    }
}

#[test]
fn doubles_and_long_doubles_in_complex_numbers() {
    let half = LongDouble::from_f64(0.5);
    for (source, value) in [
        ("Zd", Value::Complex { re: 0.5, im: -0.0 }),
        (
            ">D",
            Value::Complex {
                re: 0.5,
                im: f64::INFINITY,
            },
        ),
        ("g", Value::LongDouble(half)),
        (">g", Value::LongDouble(half)),
        (
            "<Zg",
            Value::LongComplex {
                re: half,
                im: LongDouble::from_f64(-3.0),
            },
        ),
        ("G", Value::LongComplex { re: half, im: half }),
    ] {
        let memory = written(source, &value).unwrap();
        assert_eq!(read(source, &memory), value, "{source}");
    }
    // Numbers widen.
    assert_eq!(
        read("g", &written("g", &Value::Int(2)).unwrap()),
        Value::LongDouble(LongDouble::from_f64(2.0))
    );
    assert_eq!(
        read("Zf", &written("Zf", &Value::Float(2.0)).unwrap()),
        Value::Complex { re: 2.0, im: 0.0 }
    );
}

#[test]
fn an_object_is_read_as_its_address_and_never_written() {
    let memory = 4096usize.to_ne_bytes();
    assert_eq!(read("O", &memory), Value::Pointer(4096));
    assert_eq!(
        written("O", &Value::Pointer(4096)),
        Err(WriteErrorKind::Object)
    );
    let pair = Value::Tuple(vec![(None, Value::Int(1)), (None, Value::Pointer(1))]);
    assert_eq!(written("iO", &pair), Err(WriteErrorKind::Object));
}

#[test]
fn integers_beyond_the_width_are_refused_with_the_range() {
    for (source, bits, signed) in [
        ("b", 8, true),
        ("B", 8, false),
        ("<h", 16, true),
        (">H", 16, false),
        ("=i", 32, true),
        ("=I", 32, false),
        ("<l", 32, true),
        ("<L", 32, false),
        ("q", 64, true),
        ("Q", 64, false),
        ("5t", 5, false),
        ("64t", 64, false),
        ("P", usize::BITS, false),
    ] {
        let (least, greatest) = if signed {
            (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
        } else {
            (0, (1i128 << bits) - 1)
        };
        let as_value = |number: i128| match i64::try_from(number) {
            Ok(number) => Value::Int(number),
            Err(_) => Value::UInt(number as u64),
        };
        for number in [least, 0, greatest] {
            let memory = written(source, &as_value(number)).unwrap();
            match read(source, &memory) {
                Value::Int(back) => assert_eq!(i128::from(back), number),
                Value::UInt(back) => assert_eq!(i128::from(back), number),
                Value::Pointer(back) => assert_eq!(back as i128, number),
                other => panic!("{other:?}"),
            }
        }
        for given in [least - 1, greatest + 1] {
            if i64::try_from(given).is_err() && u64::try_from(given).is_err() {
                continue;
            }
            let expected = WriteErrorKind::Range {
                given,
                least,
                greatest,
            };
            assert_eq!(written(source, &as_value(given)), Err(expected), "{source}");
        }
    }
    let error = plan("B").check(&Value::Int(300)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument out of range: 300, needs 0 <= number <= 255"
    );
}

#[test]
fn floats_are_rounded_to_even_and_never_become_infinite() {
    let float = |source, number| written(source, &Value::Float(number));
    // Half way between 1 and its neighbour, and between that and the next.
    assert_eq!(
        float("<f", 1.0 + 2f64.powi(-24)),
        Ok(1.0f32.to_le_bytes().into())
    );
    assert_eq!(
        float("<f", 1.0 + 3.0 * 2f64.powi(-24)),
        Ok((1.0 + 2f32.powi(-22)).to_le_bytes().into())
    );
    assert_eq!(float(">e", 2049.0), Ok(vec![0x68, 0x00]));
    assert_eq!(float(">e", 2051.0), Ok(vec![0x68, 0x02]));
    // Rounding twice, through a single, would give 1 + 2^-10.
    assert_eq!(
        float(">e", 1.0 + 2f64.powi(-11) + 2f64.powi(-40)),
        Ok(vec![0x3c, 0x01])
    );
    assert_eq!(
        float(">e", 1.0 + 2f64.powi(-11) - 2f64.powi(-40)),
        Ok(vec![0x3c, 0x00])
    );
    assert_eq!(float(">e", f64::INFINITY), Ok(vec![0x7c, 0]));
    assert_eq!(float(">e", 65519.99), Ok(vec![0x7b, 0xff]));
    assert_eq!(
        float("e", 65520.0),
        Err(WriteErrorKind::FloatRange {
            given: 65520.0,
            greatest: 65504.0
        })
    );
    let greatest = f64::from(f32::MAX);
    assert_eq!(
        float("f", 3.5e38),
        Err(WriteErrorKind::FloatRange {
            given: 3.5e38,
            greatest
        })
    );
    let complex = Value::Complex { re: 0.0, im: 1e39 };
    assert_eq!(
        written("Zf", &complex),
        Err(WriteErrorKind::FloatRange {
            given: 1e39,
            greatest
        })
    );
}

#[test]
fn signalling_nans_keep_their_bits() {
    for (source, memory) in [
        (">e", vec![0x7c, 0x01]),
        (">f", vec![0xff, 0x80, 0, 1]),
        (">d", vec![0x7f, 0xf0, 0, 0, 0, 0, 0, 1]),
    ] {
        let value = read(source, &memory);
        assert_eq!(written(source, &value), Ok(memory), "{source}");
    }
}

#[test]
fn short_strings_are_filled_and_long_ones_refused() {
    assert_eq!(written("4s", &bytes(b"ab")), Ok(b"ab\0\0".into()));
    assert_eq!(
        written("4s", &bytes(b"abcde")),
        Err(WriteErrorKind::Length {
            greatest: 4,
            given: 5
        })
    );
    assert_eq!(
        written("4p", &bytes(b"abcd")),
        Err(WriteErrorKind::Length {
            greatest: 3,
            given: 4
        })
    );
    assert_eq!(
        written("300p", &bytes(&[7; 256])),
        Err(WriteErrorKind::Length {
            greatest: 255,
            given: 256
        })
    );
    assert_eq!(written("0p", &bytes(b"")), Ok(vec![]));
    assert_eq!(read("3p", &[0xff, 1, 2]), bytes(&[1, 2]));
    assert_eq!(
        written("c", &bytes(b"")),
        Err(WriteErrorKind::Count {
            expected: 1,
            given: 0
        })
    );
    assert_eq!(
        written("<2w", &text("a")),
        Ok(vec![b'a', 0, 0, 0, 0, 0, 0, 0])
    );
    assert_eq!(
        written("u", &text("😀")),
        Err(WriteErrorKind::Length {
            greatest: 1,
            given: 2
        })
    );
    let wide = Value::Units(vec![0x1_0000]);
    assert_eq!(
        written("u", &wide),
        Err(WriteErrorKind::Unit {
            given: 0x1_0000,
            greatest: 0xffff
        })
    );
}

#[test]
fn structures_are_tuples_and_sub_arrays_are_lists() {
    let value = read("T{<I:id:<d:score:3x(2)>h:pair:}", &{
        let mut memory = vec![7, 0, 0, 0];
        memory.extend(0.5f64.to_le_bytes());
        memory.extend([9, 9, 9, 0, 1, 0xff, 0xff]);
        memory
    });
    assert_eq!(
        value,
        Value::Tuple(vec![
            (Some("id".into()), Value::UInt(7)),
            (Some("score".into()), Value::Float(0.5)),
            (
                Some("pair".into()),
                Value::List(vec![Value::Int(1), Value::Int(-1)])
            ),
        ])
    );
    let row = |numbers: [u64; 3]| Value::List(numbers.map(Value::UInt).into());
    assert_eq!(
        read("(2,3)B", &[1, 2, 3, 4, 5, 6]),
        Value::List(vec![row([1, 2, 3]), row([4, 5, 6])])
    );
    assert_eq!(
        read("(2)3B", &[1, 2, 3, 4, 5, 6]),
        read("(2,3)B", &[1, 2, 3, 4, 5, 6])
    );
    assert_eq!(
        read("(2,0)i", &[]),
        Value::List(vec![Value::List(vec![]), Value::List(vec![])])
    );
    assert_eq!(read("3xB", &[1, 2, 3, 4]), Value::UInt(4));
    assert_eq!(read("3x", &[1, 2, 3]), Value::Tuple(vec![]));
    assert_eq!(read("T{}", &[]).clone(), Value::Tuple(vec![]));
}

#[test]
fn padding_keeps_what_it_held() {
    let pair = Value::Tuple(vec![(None, Value::Int(1)), (None, Value::Int(2))]);
    assert_eq!(written("b2xb", &pair), Ok(vec![1, 0xa5, 0xa5, 2]));
    assert_eq!(written("xxB", &Value::UInt(7)), Ok(vec![0xa5, 0xa5, 7]));
}

#[test]
fn bit_fields_count_from_the_end_of_their_order() {
    let value =
        |numbers: &[u64]| Value::Tuple(numbers.iter().map(|&n| (None, Value::UInt(n))).collect());
    // 3 bits, 5 bits, 4 bits: from the low end in little-endian order, from the high end in big-endian.
    assert_eq!(
        read("<3t5t4t", &[0b1010_1011, 0b0000_1100]),
        value(&[3, 21, 12])
    );
    assert_eq!(
        read(">3t5t4t", &[0b0111_0101, 0b1100_0000]),
        value(&[3, 21, 12])
    );
    // The bits beyond the fields are left alone.
    assert_eq!(
        written("<3t5t4t", &value(&[3, 21, 12])),
        Ok(vec![0b1010_1011, 0xac])
    );
    assert_eq!(
        written(">3t5t4t", &value(&[3, 21, 12])),
        Ok(vec![0b0111_0101, 0xc5])
    );
    // A field of nine bytes.
    let wide = value(&[1, u64::MAX]);
    for source in ["<7t64t", ">7t64t"] {
        assert_eq!(read(source, &written(source, &wide).unwrap()), wide);
    }
}

#[test]
fn a_refusal_names_the_part() {
    let point = |x| Value::List(vec![Value::Int(x), Value::Int(0)]);
    let value = |x| {
        let points = Value::List(vec![point(0), point(x)]);
        Value::Tuple(vec![(None, Value::Int(0)), (Some("points".into()), points)])
    };
    let plan = plan("T{b:tag:2T{b:x:b:y:}:points:}");
    assert_eq!(plan.check(&value(1)), Ok(()));
    let error = plan.check(&value(128)).unwrap_err();
    assert_eq!(error.path(), "points[1].x");
    assert_eq!(
        error.to_string(),
        "points[1].x: argument out of range: 128, needs -128 <= number <= 127"
    );
    assert!(!error.is_type_error());
    let misnamed = Value::Tuple(vec![
        (Some("mark".into()), Value::Int(0)),
        (None, Value::Int(0)),
    ]);
    assert_eq!(
        plan.check(&misnamed).unwrap_err().to_string(),
        "the field is `tag`, not `mark`"
    );
    let short = Value::Tuple(vec![(None, Value::Int(0))]);
    assert_eq!(
        plan.check(&short).unwrap_err().to_string(),
        "needs exactly 2, not 1"
    );
    let error = plan.check(&Value::Int(3)).unwrap_err();
    assert_eq!(error.to_string(), "needs a tuple, not an integer");
    assert!(error.is_type_error());
}

#[test]
fn any_other_number_of_bytes_is_refused() {
    let plan = plan("i");
    assert_eq!(
        plan.read(&[0; 5]).unwrap_err().to_string(),
        "an item has 4 bytes, not 5"
    );
    let error = plan.write(&Value::Int(0), &mut [0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "an item has 4 bytes, not 3");
}

#[test]
fn the_other_byte_order_is_the_same_value_backwards() {
    let memory: Vec<u8> = (1..=32).collect();
    for code in [
        "h", "H", "i", "I", "l", "L", "q", "Q", "e", "f", "d", "g", "O", "P", "u", "w",
    ] {
        let (little, big) = (std::format!("<{code}"), std::format!(">{code}"));
        let size = plan(&little).size();
        let forwards = memory[..size].to_vec();
        let backwards: Vec<u8> = forwards.iter().rev().copied().collect();
        assert_eq!(read(&little, &forwards), read(&big, &backwards), "{code}");
    }
}

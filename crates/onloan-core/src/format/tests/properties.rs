//! What holds for every format and every item.

use proptest::collection::vec;
use proptest::prelude::*;
use std::string::{String, ToString};
use std::vec::Vec;

use super::super::{Format, Reading, Value};
use super::{generator, oracle};

const READINGS: [Reading; 2] = [Reading::Unpadded, Reading::Padded];

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        cases,
        ..ProptestConfig::default()
    }
}

/// What must hold for whatever the parser lets through.
fn hold_to_its_promises(format: &Format) {
    let printed = format.to_string();
    let again = Format::parse(&printed);
    assert_eq!(again.as_ref(), Ok(format), "printed as {printed}");
    assert_eq!(again.unwrap().to_string(), printed);
    assert!(format.size(Reading::Unpadded) <= format.size(Reading::Padded));
    for reading in READINGS {
        let plan = format.plan(reading);
        assert_eq!(plan.size(), format.size(reading), "{printed}");
        for field in plan.fields() {
            let last: usize = field
                .shape
                .iter()
                .zip(&field.strides)
                .map(|(extent, stride)| extent.saturating_sub(1) * stride)
                .sum();
            let end = field.offset + last + field.scalar.size();
            assert!(
                end <= plan.size() || field.shape.contains(&0),
                "{printed}: {field:?}"
            );
        }
        let explicit = format.with_explicit_padding(reading);
        assert!(!explicit.is_ambiguous(), "{printed} became {explicit}");
        assert_eq!(
            explicit.plan(Reading::Unpadded),
            plan,
            "{printed} became {explicit}"
        );
        assert_eq!(
            explicit.plan(Reading::Padded),
            plan,
            "{printed} became {explicit}"
        );
    }
    if !format.is_ambiguous() {
        assert_eq!(format.plan(Reading::Unpadded), format.plan(Reading::Padded));
    }
}

/// Enough bytes for an item, none of them twice the same in a row.
fn some_bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .collect()
}

/// NaN is unequal to itself, but looks the same.
fn look(value: &Value) -> String {
    std::format!("{value:?}")
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn every_way_to_write_a_format_is_read_and_printed_the_one_way(items in generator::items()) {
        let source = generator::write(&items);
        match Format::parse(&source) {
            Ok(format) => hold_to_its_promises(&format),
            Err(error) => panic!("{}", error.caret(&source)),
        }
    }

    #[test]
    fn sizes_alignments_and_offsets_are_those_of_the_oracle(items in generator::items()) {
        let source = generator::write(&items);
        let format = Format::parse(&source).unwrap();
        for reading in READINGS {
            let expected = oracle::size(&items, reading == Reading::Padded);
            prop_assert_eq!(format.size(reading), expected.size, "{} {:?}", source, reading);
            prop_assert_eq!(format.align(), expected.align, "{}", source);
            let offsets: Vec<usize> = format.plan(reading).fields().iter().map(|field| field.offset).collect();
            prop_assert_eq!(offsets, expected.offsets, "{} {:?}", source, reading);
        }
    }

    #[test]
    fn an_item_that_is_read_and_written_back_keeps_every_byte(items in generator::lossless_items(), seed: u64) {
        let source = generator::write(&items);
        let format = Format::parse(&source).unwrap();
        for reading in READINGS {
            let plan = format.plan(reading);
            let bytes = some_bytes(plan.size(), seed);
            let mut copy = bytes.clone();
            let value = plan.read(&bytes).unwrap();
            prop_assert_eq!(plan.write(&value, &mut copy), Ok(()), "{}", source);
            prop_assert_eq!(&copy, &bytes, "{}", source);
            // Into other memory: the same value, and nothing but padding is left of what was there.
            let mut other = some_bytes(plan.size(), !seed);
            prop_assert_eq!(plan.write(&value, &mut other), Ok(()), "{}", source);
            prop_assert_eq!(look(&plan.read(&other).unwrap()), look(&value), "{}", source);
        }
    }

    #[test]
    fn an_item_of_any_code_reads_the_same_once_written(items in generator::items(), seed: u64) {
        let source = generator::write(&items);
        let plan = Format::parse(&source).unwrap().plan(Reading::Padded);
        let mut bytes = some_bytes(plan.size(), seed);
        let before = bytes.clone();
        let value = plan.read(&bytes).unwrap();
        match plan.write(&value, &mut bytes) {
            Ok(()) => prop_assert_eq!(look(&plan.read(&bytes).unwrap()), look(&value), "{}", source),
            Err(error) => {
                prop_assert_eq!(error.kind(), &super::super::WriteErrorKind::Object, "{}", source);
                prop_assert_eq!(bytes, before);
            }
        }
    }

    #[test]
    fn a_refused_value_leaves_the_item_alone(
        from in generator::items(),
        into in generator::items(),
        seed: u64,
    ) {
        let from = Format::parse(&generator::write(&from)).unwrap().plan(Reading::Padded);
        let into = Format::parse(&generator::write(&into)).unwrap().plan(Reading::Padded);
        let value = from.read(&some_bytes(from.size(), seed)).unwrap();
        let mut bytes = some_bytes(into.size(), !seed);
        let before = bytes.clone();
        let checked = into.check(&value);
        let written = into.write(&value, &mut bytes);
        prop_assert_eq!(&checked, &written);
        if written.is_err() {
            prop_assert_eq!(bytes, before);
        }
    }

    #[test]
    fn damage_to_one_field_is_found_before_any_byte_changes(
        items in generator::lossless_items(),
        which: prop::sample::Index,
        seed: u64,
    ) {
        let source = generator::write(&items);
        let plan = Format::parse(&source).unwrap().plan(Reading::Padded);
        let mut bytes = some_bytes(plan.size(), seed);
        let before = bytes.clone();
        let mut value = plan.read(&bytes).unwrap();
        let leaves = leaves(&mut value);
        if leaves.is_empty() {
            return Ok(());
        }
        let at = which.index(leaves.len());
        *leaves.into_iter().nth(at).unwrap() = Value::Tuple(Vec::new());
        let error = plan.write(&value, &mut bytes).unwrap_err();
        prop_assert!(error.is_type_error(), "{}: {}", source, error);
        prop_assert_eq!(bytes, before);
    }
}

/// Everything in a value that is neither tuple nor list.
fn leaves(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Tuple(parts) => parts
            .iter_mut()
            .flat_map(|(_, part)| leaves(part))
            .collect(),
        Value::List(parts) => parts.iter_mut().flat_map(leaves).collect(),
        leaf => [leaf].into(),
    }
}

proptest! {
    #![proptest_config(config(5000))]

    #[test]
    fn any_bytes_are_read_or_refused_at_a_place_within_them(source in vec(any::<u8>(), 0..48)) {
        match Format::parse_bytes(&source) {
            Ok(format) => hold_to_its_promises(&format),
            Err(error) => prop_assert!(error.position() <= source.len()),
        }
    }

    #[test]
    fn any_string_of_the_grammar_s_letters_is_read_or_refused(
        source in "[@=<>!^xcbB?hHilLqQnNefdgFDZZspuwOP&tzGTX{}(),:a0-9 >-]{0,24}",
    ) {
        match Format::parse(&source) {
            Ok(format) => hold_to_its_promises(&format),
            Err(error) => {
                prop_assert!(error.position() <= source.len());
                prop_assert!(error.caret(&source).to_string().contains("expected"));
            }
        }
    }
}

proptest! {
    #![proptest_config(config(800))]

    #[test]
    fn a_format_with_one_byte_changed_is_read_or_refused(
        items in generator::items(),
        at: prop::sample::Index,
        byte: u8,
        how in 0..3,
    ) {
        let mut source = generator::write(&items).into_bytes();
        let at = at.index(source.len());
        match how {
            0 => source[at] = byte,
            1 => source.insert(at, byte),
            _ => { source.remove(at); }
        }
        match Format::parse_bytes(&source) {
            Ok(format) => hold_to_its_promises(&format),
            Err(error) => prop_assert!(error.position() <= source.len()),
        }
    }
}

//! Sizes, alignments and offsets, held against a table that was compared with Python.

use std::string::ToString;
use std::vec::Vec;

use super::super::{Endian, Format, Kind, Plan, Reading};

fn plan(source: &str) -> Plan {
    parse(source).plan(Reading::Padded)
}

fn parse(source: &str) -> Format {
    Format::parse(source).unwrap_or_else(|error| panic!("{}", error.caret(source)))
}

/// The table is that of 64-bit Linux on x86, where a long has 8 bytes and a long double 16.
#[cfg(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_pointer_width = "64"
))]
#[test]
fn the_table_of_formats_and_their_sizes_holds() {
    let table = include_str!("../../../tests/formats.txt");
    let mut rows = 0;
    for line in table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let columns: Vec<&str> = line.split('\t').collect();
        let [source, unpadded, padded, _confirmed_by] = columns[..] else {
            panic!("not four columns: {line}");
        };
        let format = parse(source);
        let sizes =
            [Reading::Unpadded, Reading::Padded].map(|reading| format.size(reading).to_string());
        assert_eq!(sizes, [unpadded, padded], "{source}");
        rows += 1;
    }
    assert!(rows > 150, "only {rows} rows were found");
}

#[test]
fn the_item_size_chooses_the_reading() {
    let format = parse("ib");
    assert_eq!(format.fit(5), Ok(Reading::Unpadded));
    assert_eq!(format.fit(8), Ok(Reading::Padded));
    let error = format.fit(6).unwrap_err();
    assert_eq!(
        error.to_string(),
        "format `ib` has 5 bytes, 8 with trailing padding; the item size is 6"
    );
    assert_eq!(error.size(Reading::Unpadded), 5);
    assert_eq!(
        parse("<ib").fit(8).unwrap_err().to_string(),
        "format `<ib` has 5 bytes; the item size is 8"
    );
}

#[test]
fn where_both_readings_fit_members_lie_as_in_c() {
    // The inner record ends at 5 or 8; the long double begins at 16 either way.
    let format = parse("T{T{ib}:x:b:c:g:d:}");
    let size = format.size(Reading::Padded);
    assert_eq!(format.size(Reading::Unpadded), size);
    assert!(format.is_ambiguous());
    let fields = format.plan_for(size).unwrap().fields();
    assert_eq!(fields[2].path, "c");
    assert_eq!(fields[2].offset, 8);
    assert_eq!(format.plan(Reading::Unpadded).fields()[2].offset, 5);
}

#[test]
fn padding_can_be_written_out() {
    for (source, reading, expected) in [
        ("bi", Reading::Padded, "b3xi"),
        ("ib", Reading::Padded, "ib3x"),
        ("ib", Reading::Unpadded, "^ib"),
        ("bi", Reading::Unpadded, "b3xi"),
        ("T{q:a:b:b:}", Reading::Padded, "T{q:a:b:b:7x}"),
        ("(2)T{i:a:b:b:}h", Reading::Padded, "(2)T{i:a:b:b:3x}h2x"),
        ("<ib", Reading::Padded, "<ib"),
        ("3ti", Reading::Padded, "3t3xi"),
        ("<b@q", Reading::Padded, "<b7x@q"),
    ] {
        let explicit = parse(source).with_explicit_padding(reading);
        assert_eq!(explicit.to_string(), expected, "{source}");
    }
}

#[test]
fn equal_representations_have_equal_plans() {
    let native = if Endian::NATIVE == Endian::Little {
        '<'
    } else {
        '>'
    };
    let foreign = if Endian::NATIVE == Endian::Little {
        '>'
    } else {
        '<'
    };
    assert_eq!(plan("i"), plan(&std::format!("{native}i")));
    assert_eq!(plan("i"), plan("=i"));
    assert_ne!(plan("i"), plan(&std::format!("{foreign}i")));
    assert_eq!(plan("b"), plan(&std::format!("{foreign}b")));
    assert_eq!(plan("P"), plan("z"));
    assert_eq!(plan("D"), plan("Zd"));
    assert_ne!(plan("c"), plan("B"));
    assert_ne!(plan("i"), plan("I"));
    assert_ne!(plan("i"), plan("T{i}"));
    assert_eq!(plan("3i"), plan("(3)i"));
    assert_ne!(plan("3s"), plan("3c"));
    assert_eq!(plan("T{i:a:b:b:}"), plan("i:a:b:b:3x"));
    let (one, two) = (plan("T{i:a:(2)d:b:}"), plan("T{i:x:4x(2)d:y:}"));
    assert_ne!(one, two);
    assert!(one.same_representation(&two));
    assert!(!one.same_representation(&plan("T{i:a:(2)q:b:}")));
    assert!(!plan("xB").same_representation(&plan("Bx")));
}

#[test]
fn a_single_scalar_says_what_it_is() {
    let scalar = plan("=h").as_native_scalar().unwrap();
    assert_eq!(
        (scalar.kind(), scalar.size(), scalar.endian()),
        (Kind::Signed, 2, Endian::NATIVE)
    );
    assert_eq!(scalar.integer_range(), Some((-32768, 32767)));
    let (little, big) = (
        plan("<d").as_scalar().unwrap(),
        plan(">d").as_scalar().unwrap(),
    );
    assert_ne!(little, big);
    assert_eq!(
        [little, big]
            .iter()
            .filter(|one| one.endian() == Endian::NATIVE)
            .count(),
        1
    );
    assert!(plan("4s").as_native_scalar().is_some());
    for source in ["2h", "T{h}", "hh", "xh", "h:a:", "3x"] {
        assert_eq!(plan(source).as_scalar(), None, "{source}");
    }
}

#[test]
fn fields_are_listed_flat_with_their_arrays() {
    let fields = plan("T{<I:id:(2,3)T{h:x:>d:y:}:points:3xH}").fields();
    let rows: Vec<_> = fields
        .iter()
        .map(|field| (field.path.as_str(), field.offset, field.scalar.to_string()))
        .collect();
    let foreign = |words: &str, order: Endian| match order {
        order if order == Endian::NATIVE => words.to_string(),
        Endian::Little => [words, ", little-endian"].concat(),
        Endian::Big => [words, ", big-endian"].concat(),
    };
    assert_eq!(
        rows,
        [
            ("id", 0, foreign("unsigned 32-bit", Endian::Little)),
            ("points.x", 4, foreign("signed 16-bit", Endian::Little)),
            ("points.y", 6, foreign("float 64-bit", Endian::Big)),
            ("2", 67, foreign("unsigned 16-bit", Endian::Big)),
        ]
    );
    assert_eq!(fields[2].shape, [2, 3]);
    assert_eq!(fields[2].strides, [30, 10]);
    assert_eq!(plan("xxi").fields()[0].path, "");
    assert_eq!(plan("xxi").fields()[0].offset, 4);
}

#[test]
fn bit_fields_of_one_order_share_bytes() {
    for (source, size) in [
        ("t", 1),
        ("8t", 1),
        ("9t", 2),
        ("3t5t", 1),
        ("3t6t", 2),
        ("<3t>5t", 2),
        ("3tB5t", 3),
        ("3t@h", 4),
        ("64t", 8),
        ("7t64t", 9),
        ("T{3t}T{5t}", 2),
    ] {
        assert_eq!(plan(source).size(), size, "{source}");
    }
}

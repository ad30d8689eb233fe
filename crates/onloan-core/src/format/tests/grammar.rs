//! What is read, how it is printed, and what is refused where.

use std::string::{String, ToString};
use std::vec::Vec;

use super::super::{
    Code, Format, Found, Kind, MAX_DEPTH, MAX_DIMENSIONS, Order, ParseErrorKind, Reading,
};

fn parse(source: &str) -> Format {
    Format::parse(source).unwrap_or_else(|error| panic!("{}", error.caret(source)))
}

fn canonical(source: &str) -> String {
    parse(source).to_string()
}

/// Position and message of the refusal.
fn refusal(source: &str) -> (usize, String) {
    let error = Format::parse(source).expect_err(source);
    (error.position(), error.to_string())
}

#[test]
fn every_code_of_the_table_is_read_and_printed() {
    let codes = [
        ("x", Kind::Opaque),
        ("c", Kind::Char),
        ("b", Kind::Signed),
        ("B", Kind::Unsigned),
        ("?", Kind::Bool),
        ("h", Kind::Signed),
        ("H", Kind::Unsigned),
        ("i", Kind::Signed),
        ("I", Kind::Unsigned),
        ("l", Kind::Signed),
        ("L", Kind::Unsigned),
        ("q", Kind::Signed),
        ("Q", Kind::Unsigned),
        ("n", Kind::Signed),
        ("N", Kind::Unsigned),
        ("e", Kind::Float),
        ("f", Kind::Float),
        ("d", Kind::Float),
        ("g", Kind::LongDouble),
        ("F", Kind::Complex),
        ("D", Kind::Complex),
        ("G", Kind::LongComplex),
        ("Ze", Kind::Complex),
        ("Zf", Kind::Complex),
        ("Zd", Kind::Complex),
        ("Zg", Kind::LongComplex),
        ("s", Kind::Bytes),
        ("p", Kind::Pascal),
        ("u", Kind::Text { unit: 2 }),
        ("w", Kind::Text { unit: 4 }),
        ("O", Kind::Object),
        ("P", Kind::Pointer),
        ("z", Kind::Pointer),
        ("Z", Kind::Pointer),
        ("t", Kind::Bits { bit: 0, width: 1 }),
    ];
    for (text, kind) in codes {
        let format = parse(text);
        let [item] = format.items() else {
            panic!("{text}")
        };
        match item.code() {
            Code::Plain(symbol) => assert_eq!((symbol.text(), symbol.kind()), (text, kind)),
            other => panic!("{text} became {other:?}"),
        }
        assert_eq!(format.to_string(), text);
    }
    for text in [
        "&i",
        "&&i",
        "X{}",
        "T{}",
        "X{i:a:d->Zd}",
        "&X{->&c}",
        "&T{}",
    ] {
        assert_eq!(canonical(text), text);
    }
}

#[test]
fn orders_stick_until_they_change_also_across_braces() {
    let format = parse("b<hT{i>iX{@i}l}P&=ii");
    let orders: Vec<Order> = format
        .items()
        .iter()
        .map(super::super::Item::order)
        .collect();
    use Order::*;
    assert_eq!(orders, [Native, Little, Little, Native, Native, Standard]);
    assert_eq!(canonical("T{<i:a:}i:b:"), "T{<i:a:}i:b:");
    assert_eq!(canonical("T{<i:a:}<i:b:"), "T{<i:a:}i:b:");
    assert_eq!(canonical("!i>i"), ">ii");
    assert_eq!(canonical("@i@i=i=i^i"), "ii=ii^i");
}

#[test]
fn prefixes_may_come_in_any_order_and_number() {
    for (source, expected) in [
        ("(2,3)<i", "(2,3)<i"),
        ("<(2,3)i", "(2,3)<i"),
        ("(2)(3)i", "(2,3)i"),
        ("(2)<(3)>4i", "(2,3)>4i"),
        ("3(2)i", "(3,2)i"),
        ("2<3s", "(2)<3s"),
        ("1(2)i", "(2)i"),
        ("3<i", "<3i"),
        ("><@i", "i"),
        ("1i", "i"),
        ("0i", "0i"),
        ("007i", "7i"),
        ("( 2 , 3 ) < 4 i", "(2,3)<4i"),
        ("&(2)<h", "&(2)<h"),
        ("(2)3&(2)<h", "(2)3&(2)<h"),
        ("<&>i", "<&>i"),
        ("2T{i}", "2T{i}"),
        ("(2)<T{i}", "(2)<T{i}"),
    ] {
        assert_eq!(canonical(source), expected, "{source}");
    }
}

#[test]
fn white_space_is_ignored_outside_names() {
    assert_eq!(canonical(" \t\n\x0b\x0c\ri : a b : "), "i: a b :");
    assert_eq!(
        canonical("T { i }\tX { i - > d }".replace("- >", "->").as_str()),
        "T{i}X{i->d}"
    );
    assert_eq!(canonical("Z d"), "Zd");
}

#[test]
fn names_may_be_empty_foreign_or_odd() {
    let format = parse("i::d:größe:b:} 3i(:h");
    let names: Vec<Option<&str>> = format
        .items()
        .iter()
        .map(super::super::Item::name)
        .collect();
    assert_eq!(names, [Some(""), Some("größe"), Some("} 3i("), None]);
    let error = Format::parse_bytes(b"i:a\xffb:").unwrap_err();
    assert_eq!((error.position(), error.found()), (3, Found::Byte(0xff)));
    assert_eq!(error.kind(), ParseErrorKind::NameNotUtf8);
}

#[test]
fn a_name_behind_a_pointer_s_target_is_the_pointer_s() {
    let format = parse("&T{i:x:}:p:");
    assert_eq!(format.items()[0].name(), Some("p"));
    assert_eq!(format.to_string(), "&T{i:x:}:p:");
}

#[test]
fn a_z_is_complex_before_a_real_code_and_a_pointer_otherwise() {
    for (source, codes) in [
        ("Zd", 1),
        ("Ze", 1),
        ("Z@d", 2),
        ("Z:name:d", 2),
        ("Z1d", 2),
        ("Z<d", 2),
        ("ZZd", 2),
        ("Zi", 2),
        ("&Zd", 1),
        ("&Z@d", 2),
    ] {
        let format = parse(source);
        assert_eq!(format.items().len(), codes, "{source}");
        assert_eq!(Format::parse(&format.to_string()), Ok(format), "{source}");
    }
    assert_eq!(canonical("Z1d"), "Z@d");
    assert_eq!(canonical("<Z:w:d:x:"), "<Z:w:d:x:");
}

#[test]
fn what_other_parsers_let_pass_is_refused() {
    for (source, position, message) in [
        ("", 0, "byte 0: found the end, expected at least one item"),
        (" ", 1, "byte 1: found the end, expected at least one item"),
        (
            "T{i",
            3,
            "byte 3: found the end, expected `}` to close what byte 0 opens",
        ),
        ("i}", 1, "byte 1: found `}`, expected a type code"),
        ("3", 1, "byte 1: found the end, expected a type code"),
        ("<", 1, "byte 1: found the end, expected a type code"),
        ("i<", 2, "byte 2: found the end, expected a type code"),
        ("T{i<}", 4, "byte 4: found `}`, expected a type code"),
        ("(2)", 3, "byte 3: found the end, expected a type code"),
        ("&", 1, "byte 1: found the end, expected a type code"),
        ("&:a:", 1, "byte 1: found `:`, expected a type code"),
        ("é", 0, "byte 0: found `é`, expected a type code"),
        ("i\0", 1, "byte 1: found `\\u{0}`, expected a type code"),
        ("Ti", 1, "byte 1: found `i`, expected `{` behind `T` or `X`"),
        (
            "X",
            1,
            "byte 1: found the end, expected `{` behind `T` or `X`",
        ),
        (
            "X{i->dd}",
            6,
            "byte 6: found `d`, expected `}`; a function has one result",
        ),
        ("X{i-d}", 4, "byte 4: found `d`, expected `>` of `->`"),
        ("X{->}", 4, "byte 4: found `}`, expected a type code"),
        ("()i", 1, "byte 1: found `)`, expected a number"),
        ("(3,)i", 3, "byte 3: found `)`, expected a number"),
        ("(-1)i", 1, "byte 1: found `-`, expected a number"),
        ("(2;3)i", 2, "byte 2: found `;`, expected `,` or `)`"),
        (
            "(2",
            2,
            "byte 2: found the end, expected `)` to close what byte 0 opens",
        ),
        (
            "i:name",
            6,
            "byte 6: found the end, expected `:` to close what byte 1 opens",
        ),
        (
            "2 3i",
            2,
            "byte 2: found `3`, expected a type code; white space may not split a number",
        ),
        (
            "<n",
            1,
            "byte 1: found `n`, expected `@` or `^` before a code that has only a native size",
        ),
        (
            "0t",
            1,
            "byte 1: found `t`, expected a bit field of 1 to 64 bits",
        ),
        (
            "65t",
            2,
            "byte 2: found `t`, expected a bit field of 1 to 64 bits",
        ),
    ] {
        assert_eq!(
            refusal(source),
            (position, message.to_string()),
            "{source:?}"
        );
    }
    for source in ["(2)t", "&t", "&3t"] {
        let error = Format::parse(source).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::BitFieldAddress, "{source}");
    }
}

#[test]
fn the_caret_stands_under_the_character() {
    let error = Format::parse("i:größe:k").unwrap_err();
    assert_eq!(
        error.caret("i:größe:k").to_string(),
        "i:größe:k\n        ^ found `k`, expected a type code"
    );
}

#[test]
fn depth_and_dimensions_are_bounded() {
    let nest = |open: &str, close: &str, levels: usize| {
        [&open.repeat(levels), "i", &close.repeat(levels)].concat()
    };
    for (open, close) in [("T{", "}"), ("&", ""), ("X{", "}"), ("X{->", "}")] {
        parse(&nest(open, close, MAX_DEPTH));
        let error = Format::parse(&nest(open, close, MAX_DEPTH + 1)).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::TooDeep);
        let bomb = nest(open, close, 1_000_000);
        assert_eq!(
            Format::parse(&bomb).unwrap_err().kind(),
            ParseErrorKind::TooDeep
        );
    }
    parse(&nest("(1)", "", MAX_DIMENSIONS));
    for source in [
        nest("(1)", "", MAX_DIMENSIONS + 1),
        nest("2T{", "}", 33).replace('i', &nest("(1)", "", 32)),
        ["(1", &",1".repeat(1_000_000), ")i"].concat(),
    ] {
        let error = Format::parse(&source).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::TooManyDimensions);
    }
}

#[test]
fn sizes_beyond_memory_are_refused() {
    let largest = isize::MAX.to_string();
    assert_eq!(
        parse(&std::format!("{largest}x")).size(Reading::Padded),
        isize::MAX as usize
    );
    for (source, kind) in [
        (
            std::format!("{}x", isize::MAX as usize + 1),
            ParseErrorKind::NumberTooLarge,
        ),
        (
            "99999999999999999999999999i".into(),
            ParseErrorKind::NumberTooLarge,
        ),
        (std::format!("{largest}h"), ParseErrorKind::TooLarge),
        (std::format!("{largest}xx"), ParseErrorKind::TooLarge),
        (std::format!("b{largest}xi"), ParseErrorKind::TooLarge),
        (std::format!("2T{{{largest}x}}"), ParseErrorKind::TooLarge),
        ("(4294967296,4294967296)i".into(), ParseErrorKind::TooLarge),
        (
            "(0,4294967296,4294967296)i".into(),
            ParseErrorKind::TooLarge,
        ),
        (
            std::format!("q{}x", isize::MAX - 9),
            ParseErrorKind::TooLarge,
        ),
    ] {
        assert_eq!(
            Format::parse(&source).map_err(|error| error.kind()),
            Err(kind),
            "{source}"
        );
    }
}

#[test]
fn many_values_of_no_bytes_are_refused() {
    for source in [
        "(1000000000,0)i",
        "1000000000T{}",
        "1000T{1000T{}}",
        "1000000(0)0s",
        "1000000(0)T{i}",
    ] {
        let error = Format::parse(source).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::Hollow, "{source}");
    }
    for source in [
        "(0,1000000000)i",
        "(1000,0)i",
        "1000T{}",
        "0T{1000T{}}",
        "1000000T{T{}b}",
    ] {
        parse(source);
    }
}

#[test]
fn one_native_letter_is_what_memoryview_takes() {
    for (source, letter) in [
        ("i", Some('i')),
        ("@N", Some('N')),
        ("e", Some('e')),
        ("P", Some('P')),
        ("<i", None),
        ("i:a:", None),
        ("2i", None),
        ("(1)i", None),
        ("ii", None),
        ("Zd", None),
        ("s", None),
        ("x", None),
        ("T{i}", None),
    ] {
        assert_eq!(parse(source).native_letter(), letter, "{source}");
    }
    assert_eq!(Format::default(), parse("B"));
}

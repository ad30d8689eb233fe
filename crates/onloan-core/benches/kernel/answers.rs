//! Equality, search and text.

use std::fmt::Write as _;
use std::hint::black_box;

use onloan_core::format::{Format, Plan, Reading};
use onloan_core::kernel::{
    Needle, Separator, count_raw, equal_raw, equal_values, hex_raw, index_raw,
};

use super::Bench;
use super::memory::{Memory, line};

fn plan(format: &str) -> Plan {
    Format::parse(format)
        .expect("a format")
        .plan(Reading::Padded)
}

pub(super) fn equal(bench: &mut Bench, size: usize) {
    for (one, two) in [
        ("B", "B"),
        ("d", "d"),
        ("e", "e"),
        (">d", ">d"),
        ("i", ">i"),
        ("i", "d"),
        ("q", "d"),
        ("f", "d"),
        ("?", "B"),
        ("Zf", "Zd"),
        ("T{h:a:xi:b:}", "T{h:a:xi:b:}"),
        ("T{i:a:d:b:}", "T{q:a:>d:b:}"),
    ] {
        let name = format!("equal {one} {two}");
        if !bench.wants(&name) {
            continue;
        }
        let plans = [plan(one), plan(two)];
        let count = size / plans[0].size();
        let [one, two] = [&plans[0], &plans[1]].map(|plan| {
            let mut memory = Memory::new(line(count * plan.size(), plan.size(), 1), 0);
            memory.bytes.fill(0);
            memory
        });
        let equal = || {
            let [first, second] = &plans;
            // SAFETY: each `Memory` has the bytes of its layout.
            unsafe {
                equal_raw(
                    one.buf(),
                    &one.layout,
                    first,
                    two.buf(),
                    &two.layout,
                    second,
                )
            }
        };
        let plainly = || {
            let value = |plan: &Plan, item: &[u8]| plan.read(item).expect("an item");
            let mut items = one.items().zip(two.items());
            items.all(|(a, b)| equal_values(&value(&plans[0], a), &value(&plans[1], b)))
        };
        assert!(equal() && plainly(), "{name}");
        let copy = one.bytes.clone();
        bench.case(
            &name,
            one.bytes.len(),
            &mut || assert!(black_box(equal())),
            &mut || assert!(black_box(&copy) == black_box(&one.bytes)),
            &mut || assert!(black_box(plainly())),
        );
    }
}

pub(super) fn find(bench: &mut Bench, size: usize) {
    for format in ["B", "h", "i", "d", "T{h:a:xi:b:}"] {
        let plan = plan(format);
        let memory = Memory::new(line(size, plan.size(), 1), 0);
        let last = memory.items().last().expect("an item");
        let value = plan.read(last).expect("an item");
        let equals = |item: &[u8]| equal_values(&plan.read(item).expect("an item"), &value);
        let needle = Needle::of(&plan, &value);
        let (buf, layout) = (memory.buf(), &memory.layout);
        // SAFETY: a `Memory` has the bytes of its layout.
        let count = || unsafe { count_raw(buf, layout, &needle) };
        // SAFETY: a `Memory` has the bytes of its layout.
        let index = || unsafe { index_raw(buf, layout, &needle) };
        assert_eq!(
            count(),
            memory.items().filter(|item| equals(item)).count(),
            "{format}"
        );
        assert_eq!(index(), memory.items().position(equals), "{format}");
        let name = format!("count {format}");
        let copy = memory.bytes.clone();
        if bench.wants(&name) {
            bench.case(
                &name,
                memory.layout.nbytes(),
                &mut || _ = black_box(count()),
                &mut || assert!(black_box(&copy) == black_box(&memory.bytes)),
                &mut || _ = black_box(memory.items().filter(|item| equals(item)).count()),
            );
        }
    }
}

pub(super) fn text(bench: &mut Bench, size: usize) {
    let memory = Memory::new(line(size, 1, 1), 0);
    for every in [0, 1, 4, -8] {
        let name = format!("hex, every {every}");
        if !bench.wants(&name) {
            continue;
        }
        let separator = Separator::new(':', every);
        let hex = || {
            // SAFETY: a `Memory` has the bytes of its layout.
            unsafe { hex_raw(memory.buf(), &memory.layout, separator) }.expect("memory")
        };
        let plainly = || {
            let mut text = String::new();
            for (at, byte) in memory.bytes.iter().enumerate() {
                let counted = if every > 0 { size - at } else { at };
                if at > 0 && every != 0 && counted.is_multiple_of(every.unsigned_abs()) {
                    text.push(':');
                }
                write!(text, "{byte:02x}").expect("a string");
            }
            text
        };
        assert!(hex() == plainly(), "{name}");
        let mut flat = vec![0; size];
        bench.case(
            &name,
            size,
            &mut || _ = black_box(hex()),
            &mut || black_box(&mut flat).copy_from_slice(&memory.bytes),
            &mut || _ = black_box(plainly()),
        );
    }
}

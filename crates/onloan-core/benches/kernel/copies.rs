//! Copies, swaps and fills.

use std::hint::black_box;

use onloan_core::kernel::{Unit, copy_raw, copy_swapped_raw, fill_raw};
use onloan_core::layout::Layout;

use super::Bench;
use super::memory::{Memory, copy_plainly, line};

/// A cube or a square with its axes in another order.
fn permuted(bytes: usize, itemsize: usize, axes: &[usize]) -> [Layout; 2] {
    let extent = ((bytes / itemsize) as f64).powf(1.0 / axes.len() as f64) as isize;
    let to = Layout::c_order(&vec![extent; axes.len()], itemsize).expect("a cube");
    let from = to.permute(axes).expect("axes of the cube");
    [to, from]
}

pub(super) fn layouts(bench: &mut Bench, size: usize) {
    let pixels = ((size / 3) as f64).sqrt() as isize;
    let interleaved = Layout::c_order(&[pixels, pixels, 3], 1).expect("an image");
    let planar = Layout::c_order(&[3, pixels, pixels], 1).expect("an image");
    let cases: Vec<(&str, [Layout; 2])> = vec![
        ("copy contiguous", [line(size, 1, 1), line(size, 1, 1)]),
        (
            "copy 1 byte, every 2nd",
            [line(size, 1, 1), line(size, 1, 2)],
        ),
        (
            "copy 1 byte, every 3rd",
            [line(size, 1, 1), line(size, 1, 3)],
        ),
        (
            "copy 1 byte, every 13th",
            [line(size, 1, 1), line(size, 1, 13)],
        ),
        (
            "copy 1 byte, to every 2nd",
            [line(size, 1, 2), line(size, 1, 1)],
        ),
        (
            "copy 1 byte, reversed",
            [line(size, 1, 1), line(size, 1, -1)],
        ),
        (
            "copy 8 bytes, every 2nd",
            [line(size, 8, 1), line(size, 8, 2)],
        ),
        (
            "copy 8 bytes, reversed",
            [line(size, 8, 1), line(size, 8, -1)],
        ),
        ("copy 1 byte, transposed", permuted(size, 1, &[1, 0])),
        ("copy 2 bytes, transposed", permuted(size, 2, &[1, 0])),
        ("copy 4 bytes, transposed", permuted(size, 4, &[1, 0])),
        ("copy 8 bytes, transposed", permuted(size, 8, &[1, 0])),
        ("copy 16 bytes, transposed", permuted(size, 16, &[1, 0])),
        ("copy 12 bytes, transposed", permuted(size, 12, &[1, 0])),
        ("copy 8 bytes, axes 2 1 0", permuted(size, 8, &[2, 1, 0])),
        ("copy 8 bytes, axes 0 2 1", permuted(size, 8, &[0, 2, 1])),
        ("copy 1 byte, axes 1 2 0", permuted(size, 1, &[1, 2, 0])),
        (
            "copy pixels to planes",
            [
                planar.clone(),
                interleaved.permute(&[2, 0, 1]).expect("axes"),
            ],
        ),
        (
            "copy planes to pixels",
            [interleaved, planar.permute(&[1, 2, 0]).expect("axes")],
        ),
    ];
    for (name, [to, from]) in cases {
        if !bench.wants(name) {
            continue;
        }
        let (mut to, from) = (Memory::new(to, 0), Memory::new(from, 5));
        let mut plain = Memory::new(to.layout.clone(), 0);
        copy_plainly(&mut plain, &from, false);
        let copy = |to: &mut Memory| {
            let target = to.buf_mut();
            // SAFETY: each `Memory` has the bytes of its layout, and its own.
            let copied = unsafe { copy_raw(target, &to.layout, from.buf(), &from.layout) };
            copied.expect("the same shape and item size");
        };
        copy(&mut to);
        assert!(to.bytes == plain.bytes, "{name}");
        let mut flat = vec![0; to.layout.nbytes()];
        bench.case(
            name,
            flat.len(),
            &mut || copy(&mut to),
            &mut || black_box(&mut flat).copy_from_slice(&from.bytes[..from.layout.nbytes()]),
            &mut || copy_plainly(&mut plain, &from, false),
        );
    }
}

/// Rows behind pointers.
pub(super) fn rows(bench: &mut Bench, size: usize) {
    let name = "copy 1 byte, rows behind pointers";
    if !bench.wants(name) {
        return;
    }
    let count = (size as f64).sqrt() as isize;
    let rows: Vec<Vec<u8>> = (0..count)
        .map(|row| vec![row as u8; count as usize])
        .collect();
    let table: Vec<*const u8> = rows.iter().map(Vec::as_ptr).collect();
    let pointer = size_of::<*const u8>() as isize;
    let from = Layout::indirect(&[count; 2], &[pointer, 1], &[0, -1], 1).expect("a table");
    let mut to = Memory::new(Layout::c_order(&[count; 2], 1).expect("a square"), 0);
    let copy = |to: &mut Memory| {
        let target = to.buf_mut();
        // SAFETY: the table leads to the rows, and `to` is apart.
        let copied = unsafe { copy_raw(target, &to.layout, table.as_ptr().cast(), &from) };
        copied.expect("the same shape and item size");
    };
    copy(&mut to);
    assert!(to.bytes == rows.concat(), "{name}");
    let flat = rows.concat();
    let mut plain = flat.clone();
    let mut target = flat.clone();
    bench.case(
        name,
        flat.len(),
        &mut || copy(&mut to),
        &mut || black_box(&mut target).copy_from_slice(&flat),
        &mut || {
            let bytes = black_box(&rows).iter().flatten();
            plain
                .iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = *from);
        },
    );
}

pub(super) fn swaps(bench: &mut Bench, size: usize) {
    for (name, itemsize, steps) in [
        ("swap 2 bytes", 2, 1),
        ("swap 8 bytes", 8, 1),
        ("swap 8 bytes, every 2nd", 8, 2),
    ] {
        if !bench.wants(name) {
            continue;
        }
        let mut to = Memory::new(line(size, itemsize, 1), 0);
        let from = Memory::new(line(size, itemsize, steps), 5);
        let mut plain = Memory::new(to.layout.clone(), 0);
        copy_plainly(&mut plain, &from, true);
        let unit = Unit::of(itemsize).expect("a unit");
        let swap = |to: &mut Memory| {
            let (target, layout) = (to.buf_mut(), &to.layout);
            // SAFETY: each `Memory` has the bytes of its layout, and its own.
            let copied =
                unsafe { copy_swapped_raw(target, layout, from.buf(), &from.layout, unit) };
            copied.expect("the same shape and item size");
        };
        swap(&mut to);
        assert!(to.bytes == plain.bytes, "{name}");
        let mut flat = vec![0; size];
        bench.case(
            name,
            size,
            &mut || swap(&mut to),
            &mut || black_box(&mut flat).copy_from_slice(&from.bytes[..size]),
            &mut || copy_plainly(&mut plain, &from, true),
        );
    }
}

pub(super) fn fills(bench: &mut Bench, size: usize) {
    for (name, itemsize) in [
        ("fill 1 byte", 1),
        ("fill 4 bytes", 4),
        ("fill 12 bytes", 12),
    ] {
        if !bench.wants(name) {
            continue;
        }
        let item: Vec<u8> = (1..=itemsize as u8).collect();
        let mut to = Memory::new(line(size, itemsize, 1), 0);
        let fill = |to: &mut Memory| {
            let target = to.buf_mut();
            // SAFETY: a `Memory` has the bytes of its layout.
            let filled = unsafe { fill_raw(target, &to.layout, &item) };
            filled.expect("an item of the size");
        };
        fill(&mut to);
        assert!(to.items().all(|found| found == item), "{name}");
        let (mut flat, nbytes) = (vec![0; size], to.layout.nbytes());
        let source = flat.clone();
        let mut plain = flat.clone();
        bench.case(
            name,
            nbytes,
            &mut || fill(&mut to),
            &mut || black_box(&mut flat).copy_from_slice(&source),
            &mut || {
                plain
                    .chunks_exact_mut(itemsize)
                    .for_each(|to| to.copy_from_slice(black_box(&item)));
            },
        );
    }
}

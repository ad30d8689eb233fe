//! Which exports stood in the way, as far as that can be seen from where a `BufferError` is made.
//!
//! Those of the object of which a method was just called, if the innermost frame still has it on its stack of values. Else those of objects in sight: local
//! variables of the innermost frames, globals that they name, and what these refer to; the nearest first. The message says whether exports can be
//! the reason at all: a refused request is none.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::blocked::Frames;
use super::hash::Set;
use super::heap::Traversals;
use super::layout::{address, layout};
use super::ledger::LEDGER;
use super::locals;
use super::words;

/// From so many frames the objects in sight are taken.
const IN_SIGHT: usize = 3;
/// So many objects are looked at from a frame.
const LOOKED_AT: usize = 5000;

/// Whether a message can be about exports that are out. `None`: nobody knows this message.
pub(super) fn is_about_exports(message: &str) -> Option<bool> {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    // "memoryview has 1 exported buffer", "cannot close exported pointers exist", "2 exports are out"
    if says(&[
        "export is out",
        "exports are out",
        "existing exports",
        "exporting",
        "exported",
    ]) {
        return Some(true);
    }
    let refused = [
        "writable",
        "contiguous",
        "read-only",
        "readonly",
        "pybuf",
        "request",
        "format",
        "suboffset",
    ];
    says(&refused).then_some(false)
}

/// The type that a message of CPython's own is about.
fn kind_meant(message: &str) -> Option<&'static str> {
    let known = [
        (
            "Existing exports of data: object cannot be re-sized",
            "bytearray",
        ),
        (
            "cannot resize an array that is exporting buffers",
            "array.array",
        ),
        ("exported pointers", "mmap.mmap"),
        ("memoryview has", "memoryview"),
    ];
    let found = known.iter().find(|(words, _)| message.contains(words));
    found.map(|(_, kind)| *kind)
}

/// Whether an object that is alive is of a type, or of one below it.
fn is_a(py: Python<'_>, object: usize, kind: &str) -> bool {
    let pointer = std::ptr::with_exposed_provenance_mut(object);
    // SAFETY: an exporter of which an export is out.
    let object: Bound<'_, PyAny> = unsafe { Bound::from_borrowed_ptr(py, pointer) };
    let order = words::order(&object.get_type());
    order.is_some_and(|order| order.iter().any(|class| words::type_name(&class) == kind))
}

/// The exporters that have something out.
fn lending() -> Set<usize> {
    let ledger = LEDGER.lock();
    let records = ledger.records.iter().filter(|record| !record.foreign);
    let exporters = records.flat_map(|record| [record.exporter, record.asked]);
    exporters.filter(|exporter| *exporter != 0).collect()
}

/// The exporters with exports out that the innermost frames can see, the nearest first. Of a message that nobody knows only what is at hand counts.
pub(super) fn exporters(
    py: Python<'_>,
    frames: &Frames<'_>,
    message: &str,
    sure: bool,
) -> PyResult<Vec<usize>> {
    let exporters = lending();
    let mut order: Vec<usize> = Vec::new();
    let mut traversals = Traversals::default();
    let mut seen: Set<usize> = Set::default();
    for frame in frames.iter().take(if sure { IN_SIGHT } else { 1 }) {
        let mut level = at_hand(frame)?;
        let mut looked_at = 0;
        for _ in 0..(if sure { 4 } else { 2 }) {
            let mut next = Vec::new();
            for object in level {
                looked_at += 1;
                if looked_at > LOOKED_AT || !seen.insert(object) {
                    continue;
                }
                if exporters.contains(&object) {
                    order.push(object);
                }
                let pointer = std::ptr::with_exposed_provenance_mut(object);
                // SAFETY: an object that a frame refers to, and others that such objects refer to; nothing runs meanwhile.
                if unsafe { ffi::PyObject_GC_IsTracked(pointer) } == 0 {
                    continue;
                }
                // SAFETY: as above; known to the collector.
                let held: Bound<'_, PyAny> = unsafe { Bound::from_borrowed_ptr(py, pointer) };
                // Behind a class or a module lies the whole program.
                let kind = words::type_name(held.get_type().as_any());
                if ["type", "module", "function", "frame", "code"].contains(&&*kind) {
                    continue;
                }
                let mut visit = |referent| next.push(referent);
                // SAFETY: as above.
                unsafe { traversals.traverse(object, &mut visit) };
            }
            level = next;
        }
    }
    if let Some(meant) = kind_meant(message) {
        if order.is_empty() {
            // Nothing in sight (an exporter that only C code knows): if one of that type alone has something out, it is that.
            let known: Set<usize> = {
                let ledger = LEDGER.lock();
                ledger
                    .records
                    .iter()
                    .filter(|record| !record.foreign)
                    .map(|record| record.exporter)
                    .collect()
            };
            order.extend(
                known
                    .into_iter()
                    .filter(|exporter| is_a(py, *exporter, meant)),
            );
            order.truncate(if order.len() == 1 { 1 } else { 0 });
        }
        order.sort_by_key(|exporter| !is_a(py, *exporter, meant));
    }
    Ok(order)
}

/// Of the exporters that the message is about those on the stack of values of a frame: it was just calling a method of one. Places of it that are not in use have what they had last, so they are compared with addresses of
/// objects that are known to live, and not followed.
pub(super) fn called(frame: &Bound<'_, PyAny>, message: &str) -> PyResult<Vec<usize>> {
    let Some(meant) = kind_meant(message) else {
        return Ok(Vec::new());
    };
    let Some(frames) = layout().and_then(|layout| layout.frames.as_ref()) else {
        return Ok(Vec::new());
    };
    let code = frame.getattr("f_code")?;
    let first = locals::names(&code)?.len();
    let size: usize = code.getattr("co_stacksize")?.extract()?;
    // SAFETY: a frame object that lives.
    let place = unsafe { frames.of_object(address(frame)) };
    let exporters = lending();
    let mut found = Vec::new();
    for number in first..first + size {
        // SAFETY: a frame is as long as its local variables and its stack.
        let value = unsafe { frames.local(place, number) };
        if exporters.contains(&value) && !found.contains(&value) && is_a(frame.py(), value, meant) {
            found.push(value);
        }
    }
    Ok(found)
}

/// What a frame has at hand: its local variables, and the globals that its code names.
fn at_hand(frame: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let mut found = Vec::new();
    let code = frame.getattr("f_code")?;
    let names = locals::names(&code)?;
    if let Some(frames) = layout().and_then(|layout| layout.frames.as_ref()) {
        // SAFETY: a frame object that lives.
        let place = unsafe { frames.of_object(address(frame)) };
        for number in 0..names.len() {
            // SAFETY: the frame of a thread that stands still; its code has this place.
            let value = unsafe { frames.local(place, number) };
            if value != 0 {
                found.push(value);
            }
        }
    }
    let globals = frame.getattr("f_globals")?;
    let globals = globals.cast::<PyDict>()?;
    for name in code.getattr("co_names")?.cast::<PyTuple>()? {
        if name.is_exact_instance_of::<PyString>()
            && let Ok(Some(value)) = globals.get_item(&name)
        {
            found.push(address(&value));
        }
    }
    Ok(found)
}

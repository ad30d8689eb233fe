//! What is out, for Python: copied from the ledger, completed from managed buffers, with holders.
//!
//! In this order: scan for new types; copy under the lock; list the heap and search it, in which nothing of Python runs; drop the heap. What leaves here
//! is text and numbers, so that no export lives longer because somebody asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyType};

use super::clock;
use super::control::{self, LEFT_OUT, UNSEEN};
use super::facts::{self, Chains, Export, Frames, Lent};
use super::hash::{Map, Set};
use super::heap::{Heap, Quiet};
use super::holders;
use super::layout::{self, Layout, address};
use super::ledger::LEDGER;
use super::locals;
use super::pool::ON;
use super::records::Record;
use super::stacks::{Site, UNKNOWN};
use super::texts::Texts;
use super::words;

/// Which exports are wanted.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    All,
    /// Acquired after this mark.
    Since(u64),
    /// Of these exporters.
    Of(&'a [usize]),
    /// Of this registered cell, up to this number.
    OfCell(usize, u64),
}

/// An export that is out.
pub(super) struct Found {
    pub(super) record: Record,
    pub(super) matched: &'static str,
    pub(super) start: usize,
    pub(super) kind: Arc<str>,
    pub(super) owner: Option<Arc<str>>,
    pub(super) frames: Frames,
    pub(super) thread: Arc<str>,
    pub(super) chains: Chains,
    pub(super) why: Option<Arc<str>>,
}

/// All that is known, or None if tracing is off.
#[pyfunction]
pub(crate) fn trace_read(py: Python<'_>, holders: bool) -> PyResult<Option<Bound<'_, PyDict>>> {
    if !control::trace_is_on() {
        return Ok(None);
    }
    let _quiet = Quiet::new(py);
    let live = collect(py, Wanted::All, holders)?;
    let read = PyDict::new(py);
    let (sites, timeline) = {
        let ledger = LEDGER.lock();
        let timeline: Vec<(f64, u64, u64)> = ledger
            .timeline
            .samples()
            .iter()
            .map(|sample| (clock::seconds(sample.time), sample.bytes, sample.count))
            .collect();
        let sites: Vec<(Site, String)> = ledger
            .stacks
            .sites()
            .iter()
            .map(|site| (*site, ledger.kinds.name(site.kind).to_owned()))
            .collect();
        (sites, timeline)
    };
    let found = scanned_at(&live);
    read.set_item("live", facts::told(py, &into_lent(live))?)?;
    read.set_item("sites", site_facts(py, sites, &found))?;
    read.set_item("errors", super::blocked::trace_errors(py, 0)?)?;
    read.set_item("lost", trace_lost(py)?)?;
    read.set_item("timeline", timeline)?;
    Ok(Some(read))
}

/// What is missing, and how much of it.
#[pyfunction]
pub(crate) fn trace_lost(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let lost = {
        let ledger = LEDGER.lock();
        [
            ("unmatched_releases", ledger.unmatched),
            ("dropped_records", ledger.dropped),
            ("dropped_stacks", ledger.stacks.dropped),
            ("ambiguous_releases", ledger.records.ambiguous),
            ("dropped_errors", super::blocked::dropped()),
            ("untraced_types", LEFT_OUT.load(Ordering::Relaxed) as u64),
        ]
    };
    let facts = PyDict::new(py);
    for (name, number) in lost {
        facts.set_item(name, number)?;
    }
    Ok(facts)
}

/// What was acquired after the mark and is out.
#[pyfunction]
pub(crate) fn trace_since(py: Python<'_>, mark: u64, holders: bool) -> PyResult<Bound<'_, PyList>> {
    let _quiet = Quiet::new(py);
    let found = collect(py, Wanted::Since(mark), holders)?;
    facts::told(py, &into_lent(found))
}

/// Collects what is wanted; with what the ledger knows, if it is on.
pub(super) fn collect(py: Python<'_>, wanted: Wanted<'_>, holders: bool) -> PyResult<Vec<Found>> {
    let Some(layout) = layout::layout() else {
        return Ok(Vec::new());
    };
    control::rescan(py);
    let (mut records, codes) = copied(py, wanted);
    let mut texts = Texts::new(py);
    // What a registered cell has lent is on record, wherever it is held.
    let heap = match wanted {
        Wanted::OfCell(..) if !holders => None,
        _ => Some(Heap::new(py)?),
    };
    if let Some(heap) = &heap {
        complete(layout, heap, &mut records);
    }
    let mut owners = Owners::default();
    let mut found = Vec::new();
    for (record, matched, start) in records {
        let exporter = (!record.foreign).then(|| object(py, record.exporter));
        let owner = exporter
            .as_ref()
            .and_then(|exporter| owners.of(exporter, record.exporter));
        let is_wanted = match wanted {
            Wanted::All => true,
            Wanted::Since(mark) => record.sequence > mark,
            Wanted::OfCell(cell, _) => record.is_of_cell(cell),
            Wanted::Of(own) => own.iter().any(|own| {
                [record.exporter, record.asked].contains(own)
                    || owner.as_ref().is_some_and(|(owner, _)| owner == own)
            }),
        };
        if !is_wanted {
            continue;
        }
        let is_known = !record.seeded || record.sequence != 0;
        let asked = (record.asked != 0).then(|| texts.kind(record.asked_kind));
        found.push(Found {
            matched,
            start,
            kind: match exporter {
                _ if is_known => texts.kind(record.kind),
                Some(exporter) => texts.type_name(&exporter),
                None => texts.unknown(),
            },
            owner: owner.map(|(_, name)| name).or(asked),
            frames: texts.stack(record.stack),
            thread: if record.seeded {
                texts.unknown()
            } else {
                texts.thread(record.thread)
            },
            chains: texts.no_chains(),
            why: None,
            record,
        });
    }
    drop(codes);
    match heap {
        Some(heap) if holders => holders::search(py, &heap, &mut found)?,
        _ => {}
    }
    Ok(found)
}

/// An object that the heap, or an export of it, keeps alive.
pub(super) fn object(py: Python<'_>, address: usize) -> Bound<'_, PyAny> {
    let pointer = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: an exporter lives as long as its export is out, which it was a moment ago; nothing of Python has run since.
    unsafe { Bound::from_borrowed_ptr(py, pointer) }
}

type Known = (Record, &'static str, usize);

/// The records, and references to the code objects of all stacks, so that a stop meanwhile does not take them away.
fn copied<'py>(py: Python<'py>, wanted: Wanted<'_>) -> (Vec<Known>, Vec<Bound<'py, PyAny>>) {
    // While tracing is off: what registered cells have out.
    let count = LEDGER.lock().records.len();
    if count == 0 {
        return (Vec::new(), Vec::new());
    }
    let (all, is_wanted) = match wanted {
        Wanted::OfCell(cell, until) => (0, Some((cell, until))),
        _ => (count + 64, None),
    };
    let mut records = Vec::with_capacity(all);
    let mut codes = Set::default();
    {
        let ledger = LEDGER.lock();
        for record in ledger.records.iter() {
            if let Some((cell, until)) = is_wanted
                && !(record.is_of_cell(cell) && record.sequence <= until)
            {
                continue;
            }
            let matched = if record.seeded {
                "scan"
            } else if record.floats() {
                "moved"
            } else {
                "pointer"
            };
            records.push((*record, matched, 0));
            if record.stack != UNKNOWN {
                codes.extend(
                    ledger
                        .stacks
                        .frames_of(record.stack)
                        .iter()
                        .map(|frame| frame.code),
                );
            }
        }
    }
    let codes = codes.into_iter().map(|code| object(py, code)).collect();
    records.sort_unstable_by_key(|(record, ..)| record.sequence);
    (records, codes)
}

/// Finds the objects that have the views, and adds what managed buffers hold and no record tells of.
fn complete(layout: &Layout, heap: &Heap<'_>, records: &mut Vec<Known>) {
    let known: Map<usize, usize> = records
        .iter()
        .enumerate()
        .map(|(number, (record, ..))| (record.view, number))
        .collect();
    let on = ON.load(Ordering::Relaxed);
    for managed in heap.managed(layout) {
        if let Some(number) = known.get(&managed.view) {
            let (record, _, start) = &mut records[*number];
            // Behind a class with `__buffer__` the view names a wrapper, and the record who was asked in the end.
            if record.exporter == managed.exporter || record.asked != 0 || record.buf == managed.buf
            {
                *start = managed.object;
                continue;
            }
        }
        let recent = on.then(|| {
            LEDGER
                .lock()
                .recent
                .find(managed.view, managed.exporter)
                .copied()
        });
        let record = recent.flatten().unwrap_or(Record {
            view: managed.view,
            exporter: managed.exporter,
            buf: managed.buf,
            len: managed.len,
            internal: managed.internal,
            ndim: managed.ndim,
            flags: UNSEEN,
            stack: UNKNOWN,
            seeded: true,
            ..Record::EMPTY
        });
        records.push((record, "scan", managed.object));
    }
}

/// Exporters that stand for another object: that of `BytesIO.getbuffer()`.
#[derive(Default)]
struct Owners {
    /// Whether it is such a type.
    kinds: Map<usize, bool>,
    found: Map<usize, Option<(usize, Arc<str>)>>,
}

impl Owners {
    fn of(&mut self, exporter: &Bound<'_, PyAny>, place: usize) -> Option<(usize, Arc<str>)> {
        // SAFETY: an exporter that lives.
        let kind = unsafe { Heap::type_of(place) };
        let stands = *self.kinds.entry(kind).or_insert_with(|| {
            words::type_name(exporter.get_type().as_any()) == "_io._BytesIOBuffer"
        });
        if !stands {
            return None;
        }
        let find = || {
            let gc = exporter.py().import("gc").ok()?;
            let referents = gc.call_method1("get_referents", (exporter,)).ok()?;
            // From 3.12 on its type is one of them.
            let mut others = referents.try_iter().ok()?.flatten();
            let owner = others.find(|referent| !referent.is_instance_of::<PyType>())?;
            let name = words::type_name(owner.get_type().as_any());
            Some((address(&owner), name.into()))
        };
        self.found.entry(place).or_insert_with(find).clone()
    }
}

/// How many exports of types that are not followed were found to come from a site, and their bytes.
fn scanned_at(found: &[Found]) -> Map<usize, (u64, u64)> {
    let mut sites: Map<usize, (u64, u64)> = Map::default();
    let ledger = LEDGER.lock();
    for found in found
        .iter()
        .filter(|found| found.matched == "scan" && !found.record.seeded)
    {
        if let Some(site) = ledger.stacks.site_of(found.record.stack) {
            let (count, bytes) = sites.entry(site).or_default();
            *count += 1;
            *bytes += found.record.len as u64;
        }
    }
    sites
}

type SiteFacts = (String, u32, String, String, u64, u64, u64, u64, u64);

fn site_facts(
    py: Python<'_>,
    sites: Vec<(Site, String)>,
    scanned: &Map<usize, (u64, u64)>,
) -> Vec<SiteFacts> {
    sites
        .into_iter()
        .enumerate()
        // What onloan itself borrows while it looks at something.
        .filter(|(_, (site, _))| site.code == 0 || !locals::is_own(&object(py, site.code)))
        .map(|(number, (site, kind))| {
            let (file, function) = if site.code == 0 {
                ("?".to_owned(), "?".to_owned())
            } else {
                words::place(&object(py, site.code))
            };
            let (count, bytes) = scanned.get(&number).copied().unwrap_or_default();
            (
                file,
                site.line,
                function,
                kind,
                site.acquired,
                site.released,
                site.live + count,
                site.live_bytes + bytes,
                site.peak_bytes.max(bytes),
            )
        })
        .collect()
}

/// Grouped by exporter, in the order in which they were first acquired.
pub(super) fn into_lent(found: Vec<Found>) -> Vec<Lent> {
    let now = clock::now();
    let mut order: Map<usize, usize> = Map::default();
    let mut lent: Vec<Lent> = Vec::new();
    for found in found {
        let record = found.record;
        let place = *order.entry(record.exporter).or_insert_with(|| {
            lent.push(Lent {
                kind: found.kind,
                nbytes: 0,
                address: record.exporter,
                owner: found.owner,
                exports: Vec::new(),
            });
            lent.len() - 1
        });
        let lent = &mut lent[place];
        lent.nbytes = lent.nbytes.max(record.len);
        let age = (!record.seeded).then(|| f64::from(now.saturating_sub(record.time)) / 1000.0);
        lent.exports.push(Export {
            number: record.sequence,
            flags: record.flags,
            nbytes: record.len,
            thread: found.thread,
            age,
            matched: found.matched,
            frames: found.frames,
            chains: found.chains,
            why: found.why,
        });
    }
    lent
}

/// What stands in the way of a mutator: the exports of the objects in sight, for a `BufferError`.
pub(super) fn in_the_way(
    py: Python<'_>,
    exporters: &[usize],
    holders: bool,
) -> PyResult<Vec<Lent>> {
    let mut found = collect(py, Wanted::Of(exporters), holders)?;
    let rank = |exporter: usize| exporters.iter().position(|other| *other == exporter);
    found.sort_by_key(|found| rank(found.record.exporter).unwrap_or(usize::MAX));
    Ok(into_lent(found))
}

/// `str(object)` if it is a plain string.
pub(super) fn plain(object: &Bound<'_, PyAny>) -> Option<String> {
    let text = object.cast_exact::<PyString>().ok()?;
    Some(text.to_string_lossy().into_owned())
}

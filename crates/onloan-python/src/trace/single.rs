//! What is out of one object, and of one registered cell.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::buffer::Buffer;
use crate::view::View;

use super::control::UNSEEN;
use super::facts::{self, Chains, Frames, Lent};
use super::heap::Quiet;
use super::layout::{self, address};
use super::ledger::LEDGER;
use super::records::Record;
use super::report::{Found, Wanted, collect, into_lent};
use super::words;

/// What is out of one object.
#[pyfunction]
pub(crate) fn trace_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    let py = object.py();
    let _quiet = Quiet::new(py);
    layout::verify(py).map_err(PyRuntimeError::new_err)?;
    let own = [address(object)];
    let mut found = collect(py, Wanted::Of(&own), true)?;
    let counted = if let Ok(buffer) = object.cast::<Buffer>() {
        buffer.get().exports() as usize
    } else if let Ok(view) = object.cast::<View>() {
        view.get().exports()
    } else {
        0
    };
    for _ in found.len()..counted {
        found.push(counted_only(object)?);
    }
    facts::told(py, &into_lent(found))
}

/// An export of which only the exporter's own counter knows.
fn counted_only(object: &Bound<'_, PyAny>) -> PyResult<Found> {
    let why = if object.is_instance_of::<Buffer>() {
        "only the exporter's own counter knows of it: registered=True, or tracing, tells who acquires it"
    } else {
        "only the exporter's own counter knows of it: start tracing to see who acquires it"
    };
    Ok(Found {
        record: Record {
            exporter: address(object),
            len: object.getattr("nbytes")?.extract()?,
            flags: UNSEEN,
            seeded: true,
            ..Record::EMPTY
        },
        matched: "counter",
        start: 0,
        kind: words::type_name(object.get_type().as_any()).into(),
        owner: None,
        frames: Frames::default(),
        thread: "?".into(),
        chains: Chains::default(),
        why: Some(why.into()),
    })
}

/// What a registered cell has lent: of so many exports at most, the oldest. And how many there are.
pub(super) fn of_cell(
    py: Python<'_>,
    cell: usize,
    most: usize,
    holders: bool,
) -> PyResult<(Vec<Lent>, usize)> {
    let mut numbers: Vec<u64> = {
        let ledger = LEDGER.lock();
        let of_cell = ledger.records.iter().filter(|it| it.is_of_cell(cell));
        of_cell.map(|record| record.sequence).collect()
    };
    let count = numbers.len();
    let Some(last) = count.min(most).checked_sub(1) else {
        return Ok((Vec::new(), 0));
    };
    let until = *numbers.select_nth_unstable(last).1;
    let mut found = collect(py, Wanted::OfCell(cell, until), holders)?;
    if !holders {
        for found in &mut found {
            let why = "not searched for: the searches at errors have taken long enough";
            found.why = Some(why.into());
        }
    }
    Ok((into_lent(found), count))
}

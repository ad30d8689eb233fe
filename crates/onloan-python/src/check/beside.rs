//! One buffer is held while every request is made: E-07, E-24 (`buf`), E-53, E-62.

use onloan::request::Request;
use pyo3::prelude::*;

use super::answer::Answer;
use super::breach::{Breaches, Told};
use super::freed::freed;
use super::held::{Difference, contents};
use super::matrix::{POISON, TELLING};
use super::poisoned::{Poisoned, Raised};

/// Holds one buffer while every request is made, and looks at it again after each.
///
/// `step(rule, request)` is called before each of them; the bytes are looked at if
/// they are to be `read`. A list of (rule, way, request, expected, seen, explain).
#[pyfunction]
#[pyo3(signature = (object, step, read, /))]
pub(crate) fn _check_beside(
    object: &Bound<'_, PyAny>,
    step: &Bound<'_, PyAny>,
    read: bool,
) -> PyResult<Vec<Told>> {
    let py = object.py();
    let mut found = Breaches::default();
    let first = TELLING.into_iter().find_map(|request| {
        let (answer, held) = Answer::hold(object, request.flags(), POISON);
        held.map(|held| (answer, held))
    });
    let Some((answer, mut held)) = first else {
        return Ok(found.0);
    };
    let Some(before) = answer.filled.clone() else {
        return Ok(found.0);
    };
    let bytes = || if read { contents(&before) } else { None };
    let first_bytes = bytes();
    let changed = |held: &Poisoned| {
        let after = held.filled();
        if after != before {
            Some(Difference(&before, &after).to_string())
        } else {
            // Others may write to the memory; to freed memory the allocator writes.
            let now = bytes();
            let (before, now) = (first_bytes.as_deref()?, now.as_deref()?);
            let (byte, offset, length) = freed(before, now)?;
            Some(format!(
                "freed memory: {length} bytes 0x{byte:02X} at offset {offset}"
            ))
        }
    };
    for request in Request::all() {
        step.call1(("E-53", request.to_string()))?;
        let (beside, second) = Answer::hold(object, request.flags(), POISON);
        let asked = changed(&held);
        let mut released = None;
        if let Some(mut second) = second {
            second.release(py);
            drop(Raised::take(py));
            released = changed(&held);
        }
        if request == answer.request
            && let (None, Some(raised)) = (&beside.filled, &beside.raised)
        {
            found.add(
                ("E-07", ""),
                request,
                "a second buffer while one is out",
                format!("refused: {}", raised.name),
                format!("allowed; it says: {}", raised.message),
            );
        }
        if let Some(filled) = &beside.filled
            && let (Some(here), Some(there)) = (before.buf, filled.buf)
            && here != there
        {
            let way = if before.readonly == Some(0) {
                "buf"
            } else {
                "copy"
            };
            found.add(
                ("E-24", way),
                request,
                format!("the memory that {} has got", answer.request),
                "other memory",
                "two consumers at the same time have different memory: what one writes the other does not see",
            );
        }
        let rule = if asked.is_some() { "E-53" } else { "E-62" };
        if let Some(change) = asked.or(released) {
            found.add(
                (rule, ""),
                answer.request,
                "a buffer that is held stays as it is while others ask and release",
                change,
                if rule == "E-62" {
                    format!("it changed when one of {request} was released")
                } else {
                    format!("it changed when {request} was asked for")
                },
            );
            break;
        }
    }
    held.release(py);
    drop(Raised::take(py));
    Ok(found.0)
}

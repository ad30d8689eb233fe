//! The end of a `Buffer`: closing it, and leaving its `with` block.

use std::sync::atomic::Ordering;

use pyo3::prelude::*;

use super::{Buffer, Origin};
use crate::errors;

/// Frees the memory now, or says how many exports stand in the way.
pub(super) fn close(buffer: &Buffer, py: Python<'_>) -> PyResult<()> {
    if buffer.is_closed() {
        return Ok(());
    }
    let freed = buffer.cell.take(py).map(drop);
    freed.map_err(|busy| errors::busy("close", busy))?;
    if let Origin::Lazy(function, _) = &buffer.origin {
        function.clear();
    }
    Ok(())
}

/// Closes at the end of a `with` block. A refusal must not take the place of an exception that is under way, which is often the reason why
/// something is still out: that one gets a note, and the memory is freed at the last release.
pub(super) fn leave(buffer: &Buffer, py: Python<'_>, error: &Bound<'_, PyAny>) -> PyResult<()> {
    let Err(refused) = close(buffer, py) else {
        return Ok(());
    };
    if error.is_none() || super::memory::free_later(&buffer.cell, py).is_err() {
        return Err(refused);
    }
    buffer.closed.store(true, Ordering::Release);
    let note = format!(
        "onloan.Buffer: {}; the memory is freed at the last release",
        refused.value(py)
    );
    error.call_method1("add_note", (note,))?;
    // Of a registered Buffer: who has it.
    if let Ok(notes) = refused.value(py).getattr("__notes__") {
        for note in notes.try_iter()? {
            error.call_method1("add_note", (note?,))?;
        }
    }
    Ok(())
}

//! Registered cells: they tell the ledger of their exports themselves, whoever compiled them, whether or not slots are exchanged.
//!
//! ```text
//!   slot of a class ──▶ hook, while tracing is on ──▶ the exporter's function ──▶ registered? ──▶ hooks ──▶ ledger
//! ```
//!
//! While tracing is on, both the hook around the slot and the cell see an export. The cell is inside: its record is there when the hook looks, which
//! then leaves it, also at the release. So an export is on record once, by whom it does not matter, and stays so when tracing
//! starts or stops meanwhile.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

use onloan::__private::{Ledger, Package, announce_with};
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::blocked;
use super::clock;
use super::control;
use super::hooks::{self, ENDING, Teller};
use super::layout;
use super::ledger::LEDGER;
use super::note;
use super::pool::{GET_POOL, ON, RELEASE_POOL};
use super::records::Number;
use super::report;
use super::single;

/// Times are told from a later moment when so many milliseconds have passed: 24 days.
const LONG: u32 = 1 << 31;

/// The functions that every module with onloan finds.
static OFFERED: Ledger = Ledger {
    size: size_of::<Ledger>() as u32,
    open,
    acquired,
    released,
    explain,
};

/// Whether some cell may have been registered.
static OPENED: AtomicBool = AtomicBool::new(false);

/// Offers the ledger to all extension modules, and what stands behind the tracer's functions.
pub(super) fn offer(py: Python<'_>) {
    let package = Package {
        original: Some(original),
        ledger: Some(&OFFERED),
        retarget: Some(retarget),
    };
    announce_with(py, package);
}

/// The function that one of the tracer's stands for; NULL if it is none of these.
unsafe extern "C" fn original(slot: *const c_void) -> *const c_void {
    let original = [RELEASE_POOL, GET_POOL]
        .iter()
        .find_map(|pool| pool.original(slot.addr()));
    std::ptr::with_exposed_provenance(original.unwrap_or(0))
}

/// # Safety
/// As for [`Package::retarget`]: in every slot that holds `ours`, `to` may stand in the place of `from`.
unsafe extern "C" fn retarget(
    ours: *const c_void,
    from: *const c_void,
    to: *const c_void,
) -> c_int {
    let done = [RELEASE_POOL, GET_POOL].iter().any(|pool| {
        pool.retarget(
            ours.addr(),
            from.expose_provenance(),
            to.expose_provenance(),
        )
    });
    done.into()
}

/// Makes everything ready for cells that are registered.
unsafe extern "C" fn open() -> c_int {
    // SAFETY: modules call it attached.
    let py = unsafe { Python::assume_attached() };
    let opened = layout::verify(py)
        .map_err(PyRuntimeError::new_err)
        .and_then(|_| control::remember(py));
    match opened {
        Ok(()) => {
            if !OPENED.swap(true, Ordering::Relaxed) && !ON.load(Ordering::Relaxed) {
                clock::restart();
            }
            0
        }
        Err(error) => {
            error.restore(py);
            -1
        }
    }
}

/// # Safety
/// As for [`Ledger::acquired`].
unsafe extern "C" fn acquired(
    exporter: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
    cell: *const c_void,
) -> u64 {
    if clock::now() > LONG {
        rejuvenate();
    }
    // SAFETY: granted by the caller.
    let number = unsafe { hooks::acquired(exporter, view, flags, Teller::Cell(cell.addr())) };
    Number::into_plain(number)
}

/// # Safety
/// As for [`Ledger::released`].
unsafe extern "C" fn released(
    exporter: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    cell: *const c_void,
    number: u64,
) {
    let told = (cell.addr(), Number::from_plain(number));
    // SAFETY: granted by the caller.
    unsafe { hooks::release(exporter, view, Some(told)) };
}

/// A process that lives for months: of what has been out for long it is told that it was at least so long.
#[cold]
fn rejuvenate() {
    let mut ledger = LEDGER.lock();
    clock::advance(LONG / 2);
    ledger.records.rejuvenate(LONG / 2);
}

/// Adds a note to an exception: what a registered cell has lent, to whom. Unless one is there already, from the tracer.
///
/// # Safety
/// As for [`Ledger::explain`].
unsafe extern "C" fn explain(error: *mut ffi::PyObject, cell: *const c_void) {
    if ENDING.load(Ordering::Relaxed) || !blocked::is_ours() {
        return;
    }
    // SAFETY: modules call it attached.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: an exception that is alive.
    let error: Bound<'_, PyAny> = unsafe { Bound::from_borrowed_ptr(py, error) };
    blocked::alone(|| {
        if let Ok(notes) = error.getattr("__notes__") {
            let explained = |note: Bound<'_, PyAny>| {
                report::plain(&note).is_some_and(|note| note.starts_with(note::BEGINNING))
            };
            if notes.cast::<PyList>()?.iter().any(explained) {
                return Ok(());
            }
        }
        let search = |holders| single::of_cell(py, cell.addr(), note::MOST, holders);
        let (found, count) = blocked::searched(search)?;
        if count > 0 {
            error.call_method1("add_note", (note::of_cell(&found, count),))?;
        }
        Ok(())
    });
}

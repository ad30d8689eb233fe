//! The ledger of the Python package, as it is reached from here: what has it told of each export of a registered cell.
//!
//! The package keeps it (`onloan.tracing`), for whatever is traced; there is one in a process. A cell that was
//! [registered](crate::ExportCell::register) tells of its exports itself, whether or not tracing is on.

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::{PyImportError, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::cell::Header;
use crate::table;

/// The functions of the ledger. Append-only, as the table of modules: `size` says how much there is.
#[repr(C)]
pub struct Ledger {
    /// Bytes of this struct.
    pub size: u32,
    /// Makes the ledger ready for cells. -1 with an exception set where the package cannot look into this interpreter, else 0.
    pub open: unsafe extern "C" fn() -> c_int,
    /// An exporter has filled a view: of the cell at this address. The answer is the number of the export, to be told at its release.
    pub acquired:
        unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::Py_buffer, c_int, *const c_void) -> u64,
    /// A view is being given back to an exporter: to the cell at this address, the export of this number.
    pub released: unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::Py_buffer, *const c_void, u64),
    /// Adds a note to an exception: who has what the cell at this address has lent.
    pub explain: unsafe extern "C" fn(*mut ffi::PyObject, *const c_void),
}

/// The ledger, once a cell was registered.
static LEDGER: AtomicPtr<Ledger> = AtomicPtr::new(ptr::null_mut());

#[inline]
fn known() -> Option<&'static Ledger> {
    let ledger = NonNull::new(LEDGER.load(Ordering::Acquire))?;
    // SAFETY: a static of the package's module, which is never unloaded.
    Some(unsafe { ledger.as_ref() })
}

/// Finds the ledger, importing the package if need be.
///
/// # Errors
/// `ImportError` if there is no package, or one from before there was a ledger for others; what the package raises where it cannot look into
/// this interpreter.
pub(crate) fn open(py: Python<'_>) -> PyResult<()> {
    if known().is_some() {
        return Ok(());
    }
    if let Err(cause) = py.import("onloan._onloan") {
        let error = PyImportError::new_err(
            "exports cannot be registered: the Python package onloan, which keeps the ledger, cannot be imported",
        );
        error.set_cause(py, Some(cause));
        return Err(error);
    }
    let ledger = table::ledger(py).filter(|ledger| ledger.size as usize >= size_of::<Ledger>());
    let Some(ledger) = ledger else {
        return Err(PyImportError::new_err(
            "exports cannot be registered: this version of the Python package onloan keeps no ledger for other modules",
        ));
    };
    // SAFETY: attached.
    if unsafe { (ledger.open)() } != 0 {
        return Err(PyErr::take(py).unwrap_or_else(|| {
            PyRuntimeError::new_err("exports cannot be registered in this interpreter")
        }));
    }
    LEDGER.store(ptr::from_ref(ledger).cast_mut(), Ordering::Release);
    Ok(())
}

/// Tells of an export; the answer is its number.
///
/// # Safety
/// Attached; `object` has just filled `view`, from the cell whose header it is.
pub(crate) unsafe fn acquired(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
    cell: NonNull<Header>,
) -> u64 {
    // SAFETY: granted by the caller.
    known().map_or(0, |ledger| unsafe {
        (ledger.acquired)(object, view, flags, cell.as_ptr().cast())
    })
}

/// Tells of the end of an export.
///
/// # Safety
/// Attached; `view` was filled by `object` (or is a copy of one that was), from the cell whose header it is, under this number, and is given back.
pub(crate) unsafe fn released(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    cell: NonNull<Header>,
    number: u64,
) {
    if let Some(ledger) = known() {
        // SAFETY: granted by the caller.
        unsafe { (ledger.released)(object, view, cell.as_ptr().cast(), number) };
    }
}

/// Adds to an exception who has what a registered cell has lent. `cell` is its address, which is not followed.
pub(crate) fn explain(py: Python<'_>, error: &PyErr, cell: usize) {
    if let Some(ledger) = known() {
        let value = error.value(py).as_ptr();
        // SAFETY: attached; an exception that is alive.
        unsafe { (ledger.explain)(value, ptr::without_provenance(cell)) };
    }
}

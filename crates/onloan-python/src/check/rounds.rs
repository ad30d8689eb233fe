//! Many rounds of one request: reference counts and memory that do not come back.

use std::ffi::c_int;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::poisoned::{Poisoned, Raised};

/// References that are held while counting, so that losing some frees nothing.
const SPARE: usize = 200;

/// Acquires and releases `rounds` times, or is refused that often: how many were granted.
#[pyfunction]
#[pyo3(signature = (object, flags, rounds, /))]
pub(crate) fn _check_rounds(object: &Bound<'_, PyAny>, flags: c_int, rounds: usize) -> usize {
    let py = object.py();
    let mut granted = 0;
    for _ in 0..rounds {
        let mut view = Poisoned::new(0xA5);
        if view.ask(object, flags) {
            granted += 1;
            view.release(py);
        }
        drop(Raised::take(py));
    }
    granted
}

/// Before, during and after a buffer is out.
type Counts = (Option<isize>, isize, isize);

/// Reference counts around one acquisition and release: (exporter, owner, owned by itself).
///
/// None where the request is refused. Each count is (before, during, after);
/// owner is that of another object, None where obj is NULL or names the exporter,
/// and its before is None where obj names another object each time. Two hundred
/// spare references are held meanwhile, which are not counted.
#[pyfunction]
#[pyo3(signature = (object, flags, /))]
pub(crate) fn _check_references(
    object: &Bound<'_, PyAny>,
    flags: c_int,
) -> PyResult<Option<(Counts, Option<Counts>, bool)>> {
    let py = object.py();
    let spare = PyList::new(py, vec![object; SPARE])?;
    let mut view = Poisoned::new(0xA5);
    if !view.ask(object, flags) {
        drop(Raised::take(py));
        return Ok(None);
    }
    // The first time may fill caches, and tells who the owner is.
    let first = view.owner(py).filter(|owner| !owner.is(object));
    let spare_of_first = spared(first.as_ref())?;
    view.release(py);
    drop(Raised::take(py));

    let before = count(object);
    let first_before = first.as_ref().map(count);
    let mut view = Poisoned::new(0xA5);
    if !view.ask(object, flags) {
        drop(Raised::take(py));
        return Ok(None);
    }
    let during = count(object);
    let owner = view.owner(py);
    let of_itself = owner.as_ref().is_some_and(|owner| owner.is(object));
    let owner = owner.filter(|owner| !owner.is(object));
    let same = matches!((&first, &owner), (Some(first), Some(owner)) if first.is(owner));
    let spare_of_owner = spared(owner.as_ref().filter(|_| !same))?;
    let owner_during = owner.as_ref().map(count);
    view.release(py);
    drop(Raised::take(py));
    let owner_after = owner.as_ref().map(count);
    let after = count(object);
    let of_owner = owner_during.zip(owner_after).map(|(during, after)| {
        // `owner` was not held yet when `first` was counted.
        let before = first_before.filter(|_| same).map(|before| before + 1);
        (before, during, after)
    });
    drop((spare, spare_of_first, spare_of_owner));
    let less = SPARE as isize;
    Ok(Some((
        (Some(before - less), during - less, after - less),
        of_owner,
        of_itself,
    )))
}

fn spared<'py>(object: Option<&Bound<'py, PyAny>>) -> PyResult<Option<Bound<'py, PyList>>> {
    object
        .map(|object| PyList::new(object.py(), vec![object; SPARE]))
        .transpose()
}

/// The reference count of an object.
#[pyfunction]
#[pyo3(signature = (object, /))]
pub(crate) fn _check_count(object: &Bound<'_, PyAny>) -> isize {
    count(object)
}

fn count(object: &Bound<'_, PyAny>) -> isize {
    // SAFETY: an object, alive and attached.
    unsafe { ffi::Py_REFCNT(object.as_ptr()) as isize }
}

/// Takes and gives back memory of these sizes, full of `byte`, so that what was freed does not look as it did.
#[pyfunction]
#[pyo3(signature = (sizes, byte, /))]
pub(crate) fn _check_churn(sizes: Vec<usize>, byte: u8) {
    for size in sizes {
        let blocks: Vec<Vec<u8>> = (0..64).map(|_| vec![byte; size]).collect();
        std::hint::black_box(&blocks);
    }
}

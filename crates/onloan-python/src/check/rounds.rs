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
    let Some(first) = of_owner(object, flags, None)? else {
        return Ok(None);
    };
    let py = object.py();
    let spare = PyList::new(py, vec![object; SPARE])?;
    let before = count(object);
    let mut view = Poisoned::new(0xA5);
    if !view.ask(object, flags) {
        drop(Raised::take(py));
        return Ok(None);
    }
    // An exception that was left set may name the object.
    drop(Raised::take(py));
    let during = count(object);
    let of_itself = view.owner(py).is_some_and(|owner| owner.is(object));
    view.release(py);
    drop(Raised::take(py));
    let after = count(object);
    drop(spare);
    let less = SPARE as isize;
    let of_exporter = (Some(before - less), during - less, after - less);
    if of_itself {
        return Ok(Some((of_exporter, None, true)));
    }
    // Now that it is known who the owner is, he is counted before as well.
    let again = of_owner(object, flags, first.0.as_ref())?;
    Ok(Some((
        of_exporter,
        again.and_then(|(_, counts)| counts),
        false,
    )))
}

/// Acquires and releases once: who the owner is, and his counts, `known` being the one of the last time.
#[expect(
    clippy::type_complexity,
    reason = "what is optional is the request, the owner, and his counts"
)]
fn of_owner<'py>(
    object: &Bound<'py, PyAny>,
    flags: c_int,
    known: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<(Option<Bound<'py, PyAny>>, Option<Counts>)>> {
    let py = object.py();
    let before = known.map(count);
    let mut view = Poisoned::new(0xA5);
    if !view.ask(object, flags) {
        drop(Raised::take(py));
        return Ok(None);
    }
    drop(Raised::take(py));
    let owner = view.owner(py);
    let spare = spared(owner.as_ref())?;
    let less = if spare.is_some() { SPARE as isize } else { 0 };
    let during = owner.as_ref().map(|owner| count(owner) - less);
    view.release(py);
    drop(Raised::take(py));
    let after = owner.as_ref().map(|owner| count(owner) - less);
    let same = matches!((known, &owner), (Some(known), Some(owner)) if known.is(owner));
    let counts = during.zip(after).map(|(during, after)| {
        // `owner` was not held yet when `known` was counted.
        let before = before.filter(|_| same).map(|before| before + 1);
        (before, during, after)
    });
    if counts.is_some_and(|(_, during, after)| after < during - 1) {
        // A reference was lost: what is spare is not given back.
        std::mem::forget(spare);
    }
    Ok(Some((owner, counts)))
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

/// Memory that is taken until this object goes.
#[pyclass(frozen, module = "onloan._onloan")]
pub(crate) struct _Blocks {
    _blocks: Vec<Vec<u8>>,
}

/// Takes memory of these sizes from malloc, full of `byte`, so that what was freed does not look as it did.
#[pyfunction]
#[pyo3(signature = (sizes, byte, /))]
pub(crate) fn _check_churn(sizes: Vec<usize>, byte: u8) -> _Blocks {
    let block = |size| (0..64).map(move |_| vec![byte; size]);
    _Blocks {
        _blocks: sizes.into_iter().flat_map(block).collect(),
    }
}

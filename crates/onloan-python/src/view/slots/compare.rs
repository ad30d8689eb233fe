//! `==` and `!=` of items that are equal when their bytes are.

use std::ffi::c_int;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::Ordering;

use pyo3::prelude::*;
use pyo3::types::PyBool;
use pyo3::{Borrowed, ffi};

use super::super::View;
use super::super::compare::equal_items;
use super::super::item::Item;
use super::super::native::NativeCode;
use super::part::plain_bytes;
use super::{COMPARE, value};

pub(super) unsafe extern "C" fn compare(
    object: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
    op: c_int,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    if op == ffi::Py_EQ || op == ffi::Py_NE {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        // SAFETY: an object that CPython keeps alive.
        let other = unsafe { Borrowed::from_ptr(py, other) };
        if let Some(equal) = equal(view, &other).or_else(|| equal_views(view, &other)) {
            let answer = PyBool::new(py, equal == (op == ffi::Py_EQ));
            return answer.to_owned().into_ptr();
        }
    }
    // SAFETY: PyO3's slot, set before this one was put in.
    let long: ffi::richcmpfunc = unsafe { mem::transmute(COMPARE.load(Ordering::Acquire)) };
    // SAFETY: as CPython called this.
    unsafe { long(object, other, op) }
}

/// Whether the items are equal; `None` for the long way.
#[inline]
fn equal(view: &View, other: &Bound<'_, PyAny>) -> Option<bool> {
    let code = view.item.native().filter(|code| is_by_bytes(*code))?;
    let line = view.geometry.line()?;
    if let Ok(other) = other.cast_exact::<View>() {
        let other = other.get();
        let other_line = other.geometry.line()?;
        if other.item.native() != Some(code) || !other_line.is_gapless() || other.is_released() {
            return None;
        }
        let access = view.try_enter()?;
        if line.extent != other_line.extent {
            return Some(false);
        }
        // SAFETY: the items of a view that is not released, so that its loan has a user; no code runs meanwhile.
        return unsafe { access.has_bytes(other.address.0, other.geometry.nbytes()) };
    }
    let (start, length) = plain_bytes(other)?;
    if code != NativeCode::UnsignedByte {
        return None;
    }
    let access = view.try_enter()?;
    if line.extent.unsigned_abs() != length {
        return Some(false);
    }
    // SAFETY: the bytes of an object that CPython keeps alive; no code runs meanwhile.
    unsafe { access.has_bytes(start, length) }
}

/// Whether the items of two views are equal. None of the user's code runs; `None` if one of them is released.
fn equal_views(view: &View, other: &Bound<'_, PyAny>) -> Option<bool> {
    let other = other.cast_exact::<View>().ok()?.get();
    let (one, two) = (view.try_enter()?, other.try_enter()?);
    let compares = Item::compares;
    let equal = || equal_items(&one, &view.item, &two, &other.item, compares);
    // A fault: the long way will say it.
    panic::catch_unwind(AssertUnwindSafe(equal)).ok()
}

/// Whether two items of this letter are equal just if their bytes are: not so for NaN, zeros with a sign, and bytes that are true.
#[inline]
fn is_by_bytes(code: NativeCode) -> bool {
    use NativeCode::*;
    !matches!(code, Bool | Half | Float | Double)
}

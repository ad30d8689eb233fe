//! A short way for what is done a hundred million times: `m[i]`, `m[i] = x`, and the next item of an iterator.
//!
//! PyO3's slots are right, and cost as much again as the work itself. The functions here do one thing, an item of a native letter in one direct
//! dimension, by an `int`, in which nobody else's code runs; whatever else there is to be done goes to the slot that PyO3 made.
//!
//! ```text
//!   m[3] ──▶ subscript ── one dimension, native letter, an int in range ──▶ item
//!                 └────── else ──▶ PyO3's slot ──▶ subscript::get
//! ```
//!
//! # What is verified
//!
//! The stable ABI has no fields for slots. They are looked for where every CPython with a global lock has them, and used only if what is there proves
//! itself: it is what `PyType_GetSlot` answers. If anything does not fit, PyO3's slots stay, which are right. Without a global lock they stay too.

use std::ffi::{c_int, c_void};
use std::mem;
use std::sync::atomic::{AtomicPtr, Ordering};

use onloan::__private::GIL_DISABLED;
use pyo3::Borrowed;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyClass, PyTypeInfo};

use super::View;
use super::iterate::ViewIterator;
use super::native;

/// The index of a field of `PyTypeObject`, in pointers.
const AS_MAPPING: usize = 14;
const ITERNEXT: usize = 28;
/// `PyTypeObject` of every CPython has at least as many.
const FIELDS: usize = 48;

/// PyO3's slots, for everything else. Set before the short ways are.
static SUBSCRIPT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
static ASS_SUBSCRIPT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
static NEXT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Puts the short ways in, where that can be verified.
pub(super) fn install(py: Python<'_>) {
    if GIL_DISABLED {
        return;
    }
    let view = View::type_object(py);
    if let Some(table) = mapping(&view) {
        exchange(
            &view,
            table.wrapping_add(1),
            ffi::Py_mp_subscript,
            &SUBSCRIPT,
            subscript as *mut c_void,
        );
        exchange(
            &view,
            table.wrapping_add(2),
            ffi::Py_mp_ass_subscript,
            &ASS_SUBSCRIPT,
            ass_subscript as *mut c_void,
        );
    }
    let iterator = ViewIterator::type_object(py);
    let field = iterator
        .as_ptr()
        .cast::<*mut c_void>()
        .wrapping_add(ITERNEXT);
    exchange(
        &iterator,
        field,
        ffi::Py_tp_iternext,
        &NEXT,
        next as *mut c_void,
    );
}

/// The table that `tp_as_mapping` points to, if it lies inside of the type, as that of a class made at run time does.
fn mapping(class: &Bound<'_, PyType>) -> Option<*mut *mut c_void> {
    let start = class.as_ptr().cast::<*mut c_void>();
    // SAFETY: one of the fields of a type object, each as large as a pointer; alive while borrowed.
    let table = unsafe { start.wrapping_add(AS_MAPPING).read() }.cast::<*mut c_void>();
    let size: usize = class
        .get_type()
        .getattr("__basicsize__")
        .ok()?
        .extract()
        .ok()?;
    let inside = (start.addr() + FIELDS * size_of::<usize>())
        ..(start.addr() + size).saturating_sub(3 * size_of::<usize>());
    (inside.contains(&table.addr()) && table.is_aligned()).then_some(table)
}

/// Puts `new` in place of the slot, if the field holds what CPython says the slot is.
fn exchange(
    class: &Bound<'_, PyType>,
    field: *mut *mut c_void,
    slot: c_int,
    old: &AtomicPtr<c_void>,
    new: *mut c_void,
) {
    // SAFETY: a type, alive and attached; a slot that CPython knows.
    let known = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), slot) };
    // SAFETY: a field of the type object, or of a table inside of it (by the callers), alive while borrowed.
    let found = unsafe { field.read() };
    if known.is_null() || found != known {
        return;
    }
    old.store(known, Ordering::Release);
    // SAFETY: as above; it holds a function of the same signature. Under the global lock nobody else looks.
    unsafe { field.write(new) };
}

/// The value behind an object.
///
/// # Safety
/// An instance of `T`, alive as long as the reference is used, on a thread that is attached.
#[inline]
unsafe fn value<'a, T: PyClass<Frozen = pyo3::pyclass::boolean_struct::True> + Sync>(
    object: *mut ffi::PyObject,
) -> &'a T {
    // SAFETY: attached (granted by the caller).
    let py = unsafe { Python::assume_attached() };
    // SAFETY: alive (granted by the caller).
    let object = unsafe { Borrowed::from_ptr(py, object) };
    // SAFETY: an instance (granted by the caller).
    let object: Borrowed<'_, '_, T> = unsafe { object.cast_unchecked() };
    let value: *const T = object.get();
    // SAFETY: alive as long as the reference is used (granted by the caller), and frozen.
    unsafe { &*value }
}

/// The item at an index, if the short way does for it.
#[inline]
fn short(view: &View, index: isize) -> Option<*mut ffi::PyObject> {
    let code = view.item.native()?;
    let line = view.geometry.line()?;
    let index = if index < 0 {
        index.wrapping_add(line.extent)
    } else {
        index
    };
    if index < 0 || index >= line.extent || view.is_released() {
        return None;
    }
    // SAFETY: not released, so that the loan has a user; no code runs in which it could lose it: the place is read before anything is made.
    let place = unsafe { view.place_of(index.wrapping_mul(line.stride)) };
    // SAFETY: called from slots only.
    let py = unsafe { Python::assume_attached() };
    native::unpack(py, code, place).ok().map(Bound::into_ptr)
}

/// The number of an `int` that is just that, and not too large.
#[inline]
fn index_of(key: *mut ffi::PyObject) -> Option<isize> {
    // SAFETY: an object, alive and attached, as slots are given.
    if unsafe { ffi::PyLong_CheckExact(key) } == 0 {
        return None;
    }
    // SAFETY: an `int`, alive and attached.
    let index = unsafe { ffi::PyLong_AsSsize_t(key) };
    if index == -1 {
        // SAFETY: attached.
        let error = unsafe { ffi::PyErr_Occurred() };
        if !error.is_null() {
            // SAFETY: attached. The long way will raise it again, as it should be.
            unsafe { ffi::PyErr_Clear() };
            return None;
        }
    }
    Some(index)
}

unsafe extern "C" fn subscript(
    object: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    if let Some(index) = index_of(key)
        && let Some(item) = short(view, index)
    {
        return item;
    }
    // SAFETY: PyO3's slot, set before this one was put in.
    let long: ffi::binaryfunc = unsafe { mem::transmute(SUBSCRIPT.load(Ordering::Acquire)) };
    // SAFETY: as CPython called this.
    unsafe { long(object, key) }
}

unsafe extern "C" fn ass_subscript(
    object: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    item: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    if !item.is_null()
        && let Some(index) = index_of(key)
    {
        // SAFETY: an object, alive (not NULL); attached.
        let written = unsafe { assign_shortly(view, index, item) };
        if written.is_some() {
            return 0;
        }
    }
    // SAFETY: PyO3's slot, set before this one was put in.
    let long: ffi::objobjargproc = unsafe { mem::transmute(ASS_SUBSCRIPT.load(Ordering::Acquire)) };
    // SAFETY: as CPython called this.
    unsafe { long(object, key, item) }
}

/// Writes an item; `None` if the short way does not do, and then nothing was written.
///
/// # Safety
/// `object` is alive; attached.
#[inline]
unsafe fn assign_shortly(view: &View, index: isize, object: *mut ffi::PyObject) -> Option<()> {
    // SAFETY: alive (granted by the caller).
    let int = unsafe { ffi::PyLong_CheckExact(object) } != 0;
    // SAFETY: as above.
    let number = int || unsafe { ffi::PyFloat_CheckExact(object) } != 0;
    if !number || view.readonly {
        return None;
    }
    let code = view.item.native()?;
    let line = view.geometry.line()?;
    let index = if index < 0 {
        index.wrapping_add(line.extent)
    } else {
        index
    };
    if index < 0 || index >= line.extent || view.is_released() {
        return None;
    }
    // SAFETY: granted by the caller.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: alive (granted by the caller).
    let object = unsafe { Borrowed::from_ptr(py, object) };
    // The value is a number itself: none of its code runs.
    let packed = native::pack(code, view.item.text(), &object).ok()?;
    // SAFETY: not released, so that the loan has a user, and nothing ran since.
    let place = unsafe { view.place_of(index.wrapping_mul(line.stride)) };
    packed.write(place).then_some(())
}

unsafe extern "C" fn next(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let iterator: &ViewIterator = unsafe { value(object) };
    if let Some(index) = iterator.peek()
        && let Some(item) = short(iterator.view(), index)
    {
        iterator.advance(index);
        return item;
    }
    // SAFETY: PyO3's slot, set before this one was put in.
    let long: ffi::iternextfunc = unsafe { mem::transmute(NEXT.load(Ordering::Acquire)) };
    // SAFETY: as CPython called this.
    unsafe { long(object) }
}

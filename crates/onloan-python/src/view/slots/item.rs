//! `m[key]`, `m[key] = x`, `len(m)`, `iter(m)` and what comes next.

use std::ffi::{c_int, c_long};
use std::mem;
use std::sync::atomic::Ordering;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat};
use pyo3::{Borrowed, Bound};

use super::super::iterate::ViewIterator;
use super::super::{View, native};
use super::{ASS_SUBSCRIPT, ITERATOR, LENGTH, NEXT, SUBSCRIPT, made_of, part, value};

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
pub(super) fn index_of(key: *mut ffi::PyObject) -> Option<isize> {
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

pub(super) unsafe extern "C" fn subscript(
    object: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    if let Some(index) = index_of(key) {
        if let Some(item) = short(view, index) {
            return item;
        }
    // SAFETY: as above; the key too is alive.
    } else if let Some(part) = unsafe { part::get(view, key) } {
        return part;
    }
    // SAFETY: PyO3's slot, set before this one was put in.
    let long: ffi::binaryfunc = unsafe { mem::transmute(SUBSCRIPT.load(Ordering::Acquire)) };
    // SAFETY: as CPython called this.
    unsafe { long(object, key) }
}

pub(super) unsafe extern "C" fn ass_subscript(
    object: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    item: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    if !item.is_null() {
        if let Some(index) = index_of(key) {
            // SAFETY: an object, alive (not NULL); attached.
            let written = unsafe { assign_shortly(view, index, item) };
            if written.is_some() {
                return 0;
            }
        // SAFETY: as above; the key too is alive.
        } else if let Some(result) = unsafe { part::set(view, key, item) } {
            return result;
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
    let code = view.item.native()?;
    let line = view.geometry.line()?;
    let index = if index < 0 {
        index.wrapping_add(line.extent)
    } else {
        index
    };
    // SAFETY: granted by the caller.
    let packed = unsafe { pack(view, code, object) }?;
    if index < 0 || index >= line.extent || view.is_released() {
        return None;
    }
    // SAFETY: not released, so that the loan has a user, and nothing ran since.
    let place = unsafe { view.place_of(index.wrapping_mul(line.stride)) };
    packed.write(place).then_some(())
}

/// A value of which no code runs, as the bytes of an item.
///
/// # Safety
/// `object` is alive; attached.
#[inline]
pub(super) unsafe fn pack(
    view: &View,
    code: native::NativeCode,
    object: *mut ffi::PyObject,
) -> Option<native::Packed> {
    // SAFETY: granted by the caller.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: alive (granted by the caller).
    let object = unsafe { Borrowed::from_ptr(py, object) };
    if view.readonly {
        return None;
    }
    if let Some(packed) = pack_number(code, &object) {
        return Some(packed);
    }
    if !native::is_plain(&object) {
        return None;
    }
    native::pack(code, view.item.text(), &object).ok()
}

/// The most frequent values: an `int` for a letter of integers, a `float` for one of floats, one byte for `c`. `None` for all others, and for what
/// does not fit.
#[inline]
fn pack_number(code: native::NativeCode, object: &Bound<'_, PyAny>) -> Option<native::Packed> {
    use native::NativeCode::*;
    use native::Packed;
    match code {
        Double | Float => {
            let object = object.cast_exact::<PyFloat>().ok()?;
            // SAFETY: a `float`, alive and attached.
            let number = unsafe { ffi::PyFloat_AsDouble(object.as_ptr()) };
            return Some(if code == Double {
                Packed::Eight(number.to_ne_bytes())
            } else {
                // C's conversion: what is too large becomes infinite.
                Packed::Four((number as f32).to_ne_bytes())
            });
        }
        Char => {
            return match object.cast_exact::<PyBytes>().ok()?.as_bytes() {
                [byte] => Some(Packed::One([*byte])),
                _ => None,
            };
        }
        Half | Bool | Pointer => return None,
        _ => {}
    }
    let number = index_of(object.as_ptr())?;
    Some(match code {
        UnsignedByte => Packed::One([u8::try_from(number).ok()?]),
        SignedByte => Packed::One(i8::try_from(number).ok()?.to_ne_bytes()),
        Short => Packed::Two(i16::try_from(number).ok()?.to_ne_bytes()),
        UnsignedShort => Packed::Two(u16::try_from(number).ok()?.to_ne_bytes()),
        Int => Packed::Four(i32::try_from(number).ok()?.to_ne_bytes()),
        UnsignedInt => Packed::Four(u32::try_from(number).ok()?.to_ne_bytes()),
        Long if size_of::<c_long>() == 8 => {
            Packed::Eight(i64::try_from(number).ok()?.to_ne_bytes())
        }
        LongLong => Packed::Eight(i64::try_from(number).ok()?.to_ne_bytes()),
        _ => return None,
    })
}

pub(super) unsafe extern "C" fn length(object: *mut ffi::PyObject) -> ffi::Py_ssize_t {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    if let Some(line) = view.geometry.line()
        && !view.is_released()
    {
        return line.extent;
    }
    // SAFETY: PyO3's slot, set before this one was put in.
    let long: ffi::lenfunc = unsafe { mem::transmute(LENGTH.load(Ordering::Acquire)) };
    // SAFETY: as CPython called this.
    unsafe { long(object) }
}

pub(super) unsafe extern "C" fn iterator(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: CPython calls slots attached.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: an object that CPython keeps alive.
    let view = unsafe { Borrowed::from_ptr(py, object) };
    // SAFETY: a view, as CPython calls slots.
    let view: Borrowed<'_, '_, View> = unsafe { view.cast_unchecked() };
    if let Some(line) = view.get().geometry.line()
        && !view.get().is_released()
    {
        return made_of(py, || ViewIterator::over(&view, line.extent));
    }
    // SAFETY: PyO3's slot, set before this one was put in.
    let long: ffi::getiterfunc = unsafe { mem::transmute(ITERATOR.load(Ordering::Acquire)) };
    // SAFETY: as CPython called this.
    unsafe { long(object) }
}

pub(super) unsafe extern "C" fn next(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let iterator: &ViewIterator = unsafe { value(object) };
    // SAFETY: as above.
    if let Some(item) = iterator.quick(unsafe { Python::assume_attached() }) {
        return item;
    }
    // SAFETY: PyO3's slot, set before this one was put in.
    let long: ffi::iternextfunc = unsafe { mem::transmute(NEXT.load(Ordering::Acquire)) };
    // SAFETY: as CPython called this.
    unsafe { long(object) }
}

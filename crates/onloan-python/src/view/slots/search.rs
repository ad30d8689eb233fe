//! `count`, `index` and `in`, and the shortest way for bytes that lie in a row: numbers of `B` and `b`, bytes of `c`.

use std::ffi::c_int;
use std::mem;
use std::ptr;
use std::sync::atomic::Ordering;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3::{Borrowed, ffi};

use super::super::View;
use super::super::access::Access;
use super::super::iterate;
use super::super::native::NativeCode;
use super::item::index_of;
use super::method::INDEX;
use super::{CONTAINS, guarded, value};

/// The view at work, and the byte of its items that equal `object`; `None` for the long way.
///
/// # Safety
/// `object` is alive; attached.
#[inline]
unsafe fn searched(view: &View, object: *mut ffi::PyObject) -> Option<(Access<'_>, u8)> {
    if !view.geometry.line()?.is_gapless() {
        return None;
    }
    let byte = match view.item.native()? {
        NativeCode::UnsignedByte => u8::try_from(index_of(object)?).ok()?,
        NativeCode::SignedByte => i8::try_from(index_of(object)?).ok()?.cast_unsigned(),
        NativeCode::Char => {
            // SAFETY: granted by the caller.
            let py = unsafe { Python::assume_attached() };
            // SAFETY: alive (granted by the caller).
            let object = unsafe { Borrowed::from_ptr(py, object) };
            match object.cast_exact::<PyBytes>().ok()?.as_bytes() {
                [byte] => *byte,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some((view.try_enter()?, byte))
}

pub(super) unsafe extern "C" fn count(
    object: *mut ffi::PyObject,
    wanted: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls methods attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    // SAFETY: as above.
    if let Some((access, byte)) = unsafe { searched(view, wanted) }
        && let Some(count) = access.count_byte(byte)
    {
        return number(count);
    }
    // SAFETY: as above.
    let (view, wanted) = unsafe { borrowed(object, wanted) };
    guarded(|| iterate::count(&view, &wanted)).map_or(ptr::null_mut(), number)
}

pub(super) unsafe extern "C" fn index(
    object: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls methods attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    if count == 1 && names.is_null() {
        // SAFETY: one argument.
        let wanted = unsafe { arguments.read() };
        // SAFETY: as above.
        if let Some((access, byte)) = unsafe { searched(view, wanted) }
            && let Some(Some(index)) = access.index_byte(byte)
        {
            return number(index);
        }
        // SAFETY: as above.
        let (view, wanted) = unsafe { borrowed(object, wanted) };
        let index = guarded(|| iterate::index(&view, &wanted, 0, isize::MAX));
        return index.map_or(ptr::null_mut(), |index| number(index.unsigned_abs()));
    }
    // SAFETY: as CPython called this.
    unsafe { INDEX.call(object, arguments, count, names) }
}

pub(super) unsafe extern "C" fn contains(
    object: *mut ffi::PyObject,
    wanted: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: CPython calls slots attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    // SAFETY: as above.
    if let Some((access, byte)) = unsafe { searched(view, wanted) }
        && let Some(index) = access.index_byte(byte)
    {
        return c_int::from(index.is_some());
    }
    // SAFETY: PyO3's slot, set before this one was put in.
    let long: ffi::objobjproc = unsafe { mem::transmute(CONTAINS.load(Ordering::Acquire)) };
    // SAFETY: as CPython called this.
    unsafe { long(object, wanted) }
}

/// # Safety
/// A view and an object, alive as long as the references are used; attached.
#[inline]
unsafe fn borrowed<'a>(
    view: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
) -> (Borrowed<'a, 'a, View>, Borrowed<'a, 'a, PyAny>) {
    // SAFETY: granted by the caller.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: alive (granted by the caller).
    let view = unsafe { Borrowed::from_ptr(py, view) };
    // SAFETY: a view (granted by the caller).
    let view = unsafe { view.cast_unchecked() };
    // SAFETY: alive (granted by the caller).
    (view, unsafe { Borrowed::from_ptr(py, object) })
}

/// A new reference.
#[inline]
fn number(number: usize) -> *mut ffi::PyObject {
    // SAFETY: called attached.
    unsafe { ffi::PyLong_FromSize_t(number) }
}

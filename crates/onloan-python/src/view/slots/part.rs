//! `m[a:b]`, `m[a:b] = x`, and items by several indices.

use std::ffi::c_int;
use std::ptr;

use onloan::layout::Slice;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};
use pyo3::{Borrowed, ffi};

use super::super::access::Access;
use super::super::geometry::{Geometry, Line};
use super::super::native::NativeCode;
use super::super::place::Place;
use super::super::{View, assign, native};
use super::item::{index_of, pack};
use super::{guarded, made_of};

/// The item or part that a key selects; NULL if the key's code raised something; `None` for the long way.
///
/// # Safety
/// `key` is alive; attached.
#[inline]
pub(super) unsafe fn get(view: &View, key: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    // SAFETY: alive (granted by the caller).
    if unsafe { ffi::PySlice_Check(key) } != 0 {
        // SAFETY: as granted by the caller, and a slice.
        return unsafe { cut(view, key) };
    }
    let code = view.item.native()?;
    // SAFETY: granted by the caller.
    let place = unsafe { place(view, key) }?;
    // SAFETY: granted by the caller.
    let py = unsafe { Python::assume_attached() };
    native::unpack(py, code, place).ok().map(Bound::into_ptr)
}

/// Writes the item or part that a key selects; -1 if something was raised; `None` for the long way, and then nothing was written.
///
/// # Safety
/// `key` and `object` are alive; attached.
#[inline]
pub(super) unsafe fn set(
    view: &View,
    key: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
) -> Option<c_int> {
    if view.readonly || view.is_released() {
        return None;
    }
    // SAFETY: alive (granted by the caller).
    if unsafe { ffi::PySlice_Check(key) } != 0 {
        // SAFETY: as granted by the caller, and a slice.
        return unsafe { assign(view, key, object) };
    }
    // SAFETY: an object that stays, attached.
    if key == unsafe { ffi::Py_Ellipsis() } && view.geometry.ndim() > 0 {
        // SAFETY: granted by the caller.
        let py = unsafe { Python::assume_attached() };
        // SAFETY: alive (granted by the caller).
        let object = unsafe { Borrowed::from_ptr(py, object) };
        let copied = guarded(|| assign::copy_all(view, &object));
        return Some(if copied.is_some() { 0 } else { -1 });
    }
    let code = view.item.native()?;
    // SAFETY: granted by the caller.
    let packed = unsafe { pack(view, code, object) }?;
    // SAFETY: granted by the caller.
    let place = unsafe { place(view, key) }?;
    packed.write(place).then_some(0)
}

/// # Safety
/// `key` is a slice, alive; attached.
#[inline]
unsafe fn cut(view: &View, key: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    let line = view.geometry.line()?;
    // From here on the memory stays, whatever the code of the bounds releases: a part of it can be made all the same.
    let access = view.try_enter()?;
    // SAFETY: granted by the caller.
    let Some((start, step, count)) = (unsafe { bounds(key, line.extent) }) else {
        return Some(ptr::null_mut());
    };
    let (first, cut) = line.cut(start, step, count);
    // SAFETY: granted by the caller.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: items `start`, `start + step`, … of the only dimension, which are in range.
    let made = || unsafe {
        view.derive(
            py,
            &access,
            access.address().wrapping_offset(first),
            Geometry::along(cut),
            view.item.clone(),
            view.readonly,
        )
    };
    Some(made_of(py, made))
}

/// # Safety
/// `key` is a slice, alive like `object`; attached.
#[inline]
unsafe fn assign(
    view: &View,
    key: *mut ffi::PyObject,
    object: *mut ffi::PyObject,
) -> Option<c_int> {
    let line = view.geometry.line()?;
    // SAFETY: granted by the caller.
    let Some((start, step, count)) = (unsafe { bounds(key, line.extent) }) else {
        return Some(-1);
    };
    let (first, cut) = line.cut(start, step, count);
    // SAFETY: granted by the caller.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: alive (granted by the caller).
    let object = unsafe { Borrowed::from_ptr(py, object) };
    // SAFETY: items of the only dimension, which are in range.
    if unsafe { copy_view(view, first, cut, &object) } {
        return Some(0);
    }
    let part = |access: &Access<'_>| {
        let address = access.address().wrapping_offset(first);
        (address, Geometry::along(cut))
    };
    let copied = guarded(|| assign::copy(view, &view.item, &object, part));
    Some(if copied.is_some() { 0 } else { -1 })
}

/// Copies plain bytes, or a view of items of the same letter, to a part of the items without gaps; `false`, and nothing is written, for
/// everything else.
///
/// # Safety
/// `cut` is items of the only dimension, `first` the bytes to them.
#[inline]
unsafe fn copy_view(view: &View, first: isize, cut: Line, object: &Bound<'_, PyAny>) -> bool {
    let (start, length, letter) = if let Ok(from) = object.cast_exact::<View>() {
        let from = from.get();
        let gapless = from.geometry.line().is_some_and(Line::is_gapless);
        if !gapless || from.is_released() {
            return false;
        }
        let start = from.address.0.cast_const();
        (start, from.geometry.nbytes(), from.item.native())
    } else if let Some((start, length)) = plain_bytes(object) {
        (start, length, Some(NativeCode::UnsignedByte))
    } else {
        return false;
    };
    if letter.is_none() || letter != view.item.native() {
        return false;
    }
    let Some(access) = view.try_enter() else {
        return false;
    };
    let cut = Geometry::along(cut);
    // SAFETY: granted by the caller.
    let part = unsafe { access.narrowed(access.address().wrapping_offset(first), &cut) };
    // SAFETY: the bytes of an object that is borrowed and, if it is a view, not released; no code runs meanwhile.
    unsafe { part.write_bytes(start, length) }
}

/// Where the bytes of `bytes` or a `bytearray` lie, whose buffers say nothing else.
#[inline]
pub(super) fn plain_bytes(object: &Bound<'_, PyAny>) -> Option<(*const u8, usize)> {
    if let Ok(bytes) = object.cast_exact::<PyBytes>() {
        // SAFETY: alive and attached.
        let start = unsafe { ffi::PyBytes_AsString(bytes.as_ptr()) };
        // SAFETY: as above.
        let length = unsafe { ffi::PyBytes_Size(bytes.as_ptr()) };
        return Some((start.cast(), length.unsigned_abs()));
    }
    let bytes = object.cast_exact::<PyByteArray>().ok()?;
    // SAFETY: alive and attached.
    let start = unsafe { ffi::PyByteArray_AsString(bytes.as_ptr()) };
    // SAFETY: as above.
    let length = unsafe { ffi::PyByteArray_Size(bytes.as_ptr()) };
    Some((start.cast(), length.unsigned_abs()))
}

/// Start, step and count of a slice of so many items; `None` if its bounds raised something.
///
/// # Safety
/// `key` is a slice, alive; attached.
#[inline]
unsafe fn bounds(key: *mut ffi::PyObject, extent: isize) -> Option<(isize, isize, isize)> {
    let [mut start, mut stop, mut step] = [0; 3];
    // SAFETY: a slice, alive and attached (granted by the caller); three numbers to be filled.
    let got = unsafe { ffi::PySlice_Unpack(key, &raw mut start, &raw mut stop, &raw mut step) };
    if got < 0 {
        return None;
    }
    // Steps of 0 were raised.
    Slice::new(Some(start), Some(stop), Some(step)).indices(extent)
}

/// The item at an index for each dimension, if these are an `int` each, in range, and there are no pointers to be followed.
///
/// # Safety
/// `key` is alive; attached.
#[inline]
unsafe fn place<'view>(view: &'view View, key: *mut ffi::PyObject) -> Option<Place<'view>> {
    // SAFETY: alive (granted by the caller).
    if unsafe { ffi::PyTuple_CheckExact(key) } == 0 || !view.geometry.suboffsets().is_empty() {
        return None;
    }
    let (shape, strides) = (view.geometry.shape(), view.geometry.strides());
    // SAFETY: a tuple, alive (granted by the caller).
    if shape.is_empty() || unsafe { ffi::PyTuple_Size(key) }.unsigned_abs() != shape.len() {
        return None;
    }
    let mut bytes = 0_isize;
    for (axis, (extent, stride)) in shape.iter().zip(strides).enumerate() {
        // SAFETY: a tuple of as many as there are axes (checked); the reference is the tuple's.
        let index = index_of(unsafe { ffi::PyTuple_GetItem(key, axis.cast_signed()) })?;
        let index = if index < 0 {
            index.wrapping_add(*extent)
        } else {
            index
        };
        if index < 0 || index >= *extent {
            return None;
        }
        // In range, so that the products and their sum can be counted.
        bytes = bytes.wrapping_add(index.wrapping_mul(*stride));
    }
    if view.is_released() {
        return None;
    }
    // SAFETY: not released, so that the loan has a user, and none of the user's code runs before the place is used: by the callers.
    Some(unsafe { view.place_of(bytes) })
}

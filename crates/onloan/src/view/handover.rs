//! Asking an exporter for its memory, and giving it back: `PyObject_GetBuffer` and `PyBuffer_Release`, at the cost of the slots they call.
//!
//! ```text
//!   ask         type ─▶ tp_as_buffer ─▶ bf_getbuffer
//!   give back   obj ─▶ type ─▶ tp_as_buffer ─▶ bf_releasebuffer, then one reference to obj less
//! ```
//!
//! Where the headers say what a type looks like, the slots are called from here, as the two functions call them (`slots-direct`). So it is known
//! what runs: of an exporter without a release slot nothing does, but for its end if nobody else holds it; onloan's own slot keeps what is
//! pending, and those of bytearray, memoryview and array only count. Only around other slots is it looked at whether an exception is pending, or was
//! left. In the limited API a type has no fields, and the two functions are called; so they are for whatever is rare.

use std::ffi::c_int;

use pyo3::ffi;
use pyo3::prelude::*;

use crate::pending::Pending;

/// Asks `object` to fill `buffer`; 0 if it did. CPython: `PyObject_GetBuffer`.
///
/// # Safety
/// `object` is alive, `buffer` may be written to, and the thread is attached.
#[inline]
pub(super) unsafe fn ask(
    object: *mut ffi::PyObject,
    buffer: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    #[cfg(not(any(Py_LIMITED_API, Py_GIL_DISABLED)))]
    {
        // SAFETY: granted by the caller.
        if let Some(get) = unsafe { direct::slots(object) }.and_then(|slots| slots.bf_getbuffer) {
            // SAFETY: the type's own slot, called as `PyObject_GetBuffer` calls it (`slots-direct`); the rest is granted by the caller.
            return unsafe { get(object, buffer, flags) };
        }
    }
    // SAFETY: granted by the caller.
    unsafe { ask_the_interpreter(object, buffer, flags) }
}

/// As [`ask`]: the interpreter, which knows what to say of an object that lends nothing.
///
/// # Safety
/// As [`ask`].
#[cfg_attr(not(any(Py_LIMITED_API, Py_GIL_DISABLED)), cold)]
#[cfg_attr(any(Py_LIMITED_API, Py_GIL_DISABLED), inline)]
unsafe fn ask_the_interpreter(
    object: *mut ffi::PyObject,
    buffer: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    // SAFETY: granted by the caller.
    unsafe { ffi::PyObject_GetBuffer(object, buffer, flags) }
}

/// Gives back what was filled in. An exception that is pending stays as it was; one that the exporter leaves is told to
/// `sys.unraisablehook`. CPython: `PyBuffer_Release`.
///
/// # Safety
/// `buffer` was filled by a successful [`ask`] and is given back once.
#[inline]
pub(super) unsafe fn give_back(py: Python<'_>, buffer: *mut ffi::Py_buffer) {
    #[cfg(not(any(Py_LIMITED_API, Py_GIL_DISABLED)))]
    // SAFETY: granted by the caller.
    if unsafe { direct::give_back(py, buffer) } {
        return;
    }
    // SAFETY: granted by the caller.
    unsafe { give_back_watched(py, buffer) };
}

/// As [`give_back`], whatever the exporter does.
///
/// # Safety
/// As [`give_back`].
#[cfg_attr(not(any(Py_LIMITED_API, Py_GIL_DISABLED)), cold)]
unsafe fn give_back_watched(py: Python<'_>, buffer: *mut ffi::Py_buffer) {
    if PyErr::occurred(py) {
        let pending = Pending::put_aside(py);
        // SAFETY: granted by the caller; attached.
        unsafe { ffi::PyBuffer_Release(buffer) };
        pending.put_back(py);
        return;
    }
    // SAFETY: granted by the caller; attached.
    unsafe { ffi::PyBuffer_Release(buffer) };
    if PyErr::occurred(py) {
        report(py);
    }
}

/// Tells of what an exporter left that must not leave anything.
#[cold]
fn report(py: Python<'_>) {
    Pending::put_aside(py)
        .into_error(py)
        .write_unraisable(py, None);
}

/// With the fields of types at hand.
#[cfg(not(any(Py_LIMITED_API, Py_GIL_DISABLED)))]
mod direct {
    use std::ffi::{CStr, c_void};
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering::Relaxed;

    use pyo3::ffi;
    use pyo3::prelude::*;

    use super::report;
    use crate::slots;

    /// The buffer slots of an object's type, if it has any.
    ///
    /// # Safety
    /// `object` is alive, and the thread is attached while the reference is used.
    #[inline]
    pub(super) unsafe fn slots<'a>(object: *mut ffi::PyObject) -> Option<&'a ffi::PyBufferProcs> {
        // SAFETY: alive (granted by the caller).
        let class = unsafe { ffi::Py_TYPE(object) };
        // SAFETY: the type of an object that is alive is alive too.
        let slots = unsafe { (*class).tp_as_buffer };
        // SAFETY: NULL, or the type's slots, which are as long-lived as the type; changed only by who is attached, not meanwhile.
        unsafe { slots.as_ref() }
    }

    /// The last release slot that was found to [leave no exception](leaves_no_exception); an address.
    static HARMLESS: AtomicUsize = AtomicUsize::new(0);
    /// The last one that was found to be none of onloan's.
    static FOREIGN: AtomicUsize = AtomicUsize::new(0);

    /// Whether it is known of the release slot of `class` that it leaves no exception, and one that is pending as it is: onloan's own,
    /// and those that only count.
    ///
    /// # Safety
    /// The class is alive, and the slot is its own.
    #[inline]
    unsafe fn leaves_no_exception(
        py: Python<'_>,
        release: ffi::releasebufferproc,
        class: *mut ffi::PyTypeObject,
    ) -> bool {
        // SAFETY: granted by the caller.
        release as usize == HARMLESS.load(Relaxed) || unsafe { is_harmless(py, release, class) }
    }

    /// # Safety
    /// As [`leaves_no_exception`].
    #[inline(never)]
    unsafe fn is_harmless(
        py: Python<'_>,
        release: ffi::releasebufferproc,
        class: *mut ffi::PyTypeObject,
    ) -> bool {
        let counts = class == &raw mut ffi::PyByteArray_Type
            || class == &raw mut ffi::PyMemoryView_Type
            // SAFETY: granted by the caller.
            || unsafe { is_array(class) };
        let harmless = counts || is_onloans(py, release);
        if harmless {
            HARMLESS.store(release as usize, Relaxed);
        }
        harmless
    }

    /// Whether it is the release slot of onloan's exporters, also behind a function of the tracer's.
    fn is_onloans(py: Python<'_>, release: ffi::releasebufferproc) -> bool {
        if release as usize == FOREIGN.load(Relaxed) {
            return false;
        }
        let known = slots::is_release(py, release as *const c_void);
        if !known {
            FOREIGN.store(release as usize, Relaxed);
        }
        known
    }

    /// Whether it is `array` of the standard library: a type in C of that name, the address of which no header tells.
    ///
    /// # Safety
    /// The class is alive.
    unsafe fn is_array(class: *mut ffi::PyTypeObject) -> bool {
        // SAFETY: alive (granted by the caller).
        let flags = unsafe { (*class).tp_flags };
        // SAFETY: as above.
        let name = unsafe { (*class).tp_name };
        // SAFETY: the name of a type is a C string.
        let name = unsafe { CStr::from_ptr(name) };
        flags & ffi::Py_TPFLAGS_IMMUTABLETYPE != 0 && name == c"array.array"
    }

    /// Whether it could be given back in the usual way; if not, nothing was done.
    ///
    /// # Safety
    /// As [`super::give_back`].
    #[inline]
    pub(super) unsafe fn give_back(py: Python<'_>, buffer: *mut ffi::Py_buffer) -> bool {
        // SAFETY: filled (granted by the caller).
        let object = unsafe { (*buffer).obj };
        if object.is_null() {
            return false;
        }
        // SAFETY: the buffer's own reference keeps it alive.
        let class = unsafe { ffi::Py_TYPE(object) };
        // SAFETY: as above; attached.
        let slots = unsafe { slots(object) };
        if let Some(release) = slots.and_then(|slots| slots.bf_releasebuffer) {
            // SAFETY: as above; the slot is the type's own.
            let known = unsafe { leaves_no_exception(py, release, class) };
            if !known && PyErr::occurred(py) {
                return false;
            }
            // SAFETY: the type's own slot, called as `PyBuffer_Release` calls it (`slots-direct`), once (granted by the caller).
            unsafe { release(object, buffer) };
            if !known && PyErr::occurred(py) {
                report(py);
            }
        }
        // SAFETY: the buffer's own reference, which nobody else gives away: `released-once`, and a slot must not.
        unsafe { ffi::Py_DECREF(object) };
        true
    }
}

#[cfg(test)]
mod tests;

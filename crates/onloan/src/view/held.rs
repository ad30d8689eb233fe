//! A filled `Py_buffer` and the duty to give it back.
//!
//! # A struct that may be moved
//!
//! An exporter may point the arrays of the struct into the struct itself: `PyBuffer_FillInfo` lets `shape` point to `view->len` and `strides` to
//! `view->itemsize`. So C code leaves the struct where it was filled, and PyO3 puts it on the heap. Here nothing is allocated: the arrays are copied
//! out at once, while the struct is still where it was filled, and never read again; then the struct is moved.
//!
//! ```text
//!   filled at A                    kept at B                      released at B
//!   ┌─ len ◀─┐                     ┌─ len                         ┌─ len ◀─┐
//!   │  shape ┘ ── copied out       │  shape ──▶ A (not read)      │  shape ┘ ── set right
//!   └─ internal ──▶ the exporter's └─ internal                    └─ internal
//! ```
//!
//! Releasing the moved struct is legal: `bf_releasebuffer` must not rely on the address ("the exporter MUST make use of the `internal` member",
//! `Doc/c-api/typeobj.rst`), because a consumer may pass a copy of what was filled. And it sees exactly such a copy, down to the pointers
//! into the struct, which are set right before.

use std::ptr;

use onloan_core::request::Request;
use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;

/// One acquisition.
///
/// Invariant `HELD`: `buffer` is what a successful `PyObject_GetBuffer` filled in, and was not given back, unless `obj` is NULL: the
/// fields, and what they point to, are the exporter's to keep until then.
pub(super) struct Held {
    buffer: ffi::Py_buffer,
    /// Where the exporter filled the struct.
    filled_at: usize,
}

impl Held {
    /// Asks `object`; `read` looks at the answer while the struct is where the exporter filled it.
    ///
    /// # Errors
    /// What the exporter raised, or `read` found; in the latter case the buffer is given back.
    #[inline]
    pub(super) fn acquire<R>(
        object: &Bound<'_, PyAny>,
        request: Request,
        read: impl FnOnce(&ffi::Py_buffer) -> PyResult<R>,
    ) -> PyResult<(Held, R)> {
        // `obj` is NULL, and what a failed request leaves in the struct is not looked at.
        let mut buffer = ffi::Py_buffer::new();
        let filled_at = ptr::from_mut(&mut buffer);
        // SAFETY: an object, alive and attached, and a struct to be filled.
        let got = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), filled_at, request.flags()) };
        if got != 0 {
            return Err(raised(object.py()));
        }
        let answer = read(&buffer);
        let held = Held {
            buffer,
            filled_at: filled_at.addr(),
        };
        match answer {
            Ok(answer) => Ok((held, answer)),
            Err(error) => {
                held.give_back(object.py());
                Err(error)
            }
        }
    }

    /// The struct; its arrays are not to be followed any more.
    #[inline]
    pub(super) fn buffer(&self) -> &ffi::Py_buffer {
        &self.buffer
    }

    /// The reference that the exporter is kept alive by; NULL if it gave none.
    #[inline]
    pub(super) fn object(&self) -> *mut ffi::PyObject {
        self.buffer.obj
    }

    /// Gives the memory back, now. CPython: `PyBuffer_Release`.
    #[inline]
    pub(super) fn give_back(mut self, py: Python<'_>) {
        self.release(py);
    }

    /// Gives the memory back, once; later calls do nothing.
    #[inline]
    pub(super) fn release(&mut self, _py: Python<'_>) {
        if self.buffer.obj.is_null() {
            // Given back; or the exporter gave no reference, and then `PyBuffer_Release` would do nothing either.
            return;
        }
        self.settle();
        let pending = Pending::put_aside();
        // SAFETY: `HELD`; attached. It sets `obj` to NULL, so that this was the only time.
        unsafe { ffi::PyBuffer_Release(&raw mut self.buffer) };
        pending.put_back();
    }

    /// Lets pointers into the struct point to where it is now.
    #[inline]
    fn settle(&mut self) {
        let here = ptr::from_mut(&mut self.buffer).cast::<u8>();
        let from = self.filled_at;
        let settled = |pointer: *mut u8| {
            let inside = pointer.addr().wrapping_sub(from);
            if inside < size_of::<ffi::Py_buffer>() {
                here.wrapping_add(inside)
            } else {
                pointer
            }
        };
        let buffer = &mut self.buffer;
        buffer.format = settled(buffer.format.cast()).cast();
        for array in [
            &mut buffer.shape,
            &mut buffer.strides,
            &mut buffer.suboffsets,
        ] {
            *array = settled(array.cast()).cast();
        }
        self.filled_at = here.addr();
    }
}

impl Drop for Held {
    /// On a thread without Python it attaches. Where that cannot be (the interpreter is finished or finishing, or the collector is at
    /// work in this very thread) the memory stays out: nobody could take it back.
    #[inline]
    fn drop(&mut self) {
        if !self.buffer.obj.is_null() {
            Python::try_attach(|py| self.release(py));
        }
    }
}

/// An exception that was set when a release began. A release may run anything; it must neither lose that exception nor leave one.
struct Pending(Option<Raised>);

#[cfg(Py_3_12)]
type Raised = *mut ffi::PyObject;
/// Type, value and traceback.
#[cfg(not(Py_3_12))]
type Raised = [*mut ffi::PyObject; 3];

impl Pending {
    /// Attached, as every caller is.
    #[inline]
    fn put_aside() -> Pending {
        // SAFETY: attached.
        if unsafe { ffi::PyErr_Occurred() }.is_null() {
            return Pending(None);
        }
        #[cfg(Py_3_12)]
        // SAFETY: attached.
        let raised = unsafe { ffi::PyErr_GetRaisedException() };
        #[cfg(not(Py_3_12))]
        let raised = {
            let [mut kind, mut value, mut traceback] = [ptr::null_mut(); 3];
            // SAFETY: attached; three places to be filled.
            unsafe { ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut traceback) };
            [kind, value, traceback]
        };
        Pending(Some(raised))
    }

    #[inline]
    fn put_back(self) {
        // SAFETY: attached.
        if !unsafe { ffi::PyErr_Occurred() }.is_null() {
            // SAFETY: attached, an exception is set; NULL for want of an object to name.
            unsafe { ffi::PyErr_WriteUnraisable(ptr::null_mut()) };
        }
        let Some(raised) = self.0 else { return };
        #[cfg(Py_3_12)]
        // SAFETY: attached; gives away the reference that `put_aside` was given.
        unsafe {
            ffi::PyErr_SetRaisedException(raised);
        };
        #[cfg(not(Py_3_12))]
        // SAFETY: as above.
        unsafe {
            ffi::PyErr_Restore(raised[0], raised[1], raised[2]);
        };
    }
}

/// What a failed call left; an exporter that left nothing is told so, as the interpreter would.
#[cold]
fn raised(py: Python<'_>) -> PyErr {
    PyErr::take(py).unwrap_or_else(|| {
        PySystemError::new_err("the exporter refused a buffer without setting an exception (E-05)")
    })
}

//! One `Py_buffer` on the heap, and everything that can be done with it.

use std::ffi::{CStr, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// What a struct is filled with when it is left behind.
const POISON: u8 = 0xdd;

/// A struct on the heap, every byte of it `pattern`.
fn filled(pattern: u8) -> NonNull<ffi::Py_buffer> {
    let view = NonNull::from(Box::leak(Box::new(ffi::Py_buffer::new())));
    // SAFETY: one struct, just allocated; raw pointers and integers may have any bytes.
    unsafe { view.as_ptr().write_bytes(pattern, 1) };
    view
}

/// # Safety
/// From [`filled`], and not used afterwards.
unsafe fn free(view: NonNull<ffi::Py_buffer>) {
    // SAFETY: granted by the caller.
    drop(unsafe { Box::from_raw(view.as_ptr()) });
}

/// An export that is held: its struct, and those that it was moved out of.
struct View {
    /// Filled by the exporter, at this place or another.
    now: NonNull<ffi::Py_buffer>,
    left_behind: Vec<NonNull<ffi::Py_buffer>>,
}

// SAFETY: the structs belong to the view alone, and are used only by who is attached.
unsafe impl Send for View {}

impl View {
    fn get(&self) -> &ffi::Py_buffer {
        // SAFETY: from `filled`, and filled in by the exporter; freed only with the view.
        unsafe { self.now.as_ref() }
    }

    /// Moves the struct, as `memcpy` does, and poisons the old one.
    fn relocate(&mut self) {
        let next = filled(0);
        // SAFETY: two structs of their own.
        unsafe { ptr::copy_nonoverlapping(self.now.as_ptr(), next.as_ptr(), 1) };
        // SAFETY: a struct of ours, which is not looked at again.
        unsafe { self.now.as_ptr().write_bytes(POISON, 1) };
        self.left_behind.push(self.now);
        self.now = next;
    }

    /// Releases, and says what is in `obj` afterwards (C-02: it is NULL).
    fn release(self, _py: Python<'_>) -> usize {
        // SAFETY: acquired, and released once: `self` ends here.
        unsafe { ffi::PyBuffer_Release(self.now.as_ptr()) };
        let object = self.get().obj.addr();
        // SAFETY: once more, with the same struct, does nothing (C-02).
        unsafe { ffi::PyBuffer_Release(self.now.as_ptr()) };
        // SAFETY: from `filled`, used no more.
        unsafe { free(self.now) };
        for view in self.left_behind {
            // SAFETY: as above.
            unsafe { free(view) };
        }
        object
    }

    fn address(&self, indices: &[isize]) -> PyResult<NonNull<u8>> {
        let view = self.get();
        let ndim = usize::try_from(view.ndim).unwrap_or(0);
        if indices.len() != ndim || (ndim > 0 && (view.shape.is_null() || view.strides.is_null())) {
            return Err(PyValueError::new_err(
                "one index for each axis, of a buffer with shape and strides",
            ));
        }
        // SAFETY: a filled struct with as many indices as axes (checked).
        let item = unsafe { ffi::PyBuffer_GetPointer(view, indices.as_ptr()) };
        NonNull::new(item.cast()).ok_or_else(|| PyValueError::new_err("the item has no address"))
    }
}

/// An export that is held until `release`, or until this object goes.
#[pyclass(frozen, module = "onloan_suite.raw")]
pub(crate) struct Held {
    view: Mutex<Option<View>>,
}

impl Held {
    fn view(&self) -> MutexGuard<'_, Option<View>> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<R>(&self, run: impl FnOnce(&mut View) -> PyResult<R>) -> PyResult<R> {
        match &mut *self.view() {
            Some(view) => run(view),
            None => Err(gone()),
        }
    }

    fn end(&self) -> PyResult<View> {
        self.view().take().ok_or_else(gone)
    }
}

fn gone() -> PyErr {
    PyValueError::new_err("released already")
}

/// Asks `object` for a buffer with a struct full of `pattern`.
#[pyfunction]
#[pyo3(signature = (object, flags, pattern = 0xa5))]
pub(crate) fn acquire(object: &Bound<'_, PyAny>, flags: c_int, pattern: u8) -> PyResult<Held> {
    let view = filled(pattern);
    // SAFETY: an object, alive and attached, and a struct to be filled.
    let got = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view.as_ptr(), flags) };
    match (got, raised(object.py())) {
        (0, None) => Ok(Held {
            view: Mutex::new(Some(View {
                now: view,
                left_behind: Vec::new(),
            })),
        }),
        (0, Some(error)) => Err(broken(
            "granted, with an exception pending",
            Some(error),
            object,
        )),
        (-1, Some(error)) => {
            // SAFETY: from `filled`, used no more: a failed request leaves nothing to be released.
            unsafe { free(view) };
            Err(error)
        }
        (other, error) => Err(broken(&format!("answered {other}"), error, object)),
    }
}

/// The exception that is set, taken up. `PyErr::take` would unwind if it is a panic of Rust's.
pub(super) fn raised(py: Python<'_>) -> Option<PyErr> {
    let mut raised = [ptr::null_mut(); 3];
    let [class, value, traceback] = &mut raised;
    // SAFETY: three places to write to; attached.
    unsafe { ffi::PyErr_Fetch(class, value, traceback) };
    // SAFETY: as above; what is there is ours.
    unsafe { ffi::PyErr_NormalizeException(class, value, traceback) };
    let [class, value, traceback] = raised.map(|pointer| {
        // SAFETY: NULL, or a reference that `PyErr_Fetch` has given.
        unsafe { Bound::from_owned_ptr_or_opt(py, pointer) }
    });
    drop((class, traceback));
    value.map(PyErr::from_value)
}

fn broken(what: &str, error: Option<PyErr>, object: &Bound<'_, PyAny>) -> PyErr {
    let broken = PyRuntimeError::new_err(format!("bf_getbuffer {what}"));
    broken.set_cause(object.py(), error);
    broken
}

/// Asks for what must be refused: the exception, and what `obj` is afterwards. It was an address full of `pattern`.
#[pyfunction]
#[pyo3(signature = (object, flags, pattern = 0xa5))]
pub(crate) fn refused<'py>(
    object: &Bound<'py, PyAny>,
    flags: c_int,
    pattern: u8,
) -> PyResult<(Bound<'py, PyAny>, usize)> {
    let py = object.py();
    let view = filled(pattern);
    // SAFETY: an object, alive and attached, and a struct to be filled.
    let got = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view.as_ptr(), flags) };
    if got == 0 {
        // SAFETY: acquired just now.
        unsafe { ffi::PyBuffer_Release(view.as_ptr()) };
        return Err(broken("granted", None, object));
    }
    // SAFETY: a struct of ours.
    let after = unsafe { view.as_ref() }.obj.addr();
    // SAFETY: as above, used no more.
    unsafe { free(view) };
    match raised(py) {
        Some(error) => {
            // A kept traceback would hold the exporter.
            error.set_traceback(py, None);
            Ok((error.value(py).clone().into_any(), after))
        }
        None => Err(broken("refused without an exception", None, object)),
    }
}

/// # Safety
/// NULL, or leads to `count` numbers.
unsafe fn numbers(start: *mut isize, count: usize) -> Option<Vec<isize>> {
    if start.is_null() {
        return None;
    }
    // SAFETY: granted by the caller.
    Some(unsafe { std::slice::from_raw_parts(start, count) }.to_vec())
}

#[pymethods]
impl Held {
    /// Every field of the struct. Pointers as addresses, what they lead to under their own names.
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.with(|view| {
            let view = view.get();
            let fields = PyDict::new(py);
            let ndim = usize::try_from(view.ndim).unwrap_or(0);
            fields.set_item("buf", view.buf.addr())?;
            fields.set_item("obj", view.obj.addr())?;
            fields.set_item("len", view.len)?;
            fields.set_item("itemsize", view.itemsize)?;
            fields.set_item("readonly", view.readonly)?;
            fields.set_item("ndim", view.ndim)?;
            let format = if view.format.is_null() {
                None
            } else {
                // SAFETY: not NULL; exporters give a C string.
                Some(
                    unsafe { CStr::from_ptr(view.format) }
                        .to_string_lossy()
                        .into_owned(),
                )
            };
            fields.set_item("format", format)?;
            let arrays = [
                ("shape", view.shape),
                ("strides", view.strides),
                ("suboffsets", view.suboffsets),
            ];
            for (name, start) in arrays {
                // SAFETY: exporters give NULL, or one number for each axis.
                fields.set_item(name, unsafe { numbers(start, ndim) })?;
            }
            let pointers = PyDict::new(py);
            pointers.set_item("format", view.format.addr())?;
            for (name, start) in arrays {
                pointers.set_item(name, start.addr())?;
            }
            pointers.set_item("internal", view.internal.addr())?;
            fields.set_item("pointers", pointers)?;
            Ok(fields)
        })
    }

    /// The struct, byte by byte.
    fn bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.with(|view| {
            let start = view.now.as_ptr().cast::<u8>();
            // SAFETY: a struct of ours without padding (eleven fields, two of them `int`), every byte of it initialised.
            let bytes = unsafe { std::slice::from_raw_parts(start, size_of::<ffi::Py_buffer>()) };
            Ok(PyBytes::new(py, bytes))
        })
    }

    /// Where the struct is.
    fn address(&self) -> PyResult<usize> {
        self.with(|view| Ok(view.now.as_ptr().addr()))
    }

    /// Copies the struct elsewhere, and fills the one that it was in with 0xDD.
    fn relocate(&self) -> PyResult<()> {
        self.with(|view| {
            view.relocate();
            Ok(())
        })
    }

    /// One item, as `PyBuffer_GetPointer` finds it.
    fn item<'py>(&self, py: Python<'py>, indices: Vec<isize>) -> PyResult<Bound<'py, PyBytes>> {
        self.with(|view| {
            let start = view.address(&indices)?;
            let size = view.get().itemsize.unsigned_abs();
            // SAFETY: `itemsize` bytes of the exporter's memory, at an address that it gave.
            let bytes = unsafe { std::slice::from_raw_parts(start.as_ptr(), size) };
            Ok(PyBytes::new(py, bytes))
        })
    }

    /// Writes over one item.
    fn set_item(&self, indices: Vec<isize>, data: &[u8]) -> PyResult<()> {
        self.with(|view| {
            let start = view.address(&indices)?;
            let view = view.get();
            if view.readonly != 0 || view.itemsize.unsigned_abs() != data.len() {
                return Err(PyValueError::new_err("read-only, or of another size"));
            }
            // SAFETY: `itemsize` bytes (checked) of the exporter's writable memory (checked).
            unsafe { ptr::copy_nonoverlapping(data.as_ptr(), start.as_ptr(), data.len()) };
            Ok(())
        })
    }

    /// `len` bytes from `buf` on, as somebody reads them who asked for contiguous memory.
    fn linear<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.with(|view| {
            let view = view.get();
            if view.len == 0 {
                return Ok(PyBytes::new(py, b""));
            }
            // SAFETY: the caller has asked for contiguous memory, of which there are `len` bytes.
            let bytes =
                unsafe { std::slice::from_raw_parts(view.buf.cast(), view.len.unsigned_abs()) };
            Ok(PyBytes::new(py, bytes))
        })
    }

    /// Writes over all bytes from `buf` on.
    fn set_linear(&self, data: &[u8]) -> PyResult<()> {
        self.with(|view| {
            let view = view.get();
            if view.readonly != 0 || view.len.unsigned_abs() != data.len() {
                return Err(PyValueError::new_err("read-only, or of another length"));
            }
            // SAFETY: the caller has asked for contiguous memory, of which there are `len` bytes (checked), writable (checked).
            unsafe { ptr::copy_nonoverlapping(data.as_ptr(), view.buf.cast(), data.len()) };
            Ok(())
        })
    }

    /// What `PyBuffer_ToContiguous` makes of it.
    fn to_contiguous<'py>(&self, py: Python<'py>, order: char) -> PyResult<Bound<'py, PyBytes>> {
        self.with(|view| {
            let view = view.get();
            let mut bytes = vec![0_u8; view.len.unsigned_abs()];
            let to = bytes.as_mut_ptr().cast::<c_void>();
            // SAFETY: a filled struct, and room for `len` bytes.
            let copied = unsafe {
                ffi::PyBuffer_ToContiguous(to, view, view.len, order as std::ffi::c_char)
            };
            match copied {
                0 => Ok(PyBytes::new(py, &bytes)),
                _ => Err(raised(py).unwrap_or_else(gone)),
            }
        })
    }

    /// What `PyBuffer_IsContiguous` says.
    fn is_contiguous(&self, order: char) -> PyResult<bool> {
        self.with(|view| {
            // SAFETY: a filled struct.
            let yes = unsafe { ffi::PyBuffer_IsContiguous(view.get(), order as std::ffi::c_char) };
            Ok(yes != 0)
        })
    }

    /// Releases; what is in `obj` afterwards.
    fn release(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.end()?.release(py))
    }

    /// Releases on a thread that Python did not start; what is in `obj` afterwards.
    fn release_elsewhere(&self, py: Python<'_>) -> PyResult<usize> {
        let view = self.end()?;
        py.detach(|| thread::spawn(move || Python::attach(|py| view.release(py))).join())
            .map_err(|_| PyRuntimeError::new_err("the thread panicked"))
    }

    /// Releases while `exception` is pending; what is pending afterwards.
    fn release_pending<'py>(
        &self,
        py: Python<'py>,
        exception: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let view = self.end()?;
        let class = exception.get_type().into_ptr();
        let value = exception.clone().into_ptr();
        // SAFETY: takes over two references, made for it; attached.
        unsafe { ffi::PyErr_Restore(class, value, ptr::null_mut()) };
        view.release(py);
        let mut pending = [ptr::null_mut(); 3];
        let [class, value, traceback] = &mut pending;
        // SAFETY: three places to write to; attached.
        unsafe { ffi::PyErr_Fetch(class, value, traceback) };
        let mut owned = pending.map(|pointer| {
            // SAFETY: NULL, or a reference that `PyErr_Fetch` has given.
            unsafe { Bound::from_owned_ptr_or_opt(py, pointer) }
        });
        Ok(owned[1].take())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(view) = self.view().take() {
            Python::try_attach(|py| view.release(py));
        }
    }
}

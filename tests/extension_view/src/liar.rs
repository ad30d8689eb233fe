//! An exporter that fills in whatever it is told, and counts.

use std::ffi::{CString, c_int};
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Fields of the answers, each as it was given to the constructor; what was not given is that of six C-contiguous `H` at an even address.
///
/// - `len`, `itemsize`, `readonly`, `ndim`: numbers
/// - `shape`, `strides`, `suboffsets`: lists, or `None` for NULL
/// - `format`: bytes, or `None` for NULL
/// - `offset`: of `buf` in the memory, 64 bytes with the values 0 to 63; `None` for a `buf` that is NULL
/// - `inside`: `shape` and `strides` point into the struct, as those of `PyBuffer_FillInfo` do
/// - `no_object`: `obj` is left NULL
/// - `refuse`: fails, with that exception
/// - `in_get`, `in_release`: called with the object
#[pyclass(frozen)]
pub(crate) struct Liar {
    settings: Py<PyDict>,
    /// Of 64 bytes that are never freed.
    memory: usize,
    /// What was handed out, kept for ever: answers point into it.
    arrays: Mutex<Vec<Box<[isize]>>>,
    got: AtomicI64,
    released: AtomicI64,
    /// The struct was not as it was filled, apart from its address.
    changed: AtomicI64,
}

/// The memory that is lent: aligned as eight bytes are.
#[repr(align(8))]
struct Memory([u8; 64]);

#[pymethods]
impl Liar {
    #[new]
    #[pyo3(signature = (**settings))]
    fn new(py: Python<'_>, settings: Option<Py<PyDict>>) -> Liar {
        let memory = Box::leak(Box::new(Memory(std::array::from_fn(|place| place as u8))));
        Liar {
            settings: settings.unwrap_or_else(|| PyDict::new(py).unbind()),
            memory: memory.0.as_mut_ptr().expose_provenance(),
            arrays: Mutex::default(),
            got: AtomicI64::new(0),
            released: AtomicI64::new(0),
            changed: AtomicI64::new(0),
        }
    }

    /// How many requests were granted.
    #[getter]
    fn got(&self) -> i64 {
        self.got.load(Ordering::SeqCst)
    }

    /// How many were given back.
    #[getter]
    fn released(&self) -> i64 {
        self.released.load(Ordering::SeqCst)
    }

    /// How many were given back with other fields than they were granted with.
    #[getter]
    fn changed(&self) -> i64 {
        self.changed.load(Ordering::SeqCst)
    }

    /// Overwrites the numbers of all arrays that were handed out.
    fn scribble(&self, number: isize) {
        for array in self.arrays().iter_mut() {
            array.fill(number);
        }
    }

    /// # Safety
    /// As CPython calls it. Consumers may be told lies.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        _flags: c_int,
    ) -> PyResult<()> {
        let this = slf.get();
        let settings = this.settings.bind(slf.py());
        if let Some(call) = settings.get_item("in_get")? {
            call.call1((&slf,))?;
        }
        if let Some(error) = settings.get_item("refuse")? {
            return Err(PyErr::from_value(error));
        }
        let mut answer = ffi::Py_buffer::new();
        answer.len = this.setting(&slf, "len", 12)?;
        answer.itemsize = this.setting(&slf, "itemsize", 2)?;
        answer.readonly = this.setting(&slf, "readonly", 1)?;
        answer.ndim = this.setting(&slf, "ndim", 1)?;
        answer.buf = match this.setting(&slf, "offset", Some(0_isize))? {
            Some(offset) => {
                let memory = ptr::with_exposed_provenance_mut::<u8>(this.memory);
                memory.wrapping_offset(offset).cast()
            }
            None => ptr::null_mut(),
        };
        let format = this.setting(&slf, "format", Some(b"H".to_vec()))?;
        answer.format = match format {
            // Kept for ever, as the static format of a C type is.
            Some(format) => CString::new(format)
                .map_err(|_| PyBufferError::new_err("NUL"))?
                .into_raw(),
            None => ptr::null_mut(),
        };
        answer.shape = this.array(&slf, "shape", Some(vec![6]))?;
        answer.strides = this.array(&slf, "strides", Some(vec![2]))?;
        answer.suboffsets = this.array(&slf, "suboffsets", None)?;
        let [len, itemsize] = [answer.len, answer.itemsize];
        answer.internal = ptr::without_provenance_mut(mark(len, itemsize, answer.ndim));
        if !this.setting(&slf, "no_object", false)? {
            answer.obj = slf.clone().into_any().into_ptr();
        }
        let inside = this.setting(&slf, "inside", false)?;
        // SAFETY: a struct to be filled.
        unsafe { view.write(answer) };
        if inside {
            // SAFETY: filled right before.
            let filled = unsafe { &mut *view };
            filled.shape = &raw mut filled.len;
            filled.strides = &raw mut filled.itemsize;
        }
        this.got.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// # Safety
    /// As CPython calls it.
    unsafe fn __releasebuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer) -> PyResult<()> {
        let this = slf.get();
        this.released.fetch_add(1, Ordering::SeqCst);
        // SAFETY: filled by `__getbuffer__`.
        let filled = unsafe { &*view };
        let expected = mark(filled.len, filled.itemsize, filled.ndim);
        let inside = this.setting(&slf, "inside", false)?;
        let moved = inside && filled.shape.cast_const() != &raw const filled.len;
        if filled.internal.addr() != expected || moved {
            this.changed.fetch_add(1, Ordering::SeqCst);
        }
        let settings = this.settings.bind(slf.py());
        if let Some(call) = settings.get_item("in_release")? {
            call.call1((&slf,))?;
        }
        Ok(())
    }
}

/// A number that the fields determine, in `internal`.
fn mark(len: isize, itemsize: isize, ndim: c_int) -> usize {
    let odd = len.wrapping_mul(31).wrapping_add(itemsize);
    odd.wrapping_mul(31)
        .wrapping_add(ndim as isize)
        .unsigned_abs()
        | 1 << 40
}

impl Liar {
    fn arrays(&self) -> std::sync::MutexGuard<'_, Vec<Box<[isize]>>> {
        self.arrays
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn setting<'py, T: for<'a> FromPyObject<'a, 'py>>(
        &self,
        slf: &Bound<'py, Self>,
        name: &str,
        otherwise: T,
    ) -> PyResult<T> {
        match self.settings.bind(slf.py()).get_item(name)? {
            Some(value) => value.extract().map_err(Into::into),
            None => Ok(otherwise),
        }
    }

    fn array(
        &self,
        slf: &Bound<'_, Self>,
        name: &str,
        otherwise: Option<Vec<isize>>,
    ) -> PyResult<*mut isize> {
        let Some(numbers) = self.setting(slf, name, otherwise)? else {
            return Ok(ptr::null_mut());
        };
        let mut kept: Box<[isize]> = numbers.into();
        let start = kept.as_mut_ptr();
        self.arrays().push(kept);
        Ok(start)
    }
}

//! Consumers with PyO3 alone: its `PyBuffer<T>` and `PyUntypedBuffer`, and the C API called directly.

use std::hint::black_box;
use std::mem::MaybeUninit;

use pyo3::buffer::{PyBuffer, PyUntypedBuffer};
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use rustix::time::{ClockId, clock_gettime};

/// This thread's own time in nanoseconds.
fn now() -> i64 {
    let at = clock_gettime(ClockId::ThreadCPUTime);
    at.tv_sec * 1_000_000_000 + at.tv_nsec
}

/// Nanoseconds for all iterations.
fn timed(
    iterations: usize,
    warm_up: usize,
    mut step: impl FnMut() -> PyResult<()>,
) -> PyResult<i64> {
    for _ in 0..warm_up {
        step()?;
    }
    let start = now();
    for _ in 0..iterations {
        step()?;
    }
    Ok(now() - start)
}

/// `PyObject_GetBuffer` and `PyBuffer_Release`, and nothing else.
fn time_raw(
    object: &Bound<'_, PyAny>,
    flags: std::ffi::c_int,
    iterations: usize,
    warm_up: usize,
) -> PyResult<i64> {
    timed(iterations, warm_up, || {
        let mut view = MaybeUninit::<ffi::Py_buffer>::uninit();
        // SAFETY: attached, as `object` shows; `view` has room for one.
        let answer = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view.as_mut_ptr(), flags) };
        if answer != 0 {
            return Err(PyErr::fetch(object.py()));
        }
        black_box(&view);
        // SAFETY: granted right before, and given back once.
        unsafe { ffi::PyBuffer_Release(view.as_mut_ptr()) };
        Ok(())
    })
}

/// The C API called from Rust, FULL_RO.
#[pyfunction]
fn time_raw_read(object: &Bound<'_, PyAny>, iterations: usize, warm_up: usize) -> PyResult<i64> {
    time_raw(object, ffi::PyBUF_FULL_RO, iterations, warm_up)
}

/// The C API called from Rust, FULL.
#[pyfunction]
fn time_raw_write(object: &Bound<'_, PyAny>, iterations: usize, warm_up: usize) -> PyResult<i64> {
    time_raw(object, ffi::PyBUF_FULL, iterations, warm_up)
}

/// `PyBuffer<f64>` of an object, acquired and dropped.
#[pyfunction]
fn time_buffer_f64(object: &Bound<'_, PyAny>, iterations: usize, warm_up: usize) -> PyResult<i64> {
    timed(iterations, warm_up, || {
        black_box(&PyBuffer::<f64>::get(object)?);
        Ok(())
    })
}

/// `PyUntypedBuffer` of an object, acquired and dropped.
#[pyfunction]
fn time_untyped(object: &Bound<'_, PyAny>, iterations: usize, warm_up: usize) -> PyResult<i64> {
    timed(iterations, warm_up, || {
        black_box(&PyUntypedBuffer::get(object)?);
        Ok(())
    })
}

/// The items that a `PyBuffer<f64>` of an object shows.
#[pyfunction]
fn doubles(py: Python<'_>, buffer: PyBuffer<f64>) -> PyResult<Vec<f64>> {
    buffer.to_vec(py)
}

/// The items that a `PyUntypedBuffer` of an object shows, as doubles.
#[pyfunction]
fn untyped_doubles(object: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    PyUntypedBuffer::get(object)?
        .as_typed::<f64>()?
        .to_vec(object.py())
}

/// The bytes that the C API shows of an object without gaps.
#[pyfunction]
fn raw_bytes(object: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let mut view = MaybeUninit::<ffi::Py_buffer>::uninit();
    // SAFETY: attached, as `object` shows; `view` has room for one.
    let answer =
        unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view.as_mut_ptr(), ffi::PyBUF_SIMPLE) };
    if answer != 0 {
        return Err(PyErr::fetch(object.py()));
    }
    // SAFETY: granted right before.
    let granted = unsafe { view.assume_init_mut() };
    let mut bytes = vec![0; granted.len.unsigned_abs()];
    let source = granted.buf.cast::<u8>();
    // SAFETY: an exporter that grants SIMPLE has `len` bytes from `buf` on; `bytes` has as many, and is new.
    unsafe { source.copy_to_nonoverlapping(bytes.as_mut_ptr(), bytes.len()) };
    // SAFETY: given back once.
    unsafe { ffi::PyBuffer_Release(granted) };
    Ok(bytes)
}

/// The memory that is copied to, typed as the items are.
enum Memory {
    Bytes(Vec<u8>),
    Words(Vec<u32>),
    Doubles(Vec<f64>),
}

/// Memory that is copied to.
#[pyclass]
struct Target {
    memory: Memory,
}

#[pymethods]
impl Target {
    /// For so many items of so many bytes.
    #[new]
    fn new(items: usize, itemsize: usize) -> PyResult<Self> {
        let memory = match itemsize {
            1 => Memory::Bytes(vec![0; items]),
            4 => Memory::Words(vec![0; items]),
            8 => Memory::Doubles(vec![0.0; items]),
            _ => return Err(PyValueError::new_err("items have 1, 4 or 8 bytes")),
        };
        Ok(Self { memory })
    }

    /// What lies there.
    fn contents(&self) -> Vec<u8> {
        match &self.memory {
            Memory::Bytes(items) => items.clone(),
            Memory::Words(items) => items.iter().flat_map(|item| item.to_ne_bytes()).collect(),
            Memory::Doubles(items) => items.iter().flat_map(|item| item.to_ne_bytes()).collect(),
        }
    }

    /// The copy alone: what is copied is acquired before the clock starts.
    fn time_copy(
        &mut self,
        source: &Bound<'_, PyAny>,
        iterations: usize,
        warm_up: usize,
    ) -> PyResult<i64> {
        let py = source.py();
        match &mut self.memory {
            Memory::Bytes(to) => {
                let buffer = PyBuffer::<u8>::get(source)?;
                timed(iterations, warm_up, || {
                    buffer.copy_to_slice(py, black_box(to))
                })
            }
            Memory::Words(to) => {
                let buffer = PyBuffer::<u32>::get(source)?;
                timed(iterations, warm_up, || {
                    buffer.copy_to_slice(py, black_box(to))
                })
            }
            Memory::Doubles(to) => {
                let buffer = PyBuffer::<f64>::get(source)?;
                timed(iterations, warm_up, || {
                    buffer.copy_to_slice(py, black_box(to))
                })
            }
        }
    }
}

/// Consumers with PyO3 alone.
#[pymodule]
mod pyo3_peer {
    #[pymodule_export]
    use super::{
        Target, doubles, raw_bytes, time_buffer_f64, time_raw_read, time_raw_write, time_untyped,
        untyped_doubles,
    };
}

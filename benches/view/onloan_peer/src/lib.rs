//! A consumer as an author writes it with onloan: views as arguments, no `unsafe`.

use std::hint::black_box;

use onloan::{View, ViewMut, Viewed};
use pyo3::exceptions::PyValueError;
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

/// Acquires `object` as a view of `T`s, and drops it.
fn time_view<T: Viewed, const NDIM: usize>(
    object: &Bound<'_, PyAny>,
    iterations: usize,
    warm_up: usize,
) -> PyResult<i64> {
    timed(iterations, warm_up, || {
        let view: View<'_, T, NDIM> = object.extract()?;
        black_box(&view);
        Ok(())
    })
}

/// `View<f64>` of an object, acquired and dropped.
#[pyfunction]
fn time_view_f64(object: &Bound<'_, PyAny>, iterations: usize, warm_up: usize) -> PyResult<i64> {
    time_view::<f64, { onloan::DYNAMIC }>(object, iterations, warm_up)
}

/// `View` of an object, whatever its items are, acquired and dropped.
#[pyfunction]
fn time_view_any(object: &Bound<'_, PyAny>, iterations: usize, warm_up: usize) -> PyResult<i64> {
    time_view::<onloan::Any, { onloan::DYNAMIC }>(object, iterations, warm_up)
}

/// `ViewMut<f64>` of an object, acquired and dropped.
#[pyfunction]
fn time_view_mut_f64(
    object: &Bound<'_, PyAny>,
    iterations: usize,
    warm_up: usize,
) -> PyResult<i64> {
    timed(iterations, warm_up, || {
        let view: ViewMut<'_, f64> = object.extract()?;
        black_box(&view);
        Ok(())
    })
}

/// The items that a `View<f64>` of an object shows.
#[pyfunction]
fn doubles(view: View<'_, f64>) -> Vec<f64> {
    view.iter().collect()
}

/// The items that a `ViewMut<f64>` of an object shows.
#[pyfunction]
fn doubles_mut(view: ViewMut<'_, f64>) -> Vec<f64> {
    view.iter().collect()
}

/// The bytes of the items that a `View` of an object shows, whatever they are.
#[pyfunction]
fn bytes(view: View<'_>) -> PyResult<Vec<u8>> {
    Ok(view.to_bytes()?)
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

    /// Copies what lies in `source` here: acquires, copies, gives back.
    fn copy(&mut self, source: &Bound<'_, PyAny>) -> PyResult<()> {
        match &mut self.memory {
            Memory::Bytes(to) => source.extract::<View<'_, u8>>()?.copy_to_slice(to)?,
            Memory::Words(to) => source.extract::<View<'_, u32>>()?.copy_to_slice(to)?,
            Memory::Doubles(to) => source.extract::<View<'_, f64>>()?.copy_to_slice(to)?,
        }
        Ok(())
    }

    /// The copy alone: what is copied is acquired before the clock starts.
    fn time_copy(
        &mut self,
        source: &Bound<'_, PyAny>,
        iterations: usize,
        warm_up: usize,
    ) -> PyResult<i64> {
        match &mut self.memory {
            Memory::Bytes(to) => {
                let view: View<'_, u8> = source.extract()?;
                timed(iterations, warm_up, || {
                    Ok(view.copy_to_slice(black_box(to))?)
                })
            }
            Memory::Words(to) => {
                let view: View<'_, u32> = source.extract()?;
                timed(iterations, warm_up, || {
                    Ok(view.copy_to_slice(black_box(to))?)
                })
            }
            Memory::Doubles(to) => {
                let view: View<'_, f64> = source.extract()?;
                timed(iterations, warm_up, || {
                    Ok(view.copy_to_slice(black_box(to))?)
                })
            }
        }
    }
}

/// A consumer made with onloan.
#[pymodule]
mod onloan_peer {
    #[pymodule_export]
    use super::{
        Target, bytes, doubles, doubles_mut, time_view_any, time_view_f64, time_view_mut_f64,
    };
}

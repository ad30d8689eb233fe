//! Items as Python objects, and back.

use half::f16;
use num_complex::Complex;
use onloan::{AnyBits, BigEndian, ByteBool, Element, FixedBytes, LittleEndian, Padding};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyComplex};

/// An item that the tests can compare with what Python has.
pub(crate) trait Told: AnyBits {
    fn told(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
    fn read(given: &Bound<'_, PyAny>) -> PyResult<Self>;
}

macro_rules! told_as_is {
    ($($type:ty),*) => {$(
        impl Told for $type {
            fn told(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                self.into_py_any(py)
            }
            fn read(given: &Bound<'_, PyAny>) -> PyResult<Self> {
                given.extract().map_err(Into::into)
            }
        }
    )*};
}

told_as_is!(u8, u16, u32, u64, usize, i8, i16, i32, i64, f32, f64);

macro_rules! told_by_value {
    ($($type:ty: $value:ty;)*) => {$(
        impl Told for $type {
            fn told(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                self.get().into_py_any(py)
            }
            fn read(given: &Bound<'_, PyAny>) -> PyResult<Self> {
                Ok(<$type>::from(given.extract::<$value>()?))
            }
        }
    )*};
}

told_by_value! {
    ByteBool: bool;
    BigEndian<u32>: u32;
    BigEndian<i16>: i16;
    BigEndian<f64>: f64;
    LittleEndian<i32>: i32;
    LittleEndian<f64>: f64;
}

impl Told for f16 {
    fn told(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.to_f64().into_py_any(py)
    }
    fn read(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(f16::from_f64(given.extract()?))
    }
}

impl Told for Complex<f64> {
    fn told(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        PyComplex::from_doubles(py, self.re, self.im).into_py_any(py)
    }
    fn read(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let part = |name: &str| given.getattr(name)?.extract::<f64>();
        Ok(Complex::new(part("real")?, part("imag")?))
    }
}

impl<const N: usize> Told for FixedBytes<N> {
    fn told(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        PyBytes::new(py, &*self).into_py_any(py)
    }
    fn read(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(FixedBytes::new(given.extract::<[u8; N]>()?))
    }
}

impl Told for [f32; 3] {
    fn told(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.to_vec().into_py_any(py)
    }
    fn read(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        given.extract()
    }
}

/// `struct { uint32_t id; double value; }`
#[derive(Clone, Copy, Element)]
#[repr(C)]
pub(crate) struct Sample {
    id: u32,
    _padding: Padding<4>,
    value: f64,
}

impl Told for Sample {
    fn told(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        (self.id, self.value).into_py_any(py)
    }
    fn read(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (id, value) = given.extract()?;
        Ok(Sample {
            id,
            _padding: Padding::ZERO,
            value,
        })
    }
}

/// Calls the generic function with the type of that name.
macro_rules! with_item_type {
    ($name:expr, $function:ident ( $($argument:expr),* )) => {
        match $name {
            "u8" => $function::<u8>($($argument),*),
            "u16" => $function::<u16>($($argument),*),
            "u32" => $function::<u32>($($argument),*),
            "u64" => $function::<u64>($($argument),*),
            "usize" => $function::<usize>($($argument),*),
            "i8" => $function::<i8>($($argument),*),
            "i16" => $function::<i16>($($argument),*),
            "i32" => $function::<i32>($($argument),*),
            "i64" => $function::<i64>($($argument),*),
            "f16" => $function::<half::f16>($($argument),*),
            "f32" => $function::<f32>($($argument),*),
            "f64" => $function::<f64>($($argument),*),
            "Complex<f64>" => $function::<num_complex::Complex<f64>>($($argument),*),
            "ByteBool" => $function::<onloan::ByteBool>($($argument),*),
            "BigEndian<u32>" => $function::<onloan::BigEndian<u32>>($($argument),*),
            "BigEndian<i16>" => $function::<onloan::BigEndian<i16>>($($argument),*),
            "BigEndian<f64>" => $function::<onloan::BigEndian<f64>>($($argument),*),
            "LittleEndian<i32>" => $function::<onloan::LittleEndian<i32>>($($argument),*),
            "LittleEndian<f64>" => $function::<onloan::LittleEndian<f64>>($($argument),*),
            "FixedBytes<4>" => $function::<onloan::FixedBytes<4>>($($argument),*),
            "[f32; 3]" => $function::<[f32; 3]>($($argument),*),
            "Sample" => $function::<$crate::scalars::Sample>($($argument),*),
            other => Err(pyo3::exceptions::PyKeyError::new_err(other.to_owned())),
        }
    };
}
pub(crate) use with_item_type;

pub(crate) const NAMES: [&str; 22] = [
    "u8",
    "u16",
    "u32",
    "u64",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "f16",
    "f32",
    "f64",
    "Complex<f64>",
    "ByteBool",
    "BigEndian<u32>",
    "BigEndian<i16>",
    "BigEndian<f64>",
    "LittleEndian<i32>",
    "LittleEndian<f64>",
    "FixedBytes<4>",
    "[f32; 3]",
    "Sample",
];

/// Items as a list.
pub(crate) fn list<T: Told>(py: Python<'_>, items: Vec<T>) -> PyResult<Vec<Py<PyAny>>> {
    items.into_iter().map(|item| item.told(py)).collect()
}

/// A request by its flags.
pub(crate) fn request(flags: i32) -> onloan::request::Request {
    onloan::request::Request::from_flags(flags)
}

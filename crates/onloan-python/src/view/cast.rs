//! `cast`: the same bytes as other items.
//!
//! Without `order` and `strides` the rules are memoryview's, and what it refuses is refused: native letters only (and complex numbers, as from CPython
//! 3.15 on), one of the two formats of bytes, no empty dimensions. Wider than it: several dimensions become several others, and a block in Fortran order becomes one dimension.
//! Who gives `order` or `strides` makes a call that memoryview does not know; there every format of the grammar may become any other one.

use std::ffi::CString;

use onloan::format::{Format, Reading};
use onloan::layout::{Layout, MAX_NDIM, Order};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList, PyString, PyTuple};

use super::View;
use super::access::Access;
use super::geometry::{Geometry, Line};
use super::item::Item;
use super::native::Native;

pub(super) fn cast(
    view: &View,
    py: Python<'_>,
    format: &Bound<'_, PyAny>,
    shape: Option<&Bound<'_, PyAny>>,
    order: Option<&str>,
    strides: Option<&Bound<'_, PyAny>>,
) -> PyResult<View> {
    if view.is_released() {
        return Err(super::released());
    }
    let text = format
        .cast::<PyString>()
        .map_err(|_| type_error("memoryview: format argument must be a string"))?;
    let text = text.to_cow()?;
    let wide = order.is_some() || strides.is_some();
    let order = self::order(order)?;
    let access = view.enter()?;
    let (item, geometry) = if wide {
        let item = any_item(&text)?;
        let layout = wide_layout(&access, &item, shape, order, strides)?;
        (item, Geometry::of(layout))
    } else {
        plain(view, &access, &text, shape)?
    };
    // SAFETY: the source is one block without gaps, inside of which the new items lie (checked where the layout is made).
    Ok(unsafe { view.derive(py, &access, access.address(), geometry, item, view.readonly) })
}

/// The bytes of a view without gaps as items in a shape.
///
/// # Errors
/// `TypeError` if there are gaps or the sizes differ; `ValueError` for extents that are none, or if the view was released.
pub(super) fn as_items(
    view: &View,
    py: Python<'_>,
    item: Item,
    shape: &Bound<'_, PyAny>,
    order: Order,
) -> PyResult<View> {
    let access = view.enter()?;
    let geometry = Geometry::of(wide_layout(&access, &item, Some(shape), order, None)?);
    // SAFETY: the source is one block without gaps, inside of which the new items lie (checked where the layout is made).
    Ok(unsafe { view.derive(py, &access, access.address(), geometry, item, view.readonly) })
}

/// The order that a word means.
pub(super) fn order(word: Option<&str>) -> PyResult<Order> {
    match word {
        None | Some("C") => Ok(Order::C),
        Some("F") => Ok(Order::F),
        Some(_) => Err(PyValueError::new_err("order must be 'C' or 'F'")),
    }
}

/// The most frequent case of [`cast`]: one dimension without gaps as items of another native letter. `None` for all others.
#[inline]
pub(super) fn quick_row(view: &View, text: &str) -> Option<(&'static Native, Line)> {
    let native = Native::find(text.as_bytes())?;
    let line = view.geometry.line().filter(|line| line.is_gapless())?;
    let bytes = line.extent.unsigned_abs() * line.itemsize;
    let fits = view.item.is_byte() || Item::Native(native).is_byte();
    (fits && bytes & (native.size() - 1) == 0).then(|| (native, row_of(bytes, native.size())))
}

/// As [`quick_row`], in a few dimensions.
#[inline]
pub(super) fn quick_shape(
    view: &View,
    text: &str,
    shape: &[isize],
) -> Option<(&'static Native, Geometry)> {
    let (native, line) = quick_row(view, text)?;
    let geometry = Geometry::gapless(shape, native.size())?;
    let bytes = line.extent.unsigned_abs() * line.itemsize;
    (geometry.nbytes() == bytes).then_some((native, geometry))
}

/// So many bytes as items of a native letter or of a complex one, of which they are a multiple. Their sizes are powers of 2.
#[inline]
fn row_of(bytes: usize, itemsize: usize) -> Line {
    Line {
        extent: (bytes >> itemsize.trailing_zeros()).cast_signed(),
        stride: itemsize.cast_signed(),
        itemsize,
    }
}

/// As memoryview does it, in the order in which it looks at things.
fn plain(
    view: &View,
    access: &Access<'_>,
    text: &str,
    shape: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Item, Geometry)> {
    let from = access.geometry();
    let flat = shape.is_none_or(|shape| shape.len().is_ok_and(|ndim| ndim == 1));
    if !(from.is_c_contiguous() || flat && from.is_f_contiguous()) {
        return Err(type_error(
            "memoryview: casts are restricted to C-contiguous views",
        ));
    }
    if (shape.is_some() || from.ndim() != 1) && from.shape().contains(&0) {
        return Err(type_error(
            "memoryview: cannot cast view with zeros in shape or strides",
        ));
    }
    let shape = shape.map(extents).transpose()?;
    if from.ndim() != 1
        && let Some(shape) = &shape
        && shape.len() != 1
        && shape.iter().any(|extent| *extent <= 0)
    {
        return Err(type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
    }
    let item = plain_item(text)?;
    let itemsize = item.plan().map_or(1, onloan::format::Plan::size);
    if !view.item.is_byte() && !item.is_byte() {
        return Err(type_error(
            "memoryview: cannot cast between two non-byte formats",
        ));
    }
    if !from.nbytes().is_multiple_of(itemsize) {
        return Err(type_error(
            "memoryview: length is not a multiple of itemsize",
        ));
    }
    let layout = match shape {
        None => {
            return Ok((item, Geometry::along(row_of(from.nbytes(), itemsize))));
        }
        Some(shape) => {
            let mut product = itemsize.cast_signed();
            for extent in &shape {
                if *extent <= 0 {
                    return Err(PyValueError::new_err(
                        "memoryview.cast(): elements of shape must be integers > 0",
                    ));
                }
                product = product.checked_mul(*extent).ok_or_else(|| {
                    PyValueError::new_err("memoryview.cast(): product(shape) > SSIZE_MAX")
                })?;
            }
            if product.unsigned_abs() != from.nbytes() {
                return Err(type_error(
                    "memoryview: product(shape) * itemsize != buffer size",
                ));
            }
            Layout::c_order(&shape, itemsize)
        }
    };
    Ok((item, Geometry::of(layout.map_err(crate::errors::value)?)))
}

/// A native letter, or a complex number as the memoryview of CPython 3.15 knows it.
fn plain_item(text: &str) -> PyResult<Item> {
    match Native::find(text.as_bytes()) {
        Some(native) => Ok(Item::Native(native)),
        None if matches!(text, "Zf" | "@Zf" | "Zd" | "@Zd") => any_item(text),
        None => Err(unknown_format()),
    }
}

/// Any format, with the size that `struct.calcsize` gives.
fn any_item(text: &str) -> PyResult<Item> {
    let text = CString::new(text).map_err(|_| unknown_format())?;
    let format = Format::parse_bytes(text.to_bytes())
        .map_err(|error| PyValueError::new_err(format!("memoryview: format {text:?}: {error}")))?;
    let itemsize = format.size(Reading::Unpadded);
    if itemsize == 0 {
        return Err(PyValueError::new_err("memoryview: items of no bytes"));
    }
    let item = Item::of(&text, itemsize);
    if item.holds_objects() {
        return Err(PyValueError::new_err(
            "memoryview: bytes do not become references to Python objects",
        ));
    }
    Ok(item)
}

fn wide_layout(
    access: &Access<'_>,
    item: &Item,
    shape: Option<&Bound<'_, PyAny>>,
    order: Order,
    strides: Option<&Bound<'_, PyAny>>,
) -> PyResult<Layout> {
    let from = access.layout();
    if !from.is_contiguous() {
        return Err(type_error(
            "memoryview: casts are restricted to contiguous views",
        ));
    }
    let itemsize = item.plan().map_or(1, onloan::format::Plan::size);
    let shape = match shape {
        Some(shape) => extents(shape)?,
        None if from.nbytes().is_multiple_of(itemsize) => {
            vec![(from.nbytes() / itemsize).cast_signed()]
        }
        None => {
            return Err(type_error(
                "memoryview: length is not a multiple of itemsize",
            ));
        }
    };
    let layout = match strides {
        None => Layout::in_order(&shape, itemsize, order),
        Some(strides) => Layout::strided(&shape, &extents(strides)?, itemsize),
    };
    let layout = layout.map_err(crate::errors::value)?;
    if strides.is_none() && layout.nbytes() != from.nbytes() {
        return Err(type_error(
            "memoryview: product(shape) * itemsize != buffer size",
        ));
    }
    layout
        .fits(from.nbytes(), 0)
        .map_err(crate::errors::value)?;
    Ok(layout)
}

/// The numbers of a list or a tuple.
fn extents(sequence: &Bound<'_, PyAny>) -> PyResult<Vec<isize>> {
    let too_many = || PyValueError::new_err("memoryview: number of dimensions must not exceed 64");
    let number = |element: Bound<'_, PyAny>| {
        let number = element
            .cast::<PyInt>()
            .map_err(|_| type_error("memoryview.cast(): elements of shape must be integers"))?;
        number.extract::<isize>()
    };
    // None of the user's code runs: what is an `int` is asked for nothing.
    match (sequence.cast::<PyList>(), sequence.cast::<PyTuple>()) {
        (Ok(list), _) if list.len() <= MAX_NDIM => list.iter().map(number).collect(),
        (_, Ok(tuple)) if tuple.len() <= MAX_NDIM => tuple.iter().map(number).collect(),
        (Err(_), Err(_)) => Err(type_error("shape must be a list or a tuple")),
        _ => Err(too_many()),
    }
}

#[cold]
fn type_error(message: &'static str) -> PyErr {
    PyTypeError::new_err(message)
}

#[cold]
fn unknown_format() -> PyErr {
    PyValueError::new_err(
        "memoryview: destination format must be a native single character format prefixed with an optional '@'",
    )
}

//! Every way to read the items of a view, its results side by side.

use onloan::request::Request;
use onloan::{AnyBits, DYNAMIC, Items, View};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::scalars::{NAMES, Told, list, request, with_item_type};

/// The names of all item types that the functions of this module take.
#[pyfunction]
pub(crate) fn item_types() -> Vec<&'static str> {
    NAMES.to_vec()
}

/// What a view of `item` sees of `object`.
#[pyfunction]
#[pyo3(signature = (object, item, flags = None))]
pub(crate) fn look(
    object: &Bound<'_, PyAny>,
    item: &str,
    flags: Option<i32>,
) -> PyResult<Py<PyDict>> {
    with_item_type!(item, look_at(object, flags))
}

fn look_at<T: Told>(object: &Bound<'_, PyAny>, flags: Option<i32>) -> PyResult<Py<PyDict>> {
    let view: View<'_, T> = match flags {
        None => object.extract()?,
        Some(flags) => View::acquire(object, request(flags))?,
    };
    let seen = everything(object.py(), &view)?;
    seen.set_item("format", view.format().to_bytes())?;
    seen.set_item("readonly", view.readonly())?;
    Ok(seen.unbind())
}

/// All ways of reading.
pub(crate) fn everything<'py, T: Told, const NDIM: usize>(
    py: Python<'py>,
    items: &Items<T, NDIM>,
) -> PyResult<Bound<'py, PyDict>> {
    let seen = PyDict::new(py);
    seen.set_item("shape", items.shape().to_vec())?;
    seen.set_item("strides", items.strides().to_vec())?;
    seen.set_item(
        "suboffsets",
        items.layout().suboffsets().map(<[isize]>::to_vec),
    )?;
    seen.set_item("len", items.len())?;
    seen.set_item("itemsize", items.itemsize())?;
    seen.set_item("c", items.is_c_contiguous())?;
    seen.set_item("f", items.is_f_contiguous())?;
    seen.set_item("writable", items.is_writable())?;

    // Before anything asks for a layout, and after.
    seen.set_item("get", by_index(py, items)?)?;
    seen.set_item("iter", list(py, one_by_one(items))?)?;
    seen.set_item("fold", list(py, items.iter().collect())?)?;
    seen.set_item("vec", list(py, items.to_vec()?)?)?;
    seen.set_item("slice", list(py, into_slice(items)?)?)?;
    let rows: PyResult<Vec<_>> = items.rows().map(|row| list(py, row.collect())).collect();
    seen.set_item("rows", rows?)?;
    seen.set_item("row_count", items.rows().len())?;
    seen.set_item("outside", outside(items))?;
    Ok(seen)
}

/// Every item by its index, in C order.
fn by_index<T: Told, const NDIM: usize>(
    py: Python<'_>,
    items: &Items<T, NDIM>,
) -> PyResult<Vec<Py<PyAny>>> {
    let shape: Vec<usize> = items
        .shape()
        .iter()
        .map(|extent| extent.unsigned_abs())
        .collect();
    let mut index = vec![0; shape.len()];
    let mut found = Vec::new();
    for _ in 0..items.len() {
        match items.get(&index) {
            Some(item) => found.push(item.told(py)?),
            None => found.push(py.None()),
        }
        for (place, extent) in index.iter_mut().zip(&shape).rev() {
            *place += 1;
            if *place < *extent {
                break;
            }
            *place = 0;
        }
    }
    Ok(found)
}

/// By `next` alone, with the length told before each.
fn one_by_one<T: AnyBits, const NDIM: usize>(items: &Items<T, NDIM>) -> Vec<T> {
    let mut iter = items.iter();
    let mut found = Vec::new();
    for left in (0..items.len()).rev() {
        found.extend(iter.next());
        assert_eq!(iter.len(), left, "the iterator lost count");
    }
    assert!(iter.next().is_none(), "more items than there are");
    found
}

fn into_slice<T: Told, const NDIM: usize>(items: &Items<T, NDIM>) -> PyResult<Vec<T>> {
    let mut copy = items.to_vec()?;
    copy.reverse();
    items.copy_to_slice(&mut copy)?;
    Ok(copy)
}

/// Whether some index out of bounds, or of another rank, is taken.
fn outside<T: AnyBits, const NDIM: usize>(items: &Items<T, NDIM>) -> bool {
    let shape: Vec<usize> = items
        .shape()
        .iter()
        .map(|extent| extent.unsigned_abs())
        .collect();
    let mut taken = items.get(vec![0; shape.len() + 1]).is_some();
    for axis in 0..shape.len() {
        let mut index = vec![0; shape.len()];
        for beyond in [shape[axis], usize::MAX, usize::MAX / 2 + 1] {
            index[axis] = beyond;
            taken |= items.get(&index).is_some();
        }
        taken |= items.get(&index[1..]).is_some();
    }
    taken
}

/// A view of a fixed rank, 0 to 3.
#[pyfunction]
pub(crate) fn look_of_rank(object: &Bound<'_, PyAny>, rank: usize) -> PyResult<Vec<usize>> {
    Ok(match rank {
        0 => object.extract::<View<'_, f64, 0>>()?.extents().to_vec(),
        1 => object.extract::<View<'_, f64, 1>>()?.extents().to_vec(),
        2 => object.extract::<View<'_, f64, 2>>()?.extents().to_vec(),
        _ => object.extract::<View<'_, f64, 3>>()?.extents().to_vec(),
    })
}

/// The sum of the diagonal; the view is an argument.
#[pyfunction]
pub(crate) fn trace(matrix: View<'_, f64, 2>) -> f64 {
    let [rows, columns] = matrix.extents();
    let diagonal = (0..rows.min(columns)).filter_map(|place| matrix.get([place, place]));
    diagonal.sum()
}

/// The items as a slice, if it is proven that nobody changes them.
#[pyfunction]
pub(crate) fn slice_of(object: &Bound<'_, PyAny>, item: &str) -> PyResult<Option<Vec<Py<PyAny>>>> {
    with_item_type!(item, slice_at(object))
}

fn slice_at<T: Told>(object: &Bound<'_, PyAny>) -> PyResult<Option<Vec<Py<PyAny>>>> {
    let view: View<'_, T, DYNAMIC> = View::acquire(object, Request::FULL_RO)?;
    let slice = view.as_slice();
    if let Some(slice) = slice {
        assert!(view.is_empty() || view.is_stable(), "a slice without proof");
        assert_eq!(slice.len(), view.len(), "a slice of another length");
    }
    slice
        .map(|slice| list(object.py(), slice.to_vec()))
        .transpose()
}

//! `==` and `equals`: values, not bytes.
//!
//! Two views are equal if they have the same shape and at every index values that are equal in Python: 1 and 1.0 and True, `b"a"` as a char
//! and as a string of one byte; never NaN. `==` does not look into formats that memoryview does not know, and takes them for different.

use onloan::Loan;
use onloan::format::{Node, Plan, Value};
use onloan::layout::Order;
use onloan::request::Request;
use onloan_core::kernel::equal_values;
use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyNotImplemented};

use super::View;
use super::access::Access;
use super::assign::{Borrowed, same_shape};
use super::item::Item;
use super::place::Place;

pub(super) fn rich<'py>(
    slf: &Bound<'py, View>,
    other: &Bound<'py, PyAny>,
    op: CompareOp,
) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    let equal = match op {
        CompareOp::Eq | CompareOp::Ne => equal(slf, other, Item::compares),
        _ => None,
    };
    Ok(match equal {
        Some(equal) => PyBool::new(py, equal == matches!(op, CompareOp::Eq))
            .to_owned()
            .into_any(),
        None => PyNotImplemented::get(py).to_owned().into_any(),
    })
}

/// `None`: `other` lends nothing that could be compared.
fn equal(
    slf: &Bound<'_, View>,
    other: &Bound<'_, PyAny>,
    compares: fn(&Item) -> bool,
) -> Option<bool> {
    let view = slf.get();
    if view.is_released() {
        return Some(slf.is(other));
    }
    if let Ok(other) = other.cast_exact::<View>() {
        let other = other.get();
        let (Ok(one), Ok(two)) = (view.enter(), other.enter()) else {
            return Some(false);
        };
        return Some(equal_items(&one, &view.item, &two, &other.item, compares));
    }
    if !Loan::possible(other) {
        return None;
    }
    let loan = Loan::acquire(other, Request::FULL_RO).ok()?;
    let item = Item::of(loan.format(), loan.itemsize());
    let borrowed = Borrowed::new(loan);
    let (Ok(one), Ok(two)) = (view.enter(), borrowed.enter()) else {
        return Some(false);
    };
    Some(equal_items(&one, &view.item, &two, &item, compares))
}

/// Compares by value whatever has values.
pub(super) fn equals(view: &View, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    drop(view.enter()?);
    let has_values = |item: &Item| item.plan().is_some();
    if let Ok(other) = other.cast_exact::<View>() {
        let other = other.get();
        return Ok(equal_items(
            &view.enter()?,
            &view.item,
            &other.enter()?,
            &other.item,
            has_values,
        ));
    }
    let loan = Loan::acquire(other, Request::FULL_RO)?;
    let item = Item::of(loan.format(), loan.itemsize());
    let borrowed = Borrowed::new(loan);
    Ok(equal_items(
        &view.enter()?,
        &view.item,
        &borrowed.enter()?,
        &item,
        has_values,
    ))
}

pub(super) fn equal_items(
    one: &Access<'_>,
    one_item: &Item,
    two: &Access<'_>,
    two_item: &Item,
    compares: fn(&Item) -> bool,
) -> bool {
    if !compares(one_item) || !compares(two_item) {
        return false;
    }
    let (Some(one_plan), Some(two_plan)) = (one_item.plan(), two_item.plan()) else {
        return false;
    };
    let flat = !has_sub_arrays(one_plan) && !has_sub_arrays(two_plan);
    if flat || one_plan.same_representation(two_plan) {
        return one.equals(one_plan, two, two_plan);
    }
    if !same_shape(one.geometry(), two.geometry()) {
        return false;
    }
    // For the module `struct`, and so for memoryview, `h2i` is `hii`.
    let (mut one_bytes, mut two_bytes) = (Vec::new(), Vec::new());
    let (mut one_values, mut two_values) = (Vec::new(), Vec::new());
    one.places(Order::C)
        .zip(two.places(Order::C))
        .all(|(one, two)| {
            read(one_plan, one, &mut one_bytes, &mut one_values);
            read(two_plan, two, &mut two_bytes, &mut two_values);
            one_values.len() == two_values.len()
                && one_values
                    .iter()
                    .zip(&two_values)
                    .all(|(one, two)| equal_values(one, two))
        })
}

/// Whether a field is a sub-array, which the module `struct` does not know.
fn has_sub_arrays(plan: &Plan) -> bool {
    match plan.root() {
        Node::Record(record) => record
            .fields()
            .iter()
            .any(|field| matches!(field.node(), Node::Array(_))),
        _ => false,
    }
}

/// The values of an item, one after the other: `3i` is `iii`, as the module `struct` sees it.
fn read(plan: &Plan, place: Place<'_>, bytes: &mut Vec<u8>, values: &mut Vec<Value>) {
    place.read_item(bytes);
    values.clear();
    if let Ok(value) = plan.read(bytes) {
        flatten(value, values);
    }
}

fn flatten(value: Value, values: &mut Vec<Value>) {
    match value {
        Value::Tuple(fields) => fields
            .into_iter()
            .for_each(|(_, value)| flatten(value, values)),
        Value::List(elements) => elements
            .into_iter()
            .for_each(|value| flatten(value, values)),
        scalar => values.push(scalar),
    }
}

//! `==` and `equals`: values, not bytes.
//!
//! Two views are equal if they have the same shape and at every index values that are equal in Python: 1 and 1.0 and True, `b"a"` as a char
//! and as a string of one byte; never NaN. `==` does not look into formats that memoryview does not know, and takes them for different.

use onloan::Loan;
use onloan::format::{Plan, Value};
use onloan::layout::Order;
use onloan::request::Request;
use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyNotImplemented};

use super::View;
use super::access::{Access, Place};
use super::assign::{Borrowed, same_shape};
use super::item::Item;
use super::native::NativeCode;

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

fn equal_items(
    one: &Access<'_>,
    one_item: &Item,
    two: &Access<'_>,
    two_item: &Item,
    compares: fn(&Item) -> bool,
) -> bool {
    if !same_shape(one.geometry(), two.geometry()) || !compares(one_item) || !compares(two_item) {
        return false;
    }
    if one.layout().size() == 0 {
        return true;
    }
    let places = || one.places(Order::C).zip(two.places(Order::C));
    if let (Some(code), Some(other)) = (one_item.native(), two_item.native())
        && code == other
        && code != NativeCode::Half
    {
        if bits_are_value(code)
            && let Some(equal) = one.same_bytes(two)
        {
            return equal;
        }
        return match code {
            NativeCode::Float => places().all(|(one, two)| floats(one) == floats(two)),
            NativeCode::Double => places().all(|(one, two)| doubles(one) == doubles(two)),
            NativeCode::Bool => places().all(|(one, two)| truth(one) == truth(two)),
            _ => match one.geometry().itemsize() {
                1 => places().all(|(one, two)| one.read::<1>() == two.read::<1>()),
                2 => places().all(|(one, two)| one.read::<2>() == two.read::<2>()),
                4 => places().all(|(one, two)| one.read::<4>() == two.read::<4>()),
                _ => places().all(|(one, two)| one.read::<8>() == two.read::<8>()),
            },
        };
    }
    let (Some(one_plan), Some(two_plan)) = (one_item.plan(), two_item.plan()) else {
        return false;
    };
    let (mut one_bytes, mut two_bytes) = (Vec::new(), Vec::new());
    let (mut one_values, mut two_values) = (Vec::new(), Vec::new());
    places().all(|(one, two)| {
        read(one_plan, one, &mut one_bytes, &mut one_values);
        read(two_plan, two, &mut two_bytes, &mut two_values);
        one_values.len() == two_values.len()
            && one_values
                .iter()
                .zip(&two_values)
                .all(|(one, two)| same_value(one, two))
    })
}

fn bits_are_value(code: NativeCode) -> bool {
    !matches!(
        code,
        NativeCode::Float | NativeCode::Double | NativeCode::Half | NativeCode::Bool
    )
}

fn floats(place: Place<'_>) -> Option<f32> {
    place.read().map(f32::from_ne_bytes)
}

fn doubles(place: Place<'_>) -> Option<f64> {
    place.read().map(f64::from_ne_bytes)
}

fn truth(place: Place<'_>) -> Option<bool> {
    place.read().map(|[byte]| byte != 0)
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

/// Whether Python takes the two for equal.
fn same_value(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Bytes(one), Value::Bytes(two)) => one == two,
        (Value::Text(one), Value::Text(two)) => one == two,
        (Value::Units(one), Value::Units(two)) => one == two,
        (Value::LongDouble(one), Value::LongDouble(two)) => {
            one.to_f64() == two.to_f64() && one.to_bits() == two.to_bits()
                || one.to_f64() == 0.0 && two.to_f64() == 0.0
        }
        _ => match (number(one), number(two)) {
            (Some((one, one_imaginary)), Some((two, two_imaginary))) => {
                same_real(one, two) && one_imaginary == two_imaginary
            }
            _ => false,
        },
    }
}

/// A real number as Python has it.
#[derive(Clone, Copy)]
enum Real {
    Int(i128),
    Float(f64),
}

/// Real and imaginary part.
fn number(value: &Value) -> Option<(Real, f64)> {
    Some(match value {
        Value::Int(number) => (Real::Int((*number).into()), 0.0),
        Value::UInt(number) => (Real::Int((*number).into()), 0.0),
        Value::Bool(truth) => (Real::Int((*truth).into()), 0.0),
        Value::Pointer(address) => (Real::Int(*address as i128), 0.0),
        Value::Float(number) => (Real::Float(*number), 0.0),
        Value::LongDouble(number) => (Real::Float(number.to_f64()), 0.0),
        Value::Complex { re, im } => (Real::Float(*re), *im),
        Value::LongComplex { re, im } => (Real::Float(re.to_f64()), im.to_f64()),
        _ => return None,
    })
}

fn same_real(one: Real, two: Real) -> bool {
    match (one, two) {
        (Real::Int(one), Real::Int(two)) => one == two,
        (Real::Float(one), Real::Float(two)) => one == two,
        (Real::Int(int), Real::Float(float)) | (Real::Float(float), Real::Int(int)) => {
            // Exactly, as Python does it: no integer of 64 bits is beyond 2⁶⁴.
            float.fract() == 0.0
                && float.abs() <= 18_446_744_073_709_551_616.0
                && float as i128 == int
        }
    }
}

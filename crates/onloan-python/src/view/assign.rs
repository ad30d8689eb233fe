//! `m[key] = value`: items from objects, parts from whatever lends items of the same format in the same shape.

use onloan::Loan;
use onloan::layout::Select;
use onloan::request::Request;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PySlice, PyString};

use super::View;
use super::access::Access;
use super::geometry::Geometry;
use super::item::Item;
use super::key;
use super::managed::ManagedLoan;
use super::value::Packing;

pub(super) fn set(view: &View, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    if view.is_released() {
        return Err(super::released());
    }
    if view.readonly {
        return Err(PyTypeError::new_err("cannot modify read-only memory"));
    }
    if let Some(index) = key::index(key)? {
        if let [extent] = view.geometry.shape() {
            return set_item(view, index, *extent, value);
        }
        return set_part(view, &[Select::Index(index)], value);
    }
    if let (Ok(bounds), Some(line)) = (key.cast::<PySlice>(), view.geometry.line()) {
        let slice = key::slice(bounds)?;
        let Some((start, step, count)) = slice.indices(line.extent) else {
            return Err(key::invalid());
        };
        let (first, cut) = line.cut(start, step, count);
        let part = |access: &Access<'_>| {
            (
                access.address().wrapping_offset(first),
                Geometry::along(cut),
            )
        };
        return copy(view, &view.item, value, part);
    }
    if key.is_instance_of::<PyString>() {
        return super::field::set(view, key, value);
    }
    if view.geometry.ndim() == 0 && key.is_instance_of::<PyEllipsis>() {
        return set_part(view, &[], value);
    }
    drop(view.enter()?);
    let selection = key::selection(key)?;
    set_part(view, &selection.selectors, value)
}

/// `m[2] = value` of one dimension.
#[inline]
fn set_item(view: &View, index: isize, extent: isize, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let index = if index < 0 {
        index.wrapping_add(extent)
    } else {
        index
    };
    if index < 0 || index >= extent {
        return Err(if view.is_released() {
            super::released()
        } else {
            key::out_of_bounds(0)
        });
    }
    let packing = Packing::of(&view.item, value)?;
    // Only now: the value may have released the view.
    let access = view.enter()?;
    if let Some(place) = access.item(index) {
        packing.write(place);
    }
    Ok(())
}

/// An item, if each dimension has an index; else a part.
fn set_part(view: &View, selectors: &[Select], value: &Bound<'_, PyAny>) -> PyResult<()> {
    let part = view
        .geometry
        .layout()
        .select(selectors)
        .map_err(key::wrong)?;
    if part.layout.ndim() == 0 {
        drop(view.enter()?);
        let packing = Packing::of(&view.item, value)?;
        let access = view.enter()?;
        if let Some(place) = access.only_item_of(&part) {
            packing.write(place);
        }
        return Ok(());
    }
    copy(view, &view.item, value, |access| {
        (access.part(&part), Geometry::of(part.layout.clone()))
    })
}

/// Copies the items that `value` lends to a part of the view.
pub(super) fn copy(
    view: &View,
    item: &Item,
    value: &Bound<'_, PyAny>,
    part: impl FnOnce(&Access<'_>) -> (*mut u8, Geometry),
) -> PyResult<()> {
    from(value, |from, from_item| {
        let access = view.enter()?;
        let (address, geometry) = part(&access);
        // SAFETY: a part of the view.
        let to = unsafe { access.narrowed(address, &geometry) };
        copy_items(&to, item, from, from_item)
    })
}

/// Copies the items that `value` lends to all items of the view.
pub(super) fn copy_all(view: &View, value: &Bound<'_, PyAny>) -> PyResult<()> {
    from(value, |from, from_item| {
        copy_items(&view.enter()?, &view.item, from, from_item)
    })
}

/// Runs `copy` with the items that `value` lends.
#[inline]
fn from(
    value: &Bound<'_, PyAny>,
    copy: impl FnOnce(&Access<'_>, &Item) -> PyResult<()>,
) -> PyResult<()> {
    if let Ok(view) = value.cast_exact::<View>() {
        let view = view.get();
        return copy(&view.enter()?, &view.item);
    }
    let loan = Loan::acquire(value, Request::FULL_RO)?;
    let item = Item::of(loan.format(), loan.itemsize());
    let managed = Borrowed::new(loan);
    copy(&managed.enter()?, &item)
}

fn copy_items(to: &Access<'_>, item: &Item, from: &Access<'_>, from_item: &Item) -> PyResult<()> {
    if !from_item.is_like(item) || !same_shape(to.geometry(), from.geometry()) {
        return Err(PyValueError::new_err(
            "memoryview assignment: lvalue and rvalue have different structures",
        ));
    }
    if to.geometry().nbytes() == 0 {
        return Ok(());
    }
    to.copy_in(from).map_err(crate::errors::value)
}

/// Equal up to the first extent of 0, as for memoryview.
pub(super) fn same_shape(one: &Geometry, two: &Geometry) -> bool {
    let (one, two) = (one.shape(), two.shape());
    if one.len() != two.len() {
        return false;
    }
    for (one, two) in one.iter().zip(two) {
        if one != two {
            return false;
        }
        if *one == 0 {
            break;
        }
    }
    true
}

/// A loan for the time of one operation.
pub(super) struct Borrowed {
    managed: ManagedLoan,
    address: *mut u8,
    geometry: Geometry,
    readonly: bool,
}

impl Borrowed {
    pub(super) fn new(loan: Loan) -> Borrowed {
        Borrowed {
            address: loan.address(),
            geometry: super::geometry_of(&loan),
            readonly: loan.readonly(),
            managed: ManagedLoan::new(loan),
        }
    }

    pub(super) fn enter(&self) -> PyResult<Access<'_>> {
        // SAFETY: address and geometry are those of the loan.
        unsafe { Access::enter(&self.managed, self.address, &self.geometry, self.readonly) }
            .ok_or_else(super::released)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        // SAFETY: the first user, since `new`, and never again.
        unsafe { self.managed.leave() };
    }
}

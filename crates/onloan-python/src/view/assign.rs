//! `m[key] = value`: items from objects, parts from whatever lends items of the same format in the same shape.

use onloan::Loan;
use onloan::layout::{Layout, Select};
use onloan::request::Request;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PyString};

use super::View;
use super::access::Access;
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
        if view.layout.ndim() == 1 {
            return set_item(view, index, value);
        }
        return set_part(view, &[Select::Index(index)], value);
    }
    if key.is_instance_of::<PyString>() {
        return super::field::set(view, key, value);
    }
    if view.layout.ndim() == 0 && key.is_instance_of::<PyEllipsis>() {
        return set_part(view, &[], value);
    }
    drop(view.enter()?);
    let selection = key::selection(key)?;
    set_part(view, &selection.selectors, value)
}

/// `m[2] = value` of one dimension.
#[inline]
fn set_item(view: &View, index: isize, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let [extent] = view.layout.shape() else {
        return Err(key::invalid());
    };
    let index = if index < 0 {
        index.wrapping_add(*extent)
    } else {
        index
    };
    if index < 0 || index >= *extent {
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
    let part = view.layout.select(selectors).map_err(key::wrong)?;
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
        (access.part(&part), &part.layout)
    })
}

/// Copies the items that `value` lends to a part of the view.
pub(super) fn copy<'part>(
    view: &View,
    item: &Item,
    value: &Bound<'_, PyAny>,
    part: impl FnOnce(&Access<'_>) -> (*mut u8, &'part Layout),
) -> PyResult<()> {
    let from_item;
    let managed;
    let from = match value.cast_exact::<View>() {
        Ok(from) => {
            from_item = from.get().item.clone();
            from.get().enter()?
        }
        Err(_) => {
            let loan = Loan::acquire(value, Request::FULL_RO)?;
            from_item = Item::of(loan.format(), loan.layout().itemsize());
            managed = Borrowed::new(loan);
            managed.enter()?
        }
    };
    let access = view.enter()?;
    let (address, layout) = part(&access);
    // SAFETY: a part of the view.
    let Some(to) = (unsafe { Access::enter(view.managed.get(), address, layout, view.readonly) })
    else {
        return Err(super::released());
    };
    if !from_item.is_like(item) || !same_shape(layout, from.layout()) {
        return Err(PyValueError::new_err(
            "memoryview assignment: lvalue and rvalue have different structures",
        ));
    }
    if layout.nbytes() == 0 {
        return Ok(());
    }
    to.copy_in(&from).map_err(crate::errors::value)
}

/// Equal up to the first extent of 0, as for memoryview.
pub(super) fn same_shape(one: &Layout, two: &Layout) -> bool {
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
    layout: Layout,
    readonly: bool,
}

impl Borrowed {
    pub(super) fn new(loan: Loan) -> Borrowed {
        Borrowed {
            address: loan.address(),
            layout: loan.layout().clone(),
            readonly: loan.readonly(),
            managed: ManagedLoan::new(loan),
        }
    }

    pub(super) fn enter(&self) -> PyResult<Access<'_>> {
        // SAFETY: address and layout are those of the loan.
        unsafe { Access::enter(&self.managed, self.address, &self.layout, self.readonly) }
            .ok_or_else(super::released)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        // SAFETY: the first user, since `new`, and never again.
        unsafe { self.managed.leave() };
    }
}

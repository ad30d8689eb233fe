//! Changing the first extent: `resize`, `extend`, `append`.
//!
//! Only the first extent ever changes, so a row (all other axes) is the same for the whole life of a `Buffer`, and what was converted to rows
//! before the guard was taken still fits after it.

use onloan::layout::Layout;
use onloan::request::Request;
use onloan::{AlignedVec, Loan, WriteGuard};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::Buffer;
use super::create::{c_order, of_values};
use super::memory::{self, Memory};
use crate::errors;
use crate::item::Item;
use crate::nested;
use crate::shape;

type Guard<'cell, 'py> = WriteGuard<'cell, 'py, Memory>;

pub(super) fn resize(slf: &Bound<'_, Buffer>, shape: &Bound<'_, PyAny>) -> PyResult<()> {
    let (wanted, only_first) = shape::shape_or_extent(shape)?;
    change(slf, "resize", |buffer, old, guard| {
        let rest = rest(old)?;
        let new = if only_first {
            wanted.iter().chain(rest).copied().collect()
        } else {
            wanted
        };
        if new.get(1..) != Some(rest) {
            return Err(errors::value(format!(
                "resize changes the first extent only: the shape is {:?}, not {new:?}",
                old.shape()
            )));
        }
        set_size(guard, old, c_order(&new, &buffer.item)?).map(drop)
    })
}

pub(super) fn extend(slf: &Bound<'_, Buffer>, data: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = slf.py();
    let buffer = slf.get();
    buffer.check_writable()?;
    if !Loan::possible(data) {
        let mut shape = rows_of(slf)?;
        let all: Vec<_> = data.try_iter()?.collect::<PyResult<_>>()?;
        shape[0] = isize::try_from(all.len()).unwrap_or(isize::MAX);
        let all = PyList::new(py, all)?.into_any();
        let (memory, _) = of_values(&all, &buffer.item, Some(shape), memory::ALIGN)?;
        return match &memory {
            Memory::Own(bytes) => add(slf, "extend", bytes.len(), |to| {
                to.copy_from_slice(bytes);
                Ok(())
            }),
            Memory::Mapped(_) | Memory::Lent(_) | Memory::Lazy(_) => Ok(()),
        };
    }
    let loan = Loan::acquire(data, Request::FULL_RO)?;
    check_rows(buffer, &rows_of(slf)?, &loan)?;
    let size = loan.layout().nbytes();
    if data.is(slf) {
        // Its own export would stand in the way.
        let bytes = memory::copy(py, &loan, memory::ALIGN)?;
        drop(loan);
        return add(slf, "extend", size, |to| {
            to.copy_from_slice(&bytes);
            Ok(())
        });
    }
    add(slf, "extend", size, |to| {
        loan.copy_to(py, to).map_err(errors::value)
    })
}

pub(super) fn append(slf: &Bound<'_, Buffer>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let buffer = slf.get();
    buffer.check_writable()?;
    let shape = rows_of(slf)?;
    let row = c_order(&shape[1..], &buffer.item)?;
    let mut bytes = vec![0; row.nbytes()];
    nested::write(buffer.item.plan(), row.shape(), value, &mut bytes)?;
    if bytes.is_empty() {
        return Err(errors::value(
            "rows without items cannot be appended: use resize",
        ));
    }
    add(slf, "append", bytes.len(), |to| {
        to.copy_from_slice(&bytes);
        Ok(())
    })
}

/// The shape now; it has at least one axis.
fn rows_of(slf: &Bound<'_, Buffer>) -> PyResult<Vec<isize>> {
    let layout = Buffer::layout(slf)?;
    rest(&layout)?;
    Ok(layout.shape().to_vec())
}

fn rest(layout: &Layout) -> PyResult<&[isize]> {
    layout
        .shape()
        .get(1..)
        .ok_or_else(|| PyTypeError::new_err("a Buffer without axes cannot change its size"))
}

/// Whether what is lent can be added to rows of `shape`, as items of the same representation or as bytes.
fn check_rows(buffer: &Buffer, shape: &[isize], loan: &Loan) -> PyResult<()> {
    let (ours, given) = (buffer.item.plan(), loan.layout());
    let theirs = loan.format().to_str().map_err(errors::value);
    let theirs = theirs.and_then(|format| Item::new(format, Some(given.itemsize())));
    let is_byte = |item: &Item| item.size() == 1 && item.plan().as_scalar().is_some();
    let same = theirs
        .as_ref()
        .is_ok_and(|theirs| theirs.plan().same_representation(ours));
    let raw = is_byte(&buffer.item) || theirs.as_ref().is_ok_and(is_byte);
    if !same && !raw {
        return Err(PyTypeError::new_err(format!(
            "extend needs items of format {:?} or bytes, not {:?}",
            buffer.item.text(),
            loan.format()
        )));
    }
    let flat = given.ndim() <= 1 || !same;
    if !flat && given.shape()[1..] != shape[1..] {
        return Err(errors::value(format!(
            "rows of shape {:?} cannot follow rows of shape {:?}",
            &given.shape()[1..],
            &shape[1..]
        )));
    }
    Ok(())
}

/// Adds `size` bytes, which `write` fills in.
fn add(
    slf: &Bound<'_, Buffer>,
    wanted: &'static str,
    size: usize,
    write: impl FnOnce(&mut [u8]) -> PyResult<()>,
) -> PyResult<()> {
    change(slf, wanted, |buffer, old, guard| {
        let row = c_order(rest(old)?, &buffer.item)?.nbytes();
        let uneven = size.checked_rem(row).map_or(size, |left| left);
        if uneven != 0 {
            return Err(errors::value(format!(
                "{size} bytes are not a number of rows of {row} bytes"
            )));
        }
        let rows = size.checked_div(row).unwrap_or(0);
        let mut shape = old.shape().to_vec();
        shape[0] = isize::try_from(rows)
            .ok()
            .and_then(|rows| shape[0].checked_add(rows))
            .ok_or_else(|| errors::value("more items than can be counted"))?;
        let own = set_size(guard, old, c_order(&shape, &buffer.item)?)?;
        write(&mut own[old.nbytes()..])
    })
}

/// Runs `run` with the write guard, the memory being its own.
fn change(
    slf: &Bound<'_, Buffer>,
    wanted: &'static str,
    run: impl FnOnce(&Buffer, &Layout, &mut Guard<'_, '_>) -> PyResult<()>,
) -> PyResult<()> {
    let py = slf.py();
    let buffer = slf.get();
    buffer.check_writable()?;
    // Given back after the guard: an exporter's release may run Python.
    let mut given_back = None;
    let done = {
        let mut guard = buffer
            .cell
            .write(py)
            .map_err(|busy| errors::busy(wanted, busy))?;
        let own = match &*guard {
            Memory::Own(_) => None,
            Memory::Lent(loan) => Some(memory::copy(py, loan, memory::ALIGN)?),
            Memory::Lazy(_) => return Err(errors::read_only()),
            Memory::Mapped(_) => {
                return Err(PyTypeError::new_err(
                    "the size of mapped memory is that of its file and does not change",
                ));
            }
        };
        if let Some(own) = own {
            given_back = Some(std::mem::replace(&mut *guard, Memory::Own(own)));
        }
        let old = guard.layout().map_err(errors::value)?;
        run(buffer, &old, &mut guard)
    };
    drop(given_back);
    done
}

/// Gives the memory another size and layout; new bytes are zero.
fn set_size<'guard>(
    guard: &'guard mut Guard<'_, '_>,
    old: &Layout,
    new: Layout,
) -> PyResult<&'guard mut AlignedVec<u8>> {
    let size = new.nbytes();
    let shrinks = size < old.nbytes();
    if shrinks {
        guard.set_layout(0, new.clone()).map_err(errors::value)?;
    }
    if let Memory::Own(own) = &mut **guard {
        own.resize(size).map_err(errors::out_of_memory)?;
    }
    if !shrinks {
        guard.set_layout(0, new).map_err(errors::value)?;
    }
    match &mut **guard {
        Memory::Own(own) => Ok(own),
        Memory::Mapped(_) | Memory::Lent(_) | Memory::Lazy(_) => Err(errors::read_only()),
    }
}

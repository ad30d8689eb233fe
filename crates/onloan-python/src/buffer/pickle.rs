//! Travelling: pickles and copies.
//!
//! | protocol | the bytes | shape, format, read-only |
//! |---|---|---|
//! | 5 | a `PickleBuffer` of this memory: beside the pickle if it is made so, else inside | inside |
//! | below | `bytes` inside | inside |
//!
//! What arrives beside the pickle is whatever the carrier made of it: read-only, flat, unaligned, a part of a larger message. It is lent on
//! as it is, and kept alive; only what protocols below 5 bring, and memory with gaps, is copied. If it is read-only so is the `Buffer`. One
//! that changes its size gets memory of its own.

use onloan::Loan;
use onloan::request::Request;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::Buffer;
use super::create::{layout_for, made};
use super::memory::{self, Memory};
use crate::item::Item;
use crate::shape;

pub(super) fn reduce<'py>(
    slf: &Bound<'py, Buffer>,
    protocol: i32,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = slf.py();
    let buffer = slf.get();
    buffer.check_open()?;
    let data = if protocol >= 5 {
        py.import("pickle")?
            .getattr("PickleBuffer")?
            .call1((slf,))?
    } else {
        Buffer::tobytes(slf)?.into_any()
    };
    let shape = Buffer::shape(slf)?;
    let own = protocol < 5;
    let arguments = (
        data,
        buffer.item.text(),
        shape,
        buffer.cell.is_read_only(),
        own,
    );
    let rebuild = py.import("onloan._onloan")?.getattr("_rebuild")?;
    (rebuild, arguments).into_pyobject(py)
}

/// Makes a Buffer of what a pickle holds: data lends the bytes of the items, in
/// any shape and format. With own they are copied, else lent on.
///
/// Errors: `ValueError` if the bytes are not those of the shape, or the format is
/// none; `BufferError` if data refuses.
#[pyfunction]
#[pyo3(name = "_rebuild", signature = (data, format, shape, readonly, own=false, /))]
pub(crate) fn rebuild(
    data: &Bound<'_, PyAny>,
    format: &str,
    shape: &Bound<'_, PyAny>,
    readonly: bool,
    own: bool,
) -> PyResult<Buffer> {
    let py = data.py();
    let item = Item::new(format, None)?;
    let shape = shape::shape(shape)?;
    let loan = Loan::acquire(data, Request::FULL_RO)?;
    let layout = layout_for(loan.layout(), &item, Some(shape))?;
    let memory = if own {
        Memory::Own(memory::copy(py, &loan, memory::ALIGN)?)
    } else {
        Memory::of_loan(py, loan)?
    };
    let readonly = readonly || matches!(&memory, Memory::Lent(loan) if loan.readonly());
    made(memory, item, layout, readonly)
}

/// A `Buffer` of its own memory with the same contents, registered if the other is. (One from a pickle is not: it may be another process's.)
pub(super) fn copy(slf: &Bound<'_, Buffer>) -> PyResult<Buffer> {
    let py = slf.py();
    let buffer = slf.get();
    let loan = Buffer::loan(slf, Request::FULL_RO)?;
    let item = Item::new(buffer.item.text(), Some(buffer.item.size()))?;
    let bytes = memory::copy(py, &loan, memory::ALIGN)?;
    let readonly = buffer.cell.is_read_only();
    let copy = made(Memory::Own(bytes), item, loan.layout().clone(), readonly)?;
    copy.registered(py, buffer.cell.is_registered())
}

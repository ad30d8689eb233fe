//! A contiguous copy for one consumer, made because it asked for what the layout cannot give.

use std::ffi::c_void;
use std::ptr::NonNull;

use onloan_core::kernel::{copy_changed_raw, copy_raw};
use onloan_core::layout::{Layout, Order};
use onloan_core::request::{Grant, Offer, Request, negotiate};
use pyo3::prelude::*;

use super::block::{Header, axes};
use crate::storage::{AlignedVec, OutOfMemory, Pages};

/// Memory made for one export. It belongs to that export: `Py_buffer.internal` leads to it, and its release frees it.
#[repr(align(8))]
pub(crate) struct CopyLoan {
    pub(crate) header: NonNull<Header>,
    items: AlignedVec<u8>,
    /// What the consumer was given, if it may write.
    before: Option<AlignedVec<u8>>,
    pub(crate) layout: Layout,
    order: Order,
}

/// Why there is no copy.
pub(crate) enum NoCopy {
    /// A copy could not grant the request either.
    Refused,
    OutOfMemory(OutOfMemory),
}

impl CopyLoan {
    /// Copies the items into contiguous memory in the order that `request` asks for.
    ///
    /// # Safety
    /// The caller is counted as an export of the cell whose `header` it is, until [`CopyLoan::give_back`].
    pub(crate) unsafe fn make(
        header: NonNull<Header>,
        request: Request,
    ) -> Result<(Box<CopyLoan>, Grant), NoCopy> {
        // SAFETY: the block lives while the caller is counted.
        let header_ref = unsafe { header.as_ref() };
        // SAFETY: the caller is counted (`COUNTED`).
        let facts = unsafe { header_ref.facts() };
        let fortran = request.wants(Request::F_CONTIGUOUS) && !request.wants(Request::C_CONTIGUOUS);
        let order = if fortran { Order::F } else { Order::C };
        let layout = &facts.layout;
        let layout = Layout::in_order(layout.shape(), layout.itemsize(), order)
            .map_err(|_| NoCopy::Refused)?;
        let offer = Offer::of(&layout, facts.offer.readonly());
        let grant = match negotiate(offer, request) {
            Ok(grant) => grant,
            Err(_) => return Err(NoCopy::Refused),
        };
        let bytes = |_: ()| {
            AlignedVec::zeroed(layout.nbytes(), 1, Pages::Ordinary).map_err(NoCopy::OutOfMemory)
        };
        let mut items = bytes(())?;
        // SAFETY:
        // readable, tables: the memory of the storage, alive and described by `layout` while the caller is counted.
        // writable, apart: `items` is new and has `nbytes` bytes.
        // unraced: assumed of all consumers (SAFETY.md, `no-writer-meanwhile`).
        let copied =
            unsafe { copy_raw(items.as_mut_ptr(), &layout, facts.buf.cast(), &facts.layout) };
        debug_assert_eq!(
            copied,
            Ok(()),
            "the same shape and item size by construction"
        );
        let before = match offer.readonly() {
            true => None,
            false => {
                let mut before = bytes(())?;
                before.copy_from_slice(&items);
                Some(before)
            }
        };
        Ok((
            Box::new(CopyLoan {
                header,
                items,
                before,
                layout,
                order,
            }),
            grant,
        ))
    }

    /// The copy's first item, as `Py_buffer.buf`.
    pub(crate) fn buf(&mut self) -> *mut c_void {
        self.items.as_mut_ptr().cast()
    }

    /// Shape and strides, as a `Py_buffer` wants them; they lead into the loan.
    pub(crate) fn axes(&self) -> (*mut isize, *mut isize) {
        (axes(self.layout.shape()), axes(self.layout.strides()))
    }

    /// Writes back what the consumer has written.
    ///
    /// # Safety
    /// The caller is still counted, and the consumer has released.
    pub(crate) unsafe fn give_back(self: Box<Self>, _py: Python<'_>) {
        if let Some(before) = &self.before {
            // SAFETY: the block lives while the caller is counted.
            let header = unsafe { self.header.as_ref() };
            // SAFETY: the caller is counted (`COUNTED`).
            let facts = unsafe { header.facts() };
            // SAFETY: as in `make`, the other way round; the cell is writable, else there were no `before`.
            unsafe {
                copy_changed_raw(
                    facts.buf.cast(),
                    &facts.layout,
                    self.order,
                    &self.items,
                    before,
                );
            };
        }
    }
}

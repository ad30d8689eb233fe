//! `bf_getbuffer` and `bf_releasebuffer` of classes with `#[exporter]`.
//!
//! # The life of an export
//!
//! ```text
//! PyObject_GetBuffer ─▶ getbuffer::<Class>   the cell of the object: a field, no borrow that outlives the call
//!                         lend               count, negotiate, fill `view`; or refuse and leave all as it was
//!   view.obj      = the object, one new reference      (given back by PyBuffer_Release, never by us)
//!   view.internal = the block of the cell, or a copy   (with which the release finds its way)
//! PyBuffer_Release ───▶ releasebuffer        from `internal` alone: uncount, settle what came due
//!                       Py_DECREF(view.obj)  CPython does this, after the slot has returned
//! ```
//!
//! # The reference in `view.obj`
//!
//! `PyBuffer_Release` drops the reference that `bf_getbuffer` has put into `view->obj`, and sets the field to NULL. A release slot that does so
//! too (`Py_DECREF(view->obj)`, as can be read in tutorials) gives away a reference that belongs to somebody else: the object dies while it is
//! in use, usually much later. CPython's documentation: "This function MUST NOT decrement view->obj, since that is done automatically in
//! `PyBuffer_Release()`". Here the release does not even read the field.
//!
//! # Speed
//!
//! PyO3's slots go through a trampoline that attaches, borrows and catches panics, at three times the cost of a slot in C. So the slots of a class
//! are replaced by the raw functions of this module when it is first asked for a buffer; see [`install`].

#[allow(unsafe_code)]
mod class;
#[allow(unsafe_code)]
mod install;
#[allow(unsafe_code)]
mod lend;
#[allow(unsafe_code)]
mod refuse;
#[allow(unsafe_code)]
mod registry;
#[allow(unsafe_code)]
mod release;
#[allow(unsafe_code)]
mod steady;

pub use class::{Access, Export, ExporterClass, Lender, given};
pub use install::Slots;
pub use lend::getbuffer_plain;
pub use release::releasebuffer_plain;
#[cfg(not(any(Py_LIMITED_API, Py_GIL_DISABLED)))]
pub(crate) use steady::is_release;
pub(crate) use steady::steady;

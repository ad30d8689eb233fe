//! What a consumer asks for, what an exporter has, and the one function that decides.
//!
//! A consumer states a [`Request`]: the flags given to `PyObject_GetBuffer`. An exporter's memory
//! is summed up in four bits, an [`Offer`]. [`negotiate`] puts one against the other and answers
//! either with a [`Grant`], the fields of `Py_buffer` to fill in, or with the [`Clause`] that
//! stands in the way; a [`Refusal`] puts that clause into words and says which request would have
//! been granted instead.
//!
//! ```text
//!    Request  ──┐                  ┌── Ok(Grant)    fill format? shape? strides? suboffsets?
//!               ├── negotiate() ───┤
//!    Offer    ──┘                  └── Err(Clause)  Refusal: why, and what would be granted
//! ```
//!
//! # What is decided here, and what is not
//!
//! The answer depends on nothing but the two arguments, so every exporter built on it gives the
//! same answer to the same request. Whether memory may be lent *at this moment* is another
//! question, answered by [`crate::state`]; what the fields contain is answered by
//! [`crate::layout`].
//!
//! `FORMAT` without `ND` is no legal request. Exporters may refuse it or answer with bytes; this
//! one refuses it always, as `memoryview` does.

mod answers;
mod flags;
mod names;
mod negotiate;
mod refusal;
#[cfg(test)]
mod tests;

pub use answers::Answers;
pub use flags::Request;
pub use names::UnknownRequest;
pub use negotiate::{Clause, Grant, Offer, negotiate};
pub use refusal::Refusal;

//! Who holds the buffer, since when, acquired at which line: the ledger behind `onloan.tracing`.
//!
//! ```text
//!   patch ──▶ pool ──▶ hooks ──▶ ledger: records · stacks and sites · names · timeline          while the program runs
//!   heap ──▶ report ──▶ search ──▶ chain                                                        when somebody asks
//!   blocked: BufferError's tp_init ──▶ report                                                   when a BufferError is made
//!   registry: a registered cell ──▶ hooks ──▶ ledger                                            also while nothing is patched
//! ```
//!
//! # What is promised
//!
//! The program does what it does without: slots are replaced, never added, each by one that calls the original; hooks do not raise and keep the
//! exception that is set; after `stop` every slot holds what it held. Where the interpreter is not laid out as it is known to be, nothing is
//! replaced and the start says why ([`layout`]).
//!
//! # What is not seen
//!
//! How long exports of types without `bf_releasebuffer` last, unless a managed buffer holds them; acquisitions through types that appear
//! between two scans without taking their slots from a known one; what happened before the start, unless a managed buffer holds it.

mod again;
mod arrays;
mod beat;
mod blocked;
mod chain;
mod clock;
mod control;
mod deaths;
mod facts;
mod frames;
mod hash;
mod heap;
mod holders;
mod hooks;
mod imports;
mod layout;
mod ledger;
mod locals;
mod lock;
mod names;
mod note;
mod pages;
mod patch;
mod pool;
mod reader;
mod recent;
mod records;
mod registry;
mod report;
mod search;
mod sight;
mod single;
mod stacks;
mod texts;
mod timeline;
mod unseen;
mod words;

use pyo3::prelude::*;

/// Adds the functions to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    registry::offer(module.py());
    module.add_function(wrap_pyfunction!(control::trace_start, module)?)?;
    module.add_function(wrap_pyfunction!(control::trace_stop, module)?)?;
    module.add_function(wrap_pyfunction!(control::trace_is_on, module)?)?;
    module.add_function(wrap_pyfunction!(control::trace_mark, module)?)?;
    module.add_function(wrap_pyfunction!(control::trace_notes, module)?)?;
    module.add_function(wrap_pyfunction!(control::trace_bytes, module)?)?;
    module.add_function(wrap_pyfunction!(beat::trace_beat, module)?)?;
    module.add_function(wrap_pyfunction!(unseen::trace_unseen, module)?)?;
    module.add_function(wrap_pyfunction!(deaths::trace_deaths, module)?)?;
    module.add_function(wrap_pyfunction!(report::trace_read, module)?)?;
    module.add_function(wrap_pyfunction!(report::trace_lost, module)?)?;
    module.add_function(wrap_pyfunction!(report::trace_since, module)?)?;
    module.add_function(wrap_pyfunction!(blocked::trace_errors, module)?)?;
    module.add_function(wrap_pyfunction!(blocked::trace_errors_met, module)?)?;
    module.add_function(wrap_pyfunction!(single::trace_of, module)?)
}

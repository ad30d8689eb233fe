//! The extension module of the tests of `onloan::View`.
//!
//! ```text
//!   look, write, parts, raw    what an author writes who consumes: every way of access, its results side by side     no `unsafe`, by `forbid`
//!   hold                       loans that are kept, sent to threads, dropped in odd places
//!   promise                    what can be had by a promise only                                                     `unsafe`
//!   liar, rude                 exporters that fill in whatever they are told, and do what no slot may                 `unsafe`
//! ```
//!
//! The tests are in Python (`tests/view/test_rust_view_*.py`).

mod hold;
mod liar;
#[forbid(unsafe_code)]
mod look;
#[forbid(unsafe_code)]
mod parts;
mod promise;
#[forbid(unsafe_code)]
mod raw;
mod rude;
#[forbid(unsafe_code)]
mod scalars;
#[forbid(unsafe_code)]
mod write;

use pyo3::prelude::*;

/// Views of Rust, and an exporter that lies.
#[pymodule]
mod onloan_suite_view {
    #[pymodule_export]
    use super::hold::{
        Holder, View2, acquire_and_panic, drop_while_pending, lend_cell, refuse_while_held,
    };
    #[pymodule_export]
    use super::liar::Liar;
    #[pymodule_export]
    use super::look::{item_types, look, look_of_rank, slice_of, trace};
    #[pymodule_export]
    use super::parts::{part, transposed};
    #[pymodule_export]
    use super::raw::{arrays, copied_in, fits, raw};
    #[pymodule_export]
    use super::rude::rude;
    #[pymodule_export]
    use super::write::{write_items, write_part};
}

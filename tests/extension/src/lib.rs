//! The extension module of the test suite, in two halves that know nothing of each other.
//!
//! ```text
//!   author   what somebody writes who uses onloan: classes, cells, storages, hooks     no `unsafe`, by `forbid`
//!   raw      a consumer that calls the C API itself and believes nothing              `unsafe`, argued
//! ```
//!
//! The tests are in Python (`tests/suite`): they make exporters of the first half and look at them through the second.

#[forbid(unsafe_code)]
mod author;
mod raw;

use pyo3::prelude::*;

/// Exporters made with onloan, and a C consumer that looks very closely.
#[pymodule]
mod onloan_suite {
    #[pymodule_export]
    use super::author::classes::{FrozenCell, OrdinaryCell, UnsendableCell};
    #[pymodule_export]
    use super::author::cycles::Cyclic;
    #[pymodule_export]
    use super::author::elements::elements;
    #[pymodule_export]
    use super::author::fields::{
        Boxed, Misled, Nested, Optional, Panicking, Several, Shared, Tuple,
    };
    #[pymodule_export]
    use super::author::hooks::Hooked;
    #[pymodule_export]
    use super::author::inheritance::{Base, Child, Other};
    #[pymodule_export]
    use super::author::layouts::{laid_out, rows};
    #[pymodule_export]
    use super::author::lazy::{Produced, lazy_numbers};
    #[pymodule_export]
    use super::author::lent::Lent;
    #[pymodule_export]
    use super::author::replaced::{Replaceable, Witness};
    #[pymodule_export]
    use super::author::storages::{map_file, storages};
    #[pymodule_export]
    use super::raw::raw;
}

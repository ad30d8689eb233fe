//! A consumer that calls the C API itself and believes nothing.
//!
//! What a consumer written in C may do, and Python cannot: hand over a struct full of garbage, move it, poison what is left behind, release it
//! on another thread or with an exception pending, look at every field and every pointer.

// The C API has no safe calls; each block says what it relies on.
#![allow(unsafe_code)]

mod held;
mod many;
mod slots;

use pyo3::prelude::*;

/// A consumer written as in C.
#[pymodule]
pub(crate) mod raw {
    #[pymodule_export]
    use super::held::{Held, acquire, refused};
    #[pymodule_export]
    use super::many::{Many, rounds};
    #[pymodule_export]
    use super::slots::{forwarded, slots, unwrap, wrap};
}

//! PEP 3118 without Python.
#![no_std]
#![deny(unsafe_code)]
extern crate alloc;
#[cfg(any(test, loom, feature = "std"))]
extern crate std;

pub mod element;
pub mod format;
#[allow(unsafe_code)]
pub mod kernel;
pub mod layout;
pub mod request;
pub mod state;

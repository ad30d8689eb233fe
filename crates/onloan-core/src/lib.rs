//! PEP 3118 without Python.
#![no_std]
#![deny(unsafe_code)]
extern crate alloc;
#[cfg(any(test, loom))]
extern crate std;

#[allow(unsafe_code)]
pub mod copy;
pub mod element;
pub mod format;
pub mod layout;
pub mod request;
pub mod state;

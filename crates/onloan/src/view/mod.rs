//! Views: Rust looks at anybody's memory.
//!
//! ```text
//!   PyObject_GetBuffer ──▶ Loan ──▶ PyBuffer_Release, once
//!                           └ the answer, checked: layout, format
//! ```

mod answer;
mod block;
mod geometry;
mod loan;

pub use loan::{FormatError, Loan};

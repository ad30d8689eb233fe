//! Views: Rust looks at anybody's memory.
//!
//! ```text
//!   PyObject_GetBuffer ──▶ Held ──▶ Loan ──▶ PyBuffer_Release, once
//!                            │        └ the answer, checked: layout, format
//!                            └ the struct, and the duty to give it back
//! ```

mod answer;
mod held;
mod loan;

pub use loan::{FormatError, Loan};

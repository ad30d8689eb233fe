//! Views: Rust looks at anybody's memory.
//!
//! ```text
//!   PyObject_GetBuffer ──▶ Loan ──▶ PyBuffer_Release, once
//!                           └ the answer, checked: layout, format
//! ```

mod access;
mod answer;
mod block;
mod geometry;
mod item_type;
mod items;
mod iter;
mod loan;
mod pointers;
mod rank;
mod raw;
mod refusal;
mod stable;
mod typed;

pub use access::AccessError;
pub use item_type::{Any, Viewed};
pub use items::{Items, SubView};
pub use iter::{Iter, Rows};
pub use loan::{FormatError, Loan};
pub use rank::DYNAMIC;
pub use refusal::{ItemMismatch, ViewError};
pub use typed::{View, ViewMut};

//! [`ExportCell`]: a storage that can be lent to Python and read, written and taken back from Rust, each when the others permit.

mod block;
mod builder;
mod copy;
mod duties;
mod guard;
mod handle;
mod look;

pub(crate) use block::{COPY, Facts, Header, TOLD};
pub(crate) use copy::{CopyLoan, NoCopy};
pub(crate) use duties::{Whose, guarded};

pub use builder::{BuildError, ExportCellBuilder};
pub use guard::{ReadGuard, WriteGuard};
pub use handle::ExportCell;
pub use onloan_core::state::Kind;

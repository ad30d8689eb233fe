//! [`ExportCell`]: a storage that can be lent to Python and read, written and taken back from Rust, each when the others permit.

#[allow(unsafe_code)]
mod block;
mod builder;
#[allow(unsafe_code)]
mod copy;
#[allow(unsafe_code)]
mod duties;
#[allow(unsafe_code)]
mod guard;
#[allow(unsafe_code)]
mod handle;
#[allow(unsafe_code)]
mod look;
mod register;

pub(crate) use block::{COPY, Facts, Header, REGISTERED, TAGS, TOLD};
pub(crate) use copy::{CopyLoan, NoCopy};
pub(crate) use duties::{Whose, guarded};

pub use builder::{BuildError, ExportCellBuilder};
pub use guard::{ReadGuard, WriteGuard};
pub use handle::ExportCell;
pub use onloan_core::state::Kind;

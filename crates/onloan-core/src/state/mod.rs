//! The state of a loan: who uses the storage of a cell, in one word.
//!
//! # The idea
//!
//! A cell owns a storage and hands it out in four ways: *read guards* and *write guards* to Rust, *exports* to Python, and back to
//! its owner when he *takes* it. Which of them may be out together is a table, and the table is a pure function on one 64-bit
//! [`Word`]. Nothing else decides.
//!
//! ```text
//! 63                                                                             0
//! ┌────────────────────────────┬──────────────────┬──────────────────────────────┐
//! │ flags, lowest first:       │ readers          │ exports                      │
//! │ writing busy prepared      │ 12 bits          │ 40 bits                      │
//! │ taken promised orphaned    │                  │                              │
//! │ notify lazy writable       │                  │                              │
//! │ exclusive                  │                  │                              │
//! └────────────────────────────┴──────────────────┴──────────────────────────────┘
//! ```
//!
//! # The table
//!
//! | now \ wanted | read guard | write guard | export | take the storage back |
//! |---|---|---|---|---|
//! | idle | yes | yes | yes | yes |
//! | read guards out | yes | no | read-only: yes; writable: no | no |
//! | write guard out | no | no | no | no |
//! | exports out, read-only | yes | no | yes | no: or promised for the last release |
//! | exports out, writable | no | no | shared: yes; exclusive: no | no: or promised |
//!
//! # Who does what comes due
//!
//! Some transitions leave work to do: the storage must be *opened* before the first use, and *settled* after the last one (the author is
//! told, a promised storage handed over, a lazy one closed, an orphaned block freed). The transition that makes work due sets `busy`
//! and tells its caller, who thereby alone has the duty; while `busy` stands nobody else gets in. The caller works outside of any
//! lock, then ends with [`Word::opened`] or goes through [`Word::settle`] until nothing is left. So each duty is done once, on one
//! thread, and a thread that would have to wait is refused instead: nothing here blocks.
//!
//! # Two ways to apply a transition
//!
//! [`State`] holds the word. [`Serialized`] is for an interpreter with a global lock: all who change the word hold that lock, so a load and a
//! store are enough and an acquisition costs no locked instruction. [`Concurrent`] is for free-threaded builds: compare and exchange until
//! it fits. Both run the same functions, and both are model-checked (`tests/loom.rs`).

mod blocked;
mod cell;
mod transitions;
mod word;

pub use blocked::Blocked;
pub use cell::{Concurrent, Mode, Serialized, State};
pub use transitions::{Duty, Entered, Left};
pub use word::{Kind, Traits, Word};

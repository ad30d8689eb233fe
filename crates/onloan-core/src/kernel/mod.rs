//! Work on whole arrays in memory: copying, filling, comparing, searching.
//!
//! One set of kernels for every consumer of a buffer. Each takes the address and the [`Layout`] of
//! its items and does with any layout what a loop over all indices would do, but in the order in which
//! memory is best walked, and many items at once.
//!
//! # Clauses
//!
//! Functions whose names end in `_raw` are unsafe: a layout says where items lie, not that memory is
//! there. What the caller promises is always made of these clauses, *during the call*:
//!
//! - `readable`: all bytes of the items that the layout addresses from `buf` may be read and are
//!   initialized;
//! - `writable`: all bytes of the items that the layout addresses from `buf` may be written;
//! - `tables`: with suboffsets, every pointer that the layout addresses may be read, leads to where the
//!   next level starts less the suboffset, and is not among the bytes that are written;
//! - `unraced`: nobody else writes any of these bytes, or reads those that are written.
//!
//! Nothing is asked of a layout without items, or with items of no bytes. No alignment is needed.
//!
//! Inside, two more clauses say what the faster loops need:
//!
//! - `apart`: no byte that is written is one that is read;
//! - `spread`: the places that are written do not lie on each other.
//!
//! [`Layout`]: crate::layout::Layout

mod blocks;
mod bytes;
mod copy;
mod cut;
mod equal;
mod fill;
mod find;
mod gapless;
mod hex;
mod line;
mod needle;
mod nest;
mod numeric;
mod order;
mod pairs;
mod swap;
mod tables;
mod transpose;
mod value;
mod vector;

pub use bytes::{bytes_raw, visit_bytes_raw};
pub use copy::{CopyError, copy_changed_raw, copy_raw};
pub use equal::equal_raw;
pub use fill::fill_raw;
pub use find::{count_byte_raw, count_raw, index_byte_raw, index_raw, is_all_raw};
pub use gapless::{gather_raw, scatter_raw};
pub use hex::{Separator, TextTooLarge, hex_raw, write_hex_raw};
pub use needle::Needle;
pub use numeric::half_to_single;
pub use swap::{Unit, copy_swapped_raw};
pub use value::equal_values;

/// The side that is written.
const TO: usize = 0;
/// The side that is read.
const FROM: usize = 1;

#[cfg(test)]
mod tests;

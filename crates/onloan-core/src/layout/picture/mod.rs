//! A drawing of the memory behind a layout, for people.
//!
//! Memory is drawn as it lies, from low addresses to high ones: strips of cells, one cell an item,
//! with the index that reaches it, and between them the bytes that are skipped.
//!
//! ```text
//!    +0 │[0,0]│····│[0,1]│····│         shape (3, 2), strides (16, 8), itemsize 4
//!   +16 │[1,0]│····│[1,1]│····│
//!   +32 │[2,0]│····│[2,1]│
//! ```
//!
//! So an array in Fortran order shows as `[0,0] [1,0] [0,1] …`, one that runs backwards starts
//! with its last item, and an item that many indices reach is drawn once, with `*` for any index.
//! The axis with the smallest stride runs along a strip, the others go from strip to strip. What
//! does not fit is left out in the middle, and counted.
//!
//! # Facts and rendering
//!
//! [`Picture`] has the facts: which cell lies where, with which label, lent or skipped. Text is
//! one rendering of it ([`Layout::draw`](super::Layout::draw)); others can be made from the same
//! facts ([`Layout::picture`](super::Layout::picture)).

mod columns;
mod count;
mod facts;
mod plan;
#[cfg(test)]
mod tests;
mod text;

use alloc::{string::String, vec::Vec};

use super::Extent;

pub use text::Canvas;

/// What lies where, as far as the [`Limits`] let it be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What lies at `buf`.
    pub root: Block,
    /// Each level as a whole, whatever is left out of the drawing. Without items there is none.
    pub levels: Vec<Facts>,
}

/// One level of a layout in numbers, for one starting point of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether pointers lie here, and not items.
    pub pointers: bool,
    /// The bytes of a pointer or an item.
    pub itemsize: usize,
    /// What is added to the pointer that leads here; 0 on the first level.
    pub suboffset: isize,
    /// The bytes from the lowest to the highest addressed one, from where the level starts.
    pub extent: Extent,
    /// How many indices lead to pointers or items here.
    pub indices: usize,
    /// How many cells those are: fewer where an axis has stride 0.
    pub cells: usize,
    /// How many different bytes are addressed; the rest of the extent is skipped. Fewer than in
    /// all cells where these overlap. `None` where that would take too long to count.
    pub lent: Option<usize>,
}

/// What lies at one starting point of a level: at `buf`, or behind one pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// What was added to the pointer that leads here; offsets in the block count from there.
    pub suboffset: isize,
    /// Its strips, from low addresses to high ones as far as they do not overlap.
    pub lines: Vec<Line>,
}

/// One line of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Cells side by side.
    Strip(Strip),
    /// Lines that are not drawn.
    LeftOut {
        /// How many.
        count: usize,
        /// Of what.
        unit: Unit,
    },
}

/// What [`Line::LeftOut`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Strips of items.
    Rows,
    /// Items of the only row.
    Items,
    /// Pointers, with all behind them.
    Pointers,
}

/// Cells side by side, from low addresses to high ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// Where the first cell lies, in bytes from where the level starts.
    pub offset: isize,
    /// The cells. A pointer is alone in its strip.
    pub cells: Vec<Cell>,
}

/// Some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Where they lie, in bytes from where the level starts.
    pub offset: isize,
    /// How many.
    pub bytes: usize,
    /// What they are.
    pub content: Content,
}

/// What some bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// One item.
    Item {
        /// Its index, as `[2,0]`; `*` stands for every index of an axis with stride 0.
        label: String,
        /// Whether it is the one that the level starts with, index `[0,…,0]`.
        first: bool,
    },
    /// One pointer.
    Pointer {
        /// Its index in the axes up to the indirect one.
        label: String,
        /// Whether it is the one that the level starts with.
        first: bool,
        /// What lies behind it.
        to: Block,
    },
    /// Bytes between items that no index reaches.
    Skipped,
    /// Items that are not drawn, with what lies between them.
    LeftOut {
        /// How many.
        items: usize,
    },
}

/// How much is drawn at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Items side by side, at least one. Longer rows are cut in the middle; where there is only
    /// one row, it is broken into strips.
    pub cells: usize,
    /// Lines in all, roughly, and at least one for each block.
    pub lines: usize,
}

impl Default for Limits {
    /// Sixteen cells, twelve lines.
    fn default() -> Self {
        Self {
            cells: 16,
            lines: 12,
        }
    }
}

//! From a layout to what is drawn of it.

use alloc::vec::Vec;

use super::{
    Block, Cell, Content, Facts, Limits, Line, Picture, Strip, Unit,
    count::lent_bytes,
    plan::{Drawn, Place, Plan, Shelf, broken_at, drawn, drawn_lines},
};
use crate::layout::Layout;

impl Layout {
    /// What lies where, for any rendering.
    ///
    /// The cost grows with the limits, not with the layout, but for [`Facts::lent`] of items that
    /// overlap.
    #[must_use]
    pub fn picture(&self, limits: &Limits) -> Picture {
        if self.size() == 0 {
            return Picture {
                root: Block::default(),
                levels: Vec::new(),
            };
        }
        let plan = Plan::of(self);
        let root = plan.block(&plan.shelves, &mut plan.start(), limits);
        let facts = |shelf: &Shelf| Facts {
            pointers: shelf.level.pointers,
            itemsize: shelf.level.itemsize,
            suboffset: shelf.level.suboffset,
            extent: shelf.level.extent,
            indices: shelf
                .level
                .axes
                .clone()
                .map(|axis| self.shape()[axis].unsigned_abs())
                .product(),
            cells: shelf.strips * shelf.items,
            lent: lent_bytes(self, &shelf.level),
        };
        Picture {
            root,
            levels: plan.shelves.iter().map(facts).collect(),
        }
    }
}

impl Plan<'_> {
    fn block(&self, shelves: &[Shelf], index: &mut [Place], limits: &Limits) -> Block {
        let Some((shelf, behind)) = shelves.split_first() else {
            return Block::default();
        };
        let lines = if shelf.level.pointers {
            self.pointers(shelf, behind, index, limits)
        } else if self.is_row() && shelf.items > limits.cells.max(1) {
            self.broken_row(shelf, index, limits)
        } else {
            self.rows(shelf, index, limits)
        };
        Block {
            suboffset: shelf.level.suboffset,
            lines,
        }
    }

    /// A strip for each pointer, with the block behind it.
    fn pointers(
        &self,
        shelf: &Shelf,
        behind: &[Shelf],
        index: &mut [Place],
        limits: &Limits,
    ) -> Vec<Line> {
        let each = behind
            .iter()
            .map(|shelf| shelf.strips)
            .fold(1, usize::saturating_mul)
            .min(4);
        let shown = (limits.lines / each).max(2).min(shelf.strips);
        let less = Limits {
            lines: (limits.lines / shown).max(1),
            ..*limits
        };
        let mut lines = Vec::new();
        for pointer in drawn_lines(shelf.strips, shown) {
            lines.push(match pointer {
                Drawn::LeftOut(range) => Line::LeftOut {
                    count: range.len(),
                    unit: Unit::Pointers,
                },
                Drawn::One(position) => {
                    let offset = self.go_across(shelf, position, index);
                    let (label, first) = self.label(&shelf.level, index);
                    let to = self.block(behind, index, &less);
                    let content = Content::Pointer { label, first, to };
                    let cell = Cell {
                        offset,
                        bytes: shelf.level.itemsize,
                        content,
                    };
                    Line::Strip(Strip {
                        offset,
                        cells: [cell].into(),
                    })
                }
            });
        }
        lines
    }

    /// All items in one row that is too long for a strip.
    fn broken_row(&self, shelf: &Shelf, index: &mut [Place], limits: &Limits) -> Vec<Line> {
        let each = broken_at(limits.cells);
        let until = |strip: usize| shelf.items.min(strip.saturating_mul(each));
        let mut lines = Vec::new();
        for strip in drawn_lines(shelf.items.div_ceil(each), limits.lines) {
            lines.push(match strip {
                Drawn::LeftOut(range) => {
                    let count = until(range.end) - until(range.start);
                    Line::LeftOut {
                        count,
                        unit: Unit::Items,
                    }
                }
                Drawn::One(strip) => {
                    let items = until(strip)..until(strip + 1);
                    let last_gap = if items.end < shelf.items {
                        shelf.gap
                    } else {
                        0
                    };
                    self.strip(shelf, 0, items.map(Drawn::One), last_gap, index)
                }
            });
        }
        lines
    }

    /// A strip for each row.
    fn rows(&self, shelf: &Shelf, index: &mut [Place], limits: &Limits) -> Vec<Line> {
        let mut lines = Vec::new();
        for row in drawn_lines(shelf.strips, limits.lines) {
            lines.push(match row {
                Drawn::LeftOut(range) => Line::LeftOut {
                    count: range.len(),
                    unit: Unit::Rows,
                },
                Drawn::One(row) => {
                    let next =
                        (row + 1 < shelf.strips).then(|| self.go_across(shelf, row + 1, index));
                    let offset = self.go_across(shelf, row, index);
                    let gap = next.map_or(0, |next| self.gap_between(shelf, offset, next));
                    self.strip(shelf, offset, drawn(shelf.items, limits.cells), gap, index)
                }
            });
        }
        lines
    }

    /// Cells side by side, the last one followed by a gap of its own.
    fn strip(
        &self,
        shelf: &Shelf,
        start: isize,
        items: impl Iterator<Item = Drawn>,
        last_gap: usize,
        index: &mut [Place],
    ) -> Line {
        let bytes = shelf.level.itemsize;
        let mut cells: Vec<Cell> = Vec::new();
        let mut items = items.peekable();
        while let Some(item) = items.next() {
            let cell = match item {
                Drawn::One(position) => {
                    let offset = start + self.go_along(shelf, position, index);
                    let (label, first) = self.label(&shelf.level, index);
                    Cell {
                        offset,
                        bytes,
                        content: Content::Item { label, first },
                    }
                }
                Drawn::LeftOut(range) => {
                    let offset = start + self.go_along(shelf, range.start, index);
                    let last = start + self.go_along(shelf, range.end - 1, index);
                    let bytes = (last - offset).unsigned_abs() + bytes;
                    Cell {
                        offset,
                        bytes,
                        content: Content::LeftOut { items: range.len() },
                    }
                }
            };
            let gap = if items.peek().is_some() {
                shelf.gap
            } else {
                last_gap
            };
            let end = cell.offset.wrapping_add_unsigned(cell.bytes);
            cells.push(cell);
            if gap > 0 {
                cells.push(Cell {
                    offset: end,
                    bytes: gap,
                    content: Content::Skipped,
                });
            }
        }
        Line::Strip(Strip {
            offset: cells.first().map_or(start, |cell| cell.offset),
            cells,
        })
    }
}

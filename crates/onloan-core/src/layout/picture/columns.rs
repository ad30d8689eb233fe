//! Blocks as lines of text, in columns of the same width for all blocks of a level.

use alloc::{format, string::String, vec::Vec};

use super::{
    Block, Cell, Content, Line, Strip, Unit,
    plan::{Plan, Shelf},
    text::{Ink, count, signed},
};

/// More skipped bytes than these are written as a number, not as dots.
const DOTS: usize = 8;

/// Widths in characters, for each level.
pub(super) struct Columns {
    ink: &'static Ink,
    levels: Vec<Column>,
}

struct Column {
    offset: usize,
    cell: usize,
    /// Whether the cell that the level starts with is marked: where it is not the lowest.
    marked: bool,
}

impl Columns {
    /// Wide enough for any cell.
    pub(super) fn widest(plan: &Plan, ink: &'static Ink) -> Self {
        let column = |shelf: &Shelf| {
            let (level, extent) = (&shelf.level, shelf.level.extent);
            let offset = |at: isize| signed(at.saturating_add(level.suboffset)).len();
            let marked = extent.start < 0;
            Column {
                offset: offset(extent.start).max(offset(extent.end)),
                cell: plan.label_width(level) + usize::from(marked),
                marked,
            }
        };
        Self {
            ink,
            levels: plan.shelves.iter().map(column).collect(),
        }
    }

    /// How many items fit side by side into lines of so many characters.
    pub(super) fn cells(&self, plan: &Plan, width: usize) -> usize {
        let mut left = width;
        for (column, shelf) in self.levels.iter().zip(&plan.shelves) {
            // A space and a bar behind the offset.
            left = left.saturating_sub(column.offset + 2);
            if !shelf.level.pointers {
                return self.cells_in(plan, shelf, left, column.cell);
            }
            left = left.saturating_sub(column.cell + 1 + count(self.ink.arrow));
        }
        1
    }

    /// How many cells, each with a bar behind it, fit into so many characters.
    fn cells_in(&self, plan: &Plan, shelf: &Shelf, width: usize, cell: usize) -> usize {
        let taken = |gap: usize| match gap {
            0 => 0,
            gap => count(&self.skipped(gap)) + 1,
        };
        let gap = taken(shelf.gap);
        let each = cell + 1 + gap;
        let last_gap = plan.gaps_between(shelf).into_iter().map(taken).max();
        let width = width.saturating_sub(last_gap.unwrap_or(0));
        // Behind the last item of a row there is no gap, or another one.
        if (width + gap) / each >= shelf.items {
            return shelf.items;
        }
        let left_out = if plan.is_row() {
            0
        } else {
            count(&self.left_out(shelf.items)) + 1
        };
        (width.saturating_sub(left_out) / each).max(1)
    }

    /// Makes the columns as narrow as what is drawn.
    pub(super) fn tighten(&mut self, root: &Block) {
        for column in &mut self.levels {
            (column.offset, column.cell) = (0, 0);
        }
        self.widen(root, 0);
    }

    fn widen(&mut self, block: &Block, level: usize) {
        for strip in block.lines.iter().filter_map(strip) {
            for cell in &strip.cells {
                if let Content::Pointer { to, .. } = &cell.content {
                    self.widen(to, level + 1);
                }
            }
            let Some(column) = self.levels.get_mut(level) else {
                return;
            };
            let offset = signed(strip.offset.saturating_add(block.suboffset));
            column.offset = column.offset.max(offset.len());
            let mark = usize::from(column.marked);
            let labels = strip.cells.iter().filter_map(|cell| match &cell.content {
                Content::Item { label, .. } | Content::Pointer { label, .. } => Some(label),
                Content::Skipped | Content::LeftOut { .. } => None,
            });
            let widest = labels.map(|label| label.len() + mark).max().unwrap_or(0);
            column.cell = column.cell.max(widest);
        }
    }

    /// The lines of a block and of all behind it.
    pub(super) fn block(&self, block: &Block, level: usize) -> Vec<String> {
        let Some(column) = self.levels.get(level) else {
            return Vec::new();
        };
        let width = column.offset;
        let mut lines = Vec::new();
        for line in &block.lines {
            match line {
                Line::LeftOut { count, unit } => {
                    let (down, unit) = (self.ink.down, unit_name(*unit, *count));
                    lines.push(format!("{down:>width$} {count} more {unit}"));
                }
                Line::Strip(strip) => {
                    let offset = signed(strip.offset.saturating_add(block.suboffset));
                    let start = format!("{offset:>width$} ");
                    self.strip(start, strip, column, level, &mut lines);
                }
            }
        }
        lines
    }

    /// The line of a strip, and the further ones of what lies behind it.
    fn strip(
        &self,
        start: String,
        strip: &Strip,
        column: &Column,
        level: usize,
        lines: &mut Vec<String>,
    ) {
        let mut line = start + self.ink.bar;
        let mut behind = Vec::new();
        for cell in &strip.cells {
            line += &self.cell(cell, column);
            line += self.ink.bar;
            if let Content::Pointer { to, .. } = &cell.content {
                behind = self.block(to, level + 1);
                line += self.ink.arrow;
            }
        }
        let indent = count(&line);
        let mut behind = behind.into_iter();
        lines.push(line + &behind.next().unwrap_or_default());
        lines.extend(behind.map(|line| format!("{:indent$}{line}", "")));
    }

    fn cell(&self, cell: &Cell, column: &Column) -> String {
        match &cell.content {
            Content::Item { label, first } | Content::Pointer { label, first, .. } => {
                let marked = column.marked && *first;
                let mark = if marked { self.ink.first } else { "" };
                let width = column.cell;
                format!("{:>width$}", format!("{mark}{label}"))
            }
            Content::Skipped => self.skipped(cell.bytes),
            Content::LeftOut { items } => self.left_out(*items),
        }
    }

    fn skipped(&self, bytes: usize) -> String {
        let dot = self.ink.dot;
        if bytes <= DOTS {
            dot.repeat(bytes)
        } else {
            format!("{dot}{dot}{bytes}{dot}{dot}")
        }
    }

    fn left_out(&self, items: usize) -> String {
        let dots = self.ink.dots;
        format!("{dots} {items} more {dots}")
    }
}

fn strip(line: &Line) -> Option<&Strip> {
    match line {
        Line::Strip(strip) => Some(strip),
        Line::LeftOut { .. } => None,
    }
}

fn unit_name(unit: Unit, count: usize) -> &'static str {
    match (unit, count) {
        (Unit::Rows, 1) => "row",
        (Unit::Rows, _) => "rows",
        (Unit::Items, 1) => "item",
        (Unit::Items, _) => "items",
        (Unit::Pointers, 1) => "pointer",
        (Unit::Pointers, _) => "pointers",
    }
}

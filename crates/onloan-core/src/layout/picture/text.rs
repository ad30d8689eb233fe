//! The picture as text.
//!
//! ```text
//!    +0 │[0]│ ──▶ +4 │[0,0]│[0,1]│[0,2]│        offset │ cell │ cell │
//!    +8 │[1]│ ──▶ +4 │[1,0]│[1,1]│[1,2]│        an arrow: the pointer leads to this strip,
//!   +16 │[2]│ ──▶ +4 │[2,0]│[2,1]│[2,2]│        less the number of bytes before it
//! ```

use alloc::{format, string::String, vec::Vec};

use super::{Facts, Limits, Picture, columns::Columns, plan::Plan};
use crate::layout::Layout;

/// How large the text may become, and of which characters it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Characters in a line at most.
    pub columns: usize,
    /// Lines of cells, roughly.
    pub lines: usize,
    /// Only ASCII characters.
    pub ascii: bool,
}

impl Default for Canvas {
    /// 78 columns, twelve lines, drawn with lines and arrows.
    fn default() -> Self {
        Self {
            columns: 78,
            lines: 12,
            ascii: false,
        }
    }
}

/// The signs of the drawing.
pub(super) struct Ink {
    /// Between cells.
    pub(super) bar: &'static str,
    /// From a pointer to what lies behind it.
    pub(super) arrow: &'static str,
    /// Before the cell that a level starts with, where that is not the lowest.
    pub(super) first: &'static str,
    /// For a skipped byte.
    pub(super) dot: &'static str,
    /// For what is left out of a line.
    pub(super) dots: &'static str,
    /// For lines left out.
    pub(super) down: &'static str,
}

const LINES: Ink = Ink {
    bar: "│",
    arrow: " ──▶ ",
    first: "▸",
    dot: "·",
    dots: "…",
    down: "⋮",
};

const ASCII: Ink = Ink {
    bar: "|",
    arrow: " --> ",
    first: ">",
    dot: ".",
    dots: "...",
    down: ":",
};

impl Layout {
    /// A drawing of the memory, with what is lent and what is skipped in words below. Lines end
    /// with a line feed.
    ///
    /// ```
    /// use onloan_core::layout::{Layout, picture::Canvas};
    ///
    /// let every_other = Layout::strided(&[2, 2], &[12, 4], 2)?;
    /// assert_eq!(
    ///     every_other.draw(&Canvas { ascii: true, ..Canvas::default() }),
    ///     "   +0 |[0,0]|..|[0,1]|......|\n  +12 |[1,0]|..|[1,1]|\n\
    ///      \n  bytes +0..+18: 8 lent in 4 items of 2, 10 skipped\n"
    /// );
    /// # Ok::<(), onloan_core::layout::LayoutError>(())
    /// ```
    #[must_use]
    pub fn draw(&self, canvas: &Canvas) -> String {
        let ink = if canvas.ascii { &ASCII } else { &LINES };
        let mut text = String::new();
        let mut write = |line: &str| text += &cut(line, canvas.columns, ink);
        if let Some(axis) = self.shape().iter().position(|extent| *extent == 0) {
            write(&format!("  no items: axis {axis} has extent 0"));
            return text;
        }
        let plan = Plan::of(self);
        let mut columns = Columns::widest(&plan, ink);
        let cells = columns.cells(&plan, canvas.columns.saturating_sub(2));
        let picture = self.picture(&Limits {
            cells,
            lines: canvas.lines,
        });
        columns.tighten(&picture.root);
        for line in columns.block(&picture.root, 0) {
            write(&format!("  {line}"));
        }
        write("");
        for sentence in sentences(&picture, ink) {
            for line in broken(&sentence, canvas.columns.saturating_sub(2)) {
                write(&format!("  {line}"));
            }
        }
        text
    }
}

/// What the picture shows, in words.
fn sentences(picture: &Picture, ink: &Ink) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (level, facts) in picture.levels.iter().enumerate() {
        let behind = if level == 0 { "" } else { "behind each: " };
        all.push(format!("{behind}{}", lent(facts)));
        let what = if facts.pointers { "pointer" } else { "item" };
        if facts.indices > facts.cells {
            let (indices, each) = (facts.indices, facts.indices / facts.cells);
            all.push(format!(
                "* is any index of an axis with stride 0: {indices} indices, {each} for each {what}"
            ));
        }
        if facts.extent.start < 0 {
            let below = facts.extent.start.unsigned_abs();
            let here = match level {
                0 => "buf points",
                _ => "pointer and suboffset lead",
            };
            let first = ink.first;
            all.push(format!(
                "{first} is where {here}: {below} above the lowest byte"
            ));
        }
    }
    all
}

fn lent(facts: &Facts) -> String {
    let start = signed(facts.extent.start.saturating_add(facts.suboffset));
    let end = signed(facts.extent.end.saturating_add(facts.suboffset));
    let (cells, itemsize) = (facts.cells, facts.itemsize);
    let what = match (facts.pointers, cells) {
        (true, 1) => "pointer",
        (true, _) => "pointers",
        (false, 1) => "item",
        (false, _) => "items",
    };
    let cells_of = format!("{cells} {what} of {itemsize}");
    let Some(lent) = facts.lent else {
        return format!("bytes {start}..{end}: {cells_of} that overlap");
    };
    let overlap = if lent < cells * itemsize {
        " that overlap"
    } else {
        ""
    };
    let skipped = match facts.extent.len() - lent {
        0 => "none".into(),
        skipped => format!("{skipped}"),
    };
    format!("bytes {start}..{end}: {lent} lent in {cells_of}{overlap}, {skipped} skipped")
}

pub(super) fn count(text: &str) -> usize {
    text.chars().count()
}

pub(super) fn signed(offset: isize) -> String {
    format!("{offset:+}")
}

/// A sentence in lines of so many characters, all but the first indented by two more.
fn broken(sentence: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if count(line) + 1 + count(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.into()),
        }
    }
    lines
}

/// A line of at most so many characters, with its end.
fn cut(line: &str, columns: usize, ink: &Ink) -> String {
    let line = line.trim_end();
    if count(line) <= columns {
        return format!("{line}\n");
    }
    let dots = if columns < count(ink.dots) {
        ""
    } else {
        ink.dots
    };
    let kept: String = line.chars().take(columns - count(dots)).collect();
    format!("{kept}{dots}\n")
}

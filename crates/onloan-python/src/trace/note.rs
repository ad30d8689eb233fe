//! What stood in the way, in a few lines: the note of a `BufferError`.

use std::fmt::Write;

use super::facts::{Lent, request};

/// So many exports of one exporter are told, and then counted.
pub(super) const MOST: usize = 3;
/// What every such note begins with.
pub(super) const BEGINNING: &str = "onloan: exports are out";

/// The note for what a cell has lent, of which only some is described.
pub(super) fn of_cell(described: &[Lent], count: usize) -> String {
    let mut text = text(described);
    let told: usize = described.iter().map(|lent| lent.exports.len()).sum();
    if count > told {
        let _ = write!(text, "\n    and {} more", count - told);
    }
    text
}

pub(super) fn text(blocked_by: &[Lent]) -> String {
    let mut text = BEGINNING.to_owned();
    for lent in blocked_by.iter().take(MOST) {
        let owner = lent
            .owner
            .as_ref()
            .map_or_else(String::new, |owner| format!(" of {owner}"));
        let (kind, at) = (&lent.kind, lent.address);
        let _ = write!(
            text,
            "\n  {kind}{owner}, {}, at {at:#x}",
            sized(lent.nbytes)
        );
        for export in lent.exports.iter().take(MOST) {
            let age = export.age.map_or_else(
                || "since before the start".to_owned(),
                |age| format!("for {age:.3} s"),
            );
            let _ = write!(
                text,
                "\n    {}, {}, out {age}, thread {}",
                request(export.flags),
                sized(export.nbytes),
                export.thread
            );
            match export.frames.first() {
                Some((file, line, function)) => {
                    let _ = write!(text, "\n      acquired at {file}:{line} in {function}");
                }
                None => text.push_str("\n      acquired at a line that is not known"),
            }
            for chain in export.chains.iter() {
                let _ = write!(text, "\n      held by {}", chain.join(" <- "));
            }
            if let (true, Some(why)) = (export.chains.is_empty(), &export.why) {
                let _ = write!(text, "\n      no holder found: {why}");
            }
        }
        if lent.exports.len() > MOST {
            let _ = write!(text, "\n    and {} more", lent.exports.len() - MOST);
        }
    }
    text
}

fn sized(nbytes: usize) -> String {
    let bytes = if nbytes == 1 { "byte" } else { "bytes" };
    format!("{nbytes} {bytes}")
}

//! What stood in the way, in a few lines: the note of a `BufferError`.

use std::fmt::Write;

use super::report::Lent;

/// So many exports of one exporter are told, and then counted.
pub(super) const MOST: usize = 3;
/// What every such note begins with.
pub(super) const BEGINNING: &str = "onloan: exports are out";

/// The note for what a cell has lent, of which only some is described.
pub(super) fn of_cell(described: &[Lent], count: usize) -> String {
    let mut text = text(described);
    let told: usize = described.iter().map(|(_, exports)| exports.len()).sum();
    if count > told {
        let _ = write!(text, "\n    and {} more", count - told);
    }
    text
}

pub(super) fn text(blocked_by: &[Lent]) -> String {
    let mut text = BEGINNING.to_owned();
    for ((kind, nbytes, at, owner), exports) in blocked_by.iter().take(MOST) {
        let owner = owner
            .as_ref()
            .map_or_else(String::new, |owner| format!(" of {owner}"));
        let _ = write!(text, "\n  {kind}{owner}, {nbytes} bytes, at {at}");
        for (_, request, nbytes, thread, age, _, frames, chains, why) in exports.iter().take(MOST) {
            let age = age.map_or_else(
                || "since before the start".to_owned(),
                |age| format!("for {age:.3} s"),
            );
            let _ = write!(
                text,
                "\n    {request}, {nbytes} bytes, out {age}, thread {thread}"
            );
            match frames.first() {
                Some((file, line, function)) => {
                    let _ = write!(text, "\n      acquired at {file}:{line} in {function}");
                }
                None => text.push_str("\n      acquired at a line that is not known"),
            }
            for chain in chains {
                let _ = write!(text, "\n      held by {}", chain.join(" <- "));
            }
            if let (true, Some(why)) = (chains.is_empty(), why) {
                let _ = write!(text, "\n      no holder found: {why}");
            }
        }
        if exports.len() > MOST {
            let _ = write!(text, "\n    and {} more", exports.len() - MOST);
        }
    }
    text
}

//! `cargo xtask tidy`: rules about files that no compiler knows.

use std::fs;
use std::path::Path;

use super::{Verb, unknown};
use crate::files;
use crate::trouble::{At, Trouble};
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "tidy",
    usage: "tidy",
    summary: "check rules about files: no machine's paths, nothing unfinished, no file too long",
    help: "
Reads every text file of the repository and prints `file:line: rule` for each breach:

  - no path of a person's or machine's own (a home directory, a scratch directory)
  - no merge conflict's marker, no todo!, no unimplemented!
  - no source file (.rs, .py, .c) over 500 lines
",
    run,
};

/// The longest that a source file may be.
const LONGEST: usize = 500;

/// What must not stand in a file, and what to say. Written in pieces, so that this file passes.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/ho", "me/"), "a path of one machine"),
    (concat!("/Us", "ers/"), "a path of one machine"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/tmp/", "target"), "a path of one machine"),
    (concat!("<<<<", "<<< "), "a merge conflict's marker"),
    (concat!(">>>>", ">>> "), "a merge conflict's marker"),
    (concat!("to", "do!("), "unfinished"),
    (concat!("unimpl", "emented!("), "unfinished"),
];

fn run(workspace: &Workspace, arguments: &[String]) -> Result<u8, Trouble> {
    if let Some(argument) = arguments.first() {
        return Err(unknown(&VERB, argument));
    }
    let breaches = breaches(workspace)?;
    for breach in &breaches {
        println!("{breach}");
    }
    if breaches.is_empty() {
        eprintln!(
            "tidy: {} files, nothing to say",
            files::all(workspace).len()
        );
    }
    Ok(u8::from(!breaches.is_empty()))
}

/// Every breach as a line `file:line: rule`.
pub(super) fn breaches(workspace: &Workspace) -> Result<Vec<String>, Trouble> {
    let mut breaches = Vec::new();
    for path in files::all(workspace) {
        let bytes = fs::read(&path).at("read", &path)?;
        let name = workspace.show(&path);
        breaches.extend(
            breaches_in(&path, &String::from_utf8_lossy(&bytes))
                .map(|breach| format!("{name}:{breach}")),
        );
    }
    Ok(breaches)
}

fn breaches_in<'t>(path: &Path, text: &'t str) -> impl Iterator<Item = String> + use<'t> {
    let source = path
        .extension()
        .is_some_and(|end| ["rs", "py", "c"].iter().any(|own| end == *own));
    let length = text.lines().count();
    let too_long = (source && length > LONGEST)
        .then(|| format!("{length}: longer than {LONGEST} lines: what are its two subjects?"));
    let forbidden = text.lines().enumerate().flat_map(|(index, line)| {
        let found = FORBIDDEN
            .iter()
            .filter(move |(text, _)| line.contains(text));
        found.map(move |(text, rule)| format!("{}: {rule}: {text}", index + 1))
    });
    forbidden.chain(too_long)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, text: &str) -> Vec<String> {
        breaches_in(Path::new(name), text).collect()
    }

    #[test]
    fn each_breach_is_found_in_its_line() {
        for (text, rule) in FORBIDDEN {
            let breaches = found("a.md", &format!("well\nnot well: {text}x\n"));
            assert!(
                breaches
                    .iter()
                    .any(|breach| breach.starts_with(&format!("2: {rule}"))),
                "{text}: {breaches:?}"
            );
        }
        assert!(found("a.rs", "fn a() {}\n").is_empty());
    }

    #[test]
    fn only_source_files_have_a_longest_length() {
        let long = "x\n".repeat(LONGEST + 1);
        assert_eq!(found("a.py", &long).len(), 1);
        assert!(found("a.py", &long[2..]).is_empty());
        assert!(found("a.md", &long).is_empty());
    }
}

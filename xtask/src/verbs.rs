//! The verbs, one file each, and what a verb is.

mod asan;
mod bench;
mod ci;
mod demo;
mod docs;
mod survey;
mod test;
mod tidy;
mod wheel;

use std::process::Command;

use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// All verbs, in the order in which they are listed.
pub(crate) const VERBS: &[Verb] = &[
    demo::VERB,
    test::VERB,
    bench::VERB,
    asan::VERB,
    docs::VERB,
    survey::VERB,
    wheel::VERB,
    tidy::VERB,
    ci::VERB,
];

/// A thing that `cargo xtask` can do.
pub(crate) struct Verb {
    /// The word that stands after `cargo xtask`.
    pub(crate) name: &'static str,
    /// The word with its arguments.
    pub(crate) usage: &'static str,
    /// What it does, in one line.
    pub(crate) summary: &'static str,
    /// The rest of its help.
    pub(crate) help: &'static str,
    /// Does it; the arguments are those after the verb, the result is the exit code.
    pub(crate) run: fn(&Workspace, &[String]) -> Result<u8, Trouble>,
}

/// The argument of an option, or the error that it is missing.
fn value_of<'a>(
    option: &str,
    arguments: &mut impl Iterator<Item = &'a String>,
) -> Result<&'a String, Trouble> {
    arguments
        .next()
        .ok_or_else(|| Trouble::usage(format!("{option} needs an argument")))
}

/// The error of an argument that a verb does not know.
fn unknown(verb: &Verb, argument: &str) -> Trouble {
    Trouble::usage(format!("{} does not know '{argument}'", verb.name))
        .hint(format!("usage: cargo xtask {}", verb.usage))
}

/// Runs a program with this one's input and outputs, and gives its exit code.
fn run_visibly(command: &mut Command) -> Result<u8, Trouble> {
    let status = command.status().map_err(|error| {
        Trouble::failed(format!(
            "{} did not start: {error}",
            command.get_program().to_string_lossy()
        ))
    })?;
    match status.code() {
        Some(code) => Ok(u8::try_from(code).unwrap_or(1)),
        None => Err(Trouble::failed(format!("the program was ended: {status}"))),
    }
}

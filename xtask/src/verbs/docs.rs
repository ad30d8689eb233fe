//! `cargo xtask docs`: the documentation of the crates, and the sessions in the Markdown files.
//!
//! What a page shows as output is output. A fenced block under the marker is a terminal session: its `$ ` lines are
//! commands, and everything below each is what the command printed when this verb last ran.
//!
//! ````text
//! <!-- generated: cargo xtask docs -->
//! ```console
//! $ onloan inspect 'bytearray(16)'
//! bytearray   16   format B …
//! ```
//! ````

use std::fs;
use std::time::Instant;

use super::{Verb, unknown};
use crate::files;
use crate::report::Report;
use crate::setup;
use crate::step::Steps;
use crate::trouble::{At, Trouble};
use crate::venv::Venv;
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "docs",
    usage: "docs [--check]",
    summary: "build the crates' documentation, and regenerate the output shown in Markdown files",
    help: "
rustdoc runs on onloan-core, onloan-macros and onloan, with all features and every warning an error. Then each
console block of a Markdown file that stands under the line `<!-- generated: cargo xtask docs -->` is written anew:
its `$ ` lines are run by sh at the root of the repository, with the onloan that was just built on PATH, and what
they print on standard output goes below them.

  --check  write nothing; fail if a block is not what its commands print now
",
    run,
};

const MARKER: &str = "<!-- generated: cargo xtask docs -->";

fn run(workspace: &Workspace, arguments: &[String]) -> Result<u8, Trouble> {
    let mut check = false;
    for argument in arguments {
        match argument.as_str() {
            "--check" => check = true,
            _ => return Err(unknown(&VERB, argument)),
        }
    }
    let mut report = Report::default();
    all(
        workspace,
        check,
        &mut Steps::new(workspace, None),
        &mut report,
    )?;
    Ok(report.print())
}

/// Builds and regenerates, or checks, and adds the results to the report.
pub(super) fn all(
    workspace: &Workspace,
    check: bool,
    steps: &mut Steps,
    report: &mut Report,
) -> Result<(), Trouble> {
    let venv = setup::installed(workspace, steps, None)?;
    let mut command = venv.command(workspace, workspace.cargo().get_program());
    command.args([
        "doc",
        "--no-deps",
        "--all-features",
        "-p",
        "onloan-core",
        "-p",
        "onloan-macros",
        "-p",
        "onloan",
    ]);
    command
        .env("RUSTDOCFLAGS", "-D warnings")
        .env("PYO3_PYTHON", &venv.python);
    report.plain("rustdoc", steps.run("rustdoc", &mut command, ""));

    let title = "sessions in Markdown files";
    let start = Instant::now();
    let mut wrong = false;
    for path in files::with_extension(workspace, "md") {
        let old = fs::read_to_string(&path).at("read", &path)?;
        let name = workspace.show(&path);
        match regenerated(&old, |command| output_of(workspace, &venv, command)) {
            Err(trouble) => {
                wrong = true;
                report.trouble(&format!("{title}: {name}"), &trouble, 0.0);
            }
            Ok(new) if new == old => {}
            Ok(new) if check => {
                wrong = true;
                let line = 1 + old
                    .lines()
                    .zip(new.lines())
                    .take_while(|(old, new)| old == new)
                    .count();
                let trouble =
                    Trouble::failed(format!("{name}:{line}: not what its command prints now"))
                        .hint("cargo xtask docs");
                report.trouble(&format!("{title}: {name}"), &trouble, 0.0);
            }
            Ok(new) => {
                fs::write(&path, new).at("write", &path)?;
                eprintln!("{name} is written anew");
            }
        }
    }
    if !wrong {
        report.passed(title, start.elapsed().as_secs_f64());
    }
    Ok(())
}

/// What a shell command prints. Exit code 1 means that something was found; above that the command is wrong.
fn output_of(workspace: &Workspace, venv: &Venv, command: &str) -> Result<String, Trouble> {
    let mut shell = venv.command(workspace, "sh");
    let ran = shell.args(["-c", command]).env("NO_COLOR", "1").output();
    let ran = ran.map_err(|error| Trouble::failed(format!("sh does not run: {error}")))?;
    if ran.status.code().is_none_or(|code| code > 1) {
        let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
        return Err(Trouble::failed(format!(
            "`{command}`: {}\n{}",
            ran.status,
            errors.trim_end()
        )));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}

/// The page with every marked block written anew by `run`.
fn regenerated(
    page: &str,
    mut run: impl FnMut(&str) -> Result<String, Trouble>,
) -> Result<String, Trouble> {
    let mut new = String::new();
    let mut lines = page.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        new += line;
        if line.trim_end() != MARKER {
            continue;
        }
        let Some(fence) = lines.next_if(|line| line.trim_end() == "```console") else {
            return Err(Trouble::failed(
                "the line after the marker is not ```console",
            ));
        };
        new += fence;
        loop {
            let Some(line) = lines.next() else {
                return Err(Trouble::failed("a generated block has no end"));
            };
            if line.trim_end() == "```" {
                new += line;
                break;
            }
            if let Some(command) = line.strip_prefix("$ ") {
                new += line;
                let output = run(command.trim_end())?;
                new += output.trim_end();
                new += if output.trim_end().is_empty() {
                    ""
                } else {
                    "\n"
                };
            }
        }
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(block: &str) -> String {
        format!(
            "# Title\n\n{MARKER}\n```console\n{block}```\n\nText.\n```console\n$ untouched\nold\n```\n"
        )
    }

    fn loud(command: &str) -> Result<String, Trouble> {
        Ok(format!("{}\n\n", command.to_uppercase()))
    }

    #[test]
    fn each_command_of_a_marked_block_gets_its_output_and_the_rest_stays() {
        let new = regenerated(&page("$ one\nold output\nmore\n$ two\n"), loud).unwrap();
        assert_eq!(new, page("$ one\nONE\n$ two\nTWO\n"));
    }

    #[test]
    fn regenerating_twice_changes_nothing() {
        let once = regenerated(&page("$ one\n"), loud).unwrap();
        assert_eq!(regenerated(&once, loud).unwrap(), once);
    }

    #[test]
    fn a_marker_without_a_whole_block_is_an_error() {
        for page in [
            format!("{MARKER}\ntext\n"),
            format!("{MARKER}\n```console\n$ one\n"),
        ] {
            assert!(regenerated(&page, loud).is_err(), "{page}");
        }
    }

    #[test]
    fn a_command_that_cannot_be_carried_out_is_an_error() {
        let error =
            regenerated(&page("$ one\n"), |_| Err(Trouble::failed("exit status: 2"))).unwrap_err();
        assert!(error.to_string().contains("exit status: 2"));
    }
}

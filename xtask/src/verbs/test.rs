//! `cargo xtask test`: everything is built, and every test is run on every Python of the machine.
//!
//! ```text
//! lints → tests of the crates → loom → wheels → pytest on each Python → compile-fail tests
//! ```
//!
//! A step that fails does not stop the ones that can still be run.

mod rust;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::{Verb, unknown, value_of};
use crate::discovery;
use crate::python::{Python, Version};
use crate::report::Report;
use crate::step::{Job, Steps};
use crate::summary::{self, Counts};
use crate::trouble::{At, Trouble};
use crate::venv::Venv;
use crate::wheels::{self, Build, Builder};
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "test",
    usage: "test [--quick] [--python VERSION…] [FILTER]",
    summary: "set everything up and run all tests, on every Python of this machine",
    help: "
rustfmt and clippy, the tests of the crates, the model checks (loom), the wheels of onloan and of the extension
crates under examples and tests, pytest on every CPython from 3.11 on that is found (on PATH, under pyenv, under
uv), and the compile-fail tests. What cannot be run here is skipped and said. Ends with a table and with the line
`N passed, N failed, N skipped`.

  --quick              only rustfmt, the crates' tests, the wheels, and pytest on the newest of the Pythons
  --python VERSION…    only these Pythons: versions such as 3.12 or 3.11.7, or a path; may be repeated
  FILTER               only tests whose name contains this (cargo test FILTER, pytest -k FILTER), and no lints

What the Python tests need is listed in tests/requirements.txt. Captured output is kept in target/xtask-logs.
",
    run,
};

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    quick: bool,
    pythons: Vec<String>,
    filter: Option<String>,
}

fn run(workspace: &Workspace, arguments: &[String]) -> Result<u8, Trouble> {
    let options = Options::parse(arguments)?;
    let mut report = Report::default();
    all(
        workspace,
        &options,
        &mut Steps::new(workspace, None),
        &mut report,
    )?;
    Ok(report.print())
}

/// Runs what `options` ask for and adds it to the report. An error means that nothing could be tried.
pub(super) fn all(
    workspace: &Workspace,
    options: &Options,
    steps: &mut Steps,
    report: &mut Report,
) -> Result<(), Trouble> {
    let pythons = options.choose(workspace, report)?;
    let builder = Venv::first(workspace, steps, &discovery::preferred(workspace, None)?)?;
    if options.filter.is_none() {
        rust::lints(workspace, options, &builder, steps, report);
    }
    rust::crates(workspace, options, steps, report);
    rust::embedding(workspace, options, &builder, steps, report);
    rust::loom(workspace, options, steps, report);
    let wheels = wheels(workspace, &builder, steps, report);
    pytest(workspace, options, &pythons, &wheels, steps, report);
    rust::compile_fail(workspace, options, &builder, steps, report);
    match &options.filter {
        Some(filter) if report.ran() == 0 => Err(Trouble::failed(format!(
            "no test's name contains '{filter}'"
        ))),
        _ => Ok(()),
    }
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Trouble> {
        let mut options = Self::default();
        let mut arguments = arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--python" => {
                    options
                        .pythons
                        .push(value_of(argument, &mut arguments)?.clone());
                    while let Some(version) =
                        arguments.next_if(|next| Version::parse(next).is_some())
                    {
                        options.pythons.push(version.clone());
                    }
                }
                filter if !filter.starts_with('-') && options.filter.is_none() => {
                    options.filter = Some(filter.to_owned());
                }
                other => return Err(unknown(&VERB, other)),
            }
        }
        Ok(options)
    }

    /// The Pythons to test on, the newest first. Says which are used; those that cannot be go into the report.
    fn choose(&self, workspace: &Workspace, report: &mut Report) -> Result<Vec<Python>, Trouble> {
        let mut found = discovery::discover(workspace);
        for path in self
            .pythons
            .iter()
            .filter(|name| Version::parse(name).is_none())
        {
            let python = discovery::named(workspace, path)?;
            found.retain(|other| other.name() != python.name());
            found.push(python);
        }
        let mut used = Vec::new();
        for python in &found {
            if !self.wants(python) {
                eprintln!("{python}: not asked for");
            } else if let Some(why) = python.refusal() {
                report.skipped(&format!("pytest on {}", python.name()), format!("it {why}"));
            } else if self.quick && !used.is_empty() {
                eprintln!("{python}: not used, --quick takes the newest only");
            } else {
                eprintln!("{python}: used");
                used.push(python.clone());
            }
        }
        if used.is_empty() {
            return Err(match self.pythons.as_slice() {
                [] => discovery::none_usable(&found),
                asked => Trouble::usage(format!("no usable Python is {}", asked.join(" or "))),
            });
        }
        Ok(used)
    }

    fn wants(&self, python: &Python) -> bool {
        let names = |asked: &String| match Version::parse(asked) {
            Some(version) => version.names(&python.version),
            None => {
                Path::new(asked)
                    .canonicalize()
                    .is_ok_and(|path| path == python.executable)
                    || *asked == python.executable.to_string_lossy()
            }
        };
        self.pythons.is_empty() || self.pythons.iter().any(names)
    }
}

/// Builds every wheel; those that were built, none where onloan's own was not: an older one may be installed, and testing
/// that would say nothing.
fn wheels(
    workspace: &Workspace,
    venv: &Venv,
    steps: &mut Steps,
    report: &mut Report,
) -> Vec<PathBuf> {
    let mut built = Vec::new();
    let builder = match Builder::new(workspace, steps, venv, Build::Release) {
        Ok(builder) => builder,
        Err(trouble) => {
            report.trouble("install maturin", &trouble, 0.0);
            return built;
        }
    };
    for project in wheels::projects(workspace) {
        let name = if project == workspace.root {
            "onloan".to_owned()
        } else {
            workspace.show(&project)
        };
        let title = format!("wheel of {name}");
        let start = Instant::now();
        match builder.wheel(steps, &project) {
            Ok(wheel) => {
                report.passed(&title, start.elapsed().as_secs_f64());
                built.push(wheel);
            }
            Err(trouble) => {
                report.trouble(&title, &trouble, start.elapsed().as_secs_f64());
                if project == workspace.root {
                    return built;
                }
            }
        }
    }
    built
}

/// pytest for a filter: that it leaves nothing in one of several sessions (exit code 5) is no failure.
const FILTERED: &str =
    "import sys, pytest; code = pytest.main(sys.argv[1:]); sys.exit(0 if code == 5 else code)";

/// Installs the wheels and runs the Python tests, on all interpreters side by side.
fn pytest(
    workspace: &Workspace,
    options: &Options,
    pythons: &[Python],
    wheels: &[PathBuf],
    steps: &mut Steps,
    report: &mut Report,
) {
    let mut jobs = Vec::new();
    for python in pythons {
        let title = format!("pytest on {}", python.name());
        if wheels.is_empty() {
            report.skipped(&title, "there is no wheel of onloan");
            continue;
        }
        let prepared = Venv::ensure(workspace, steps, python)
            .and_then(|venv| prepare(workspace, steps, &venv, wheels).map(|()| venv));
        match prepared {
            Ok(venv) => jobs.push(Job {
                title,
                command: session(workspace, options, &venv),
            }),
            Err(trouble) => report.trouble(&title, &trouble, 0.0),
        }
    }
    side_by_side(jobs, steps, report);
}

/// Runs sessions of pytest and adds them to the report; the sum of their tests.
pub(super) fn side_by_side(jobs: Vec<Job>, steps: &mut Steps, report: &mut Report) -> Counts {
    let titles: Vec<_> = jobs.iter().map(|job| job.title.clone()).collect();
    let results = titles.iter().zip(steps.run_beside(jobs));
    results
        .map(|(title, result)| report.tests(title, result, summary::pytest))
        .sum()
}

/// One session of pytest.
fn session(workspace: &Workspace, options: &Options, venv: &Venv) -> Command {
    let mut command = venv.command(workspace, &venv.python);
    match &options.filter {
        None => command.args(["-m", "pytest"]),
        Some(filter) => command.args(["-c", FILTERED, "-k", filter]),
    };
    command
        .arg("-q")
        .args(PYTEST)
        .args(test_directories(workspace));
    command
}

/// Installs the wheels and what the tests need.
pub(super) fn prepare(
    workspace: &Workspace,
    steps: &mut Steps,
    venv: &Venv,
    wheels: &[PathBuf],
) -> Result<(), Trouble> {
    let list = workspace.root.join("tests/requirements.txt");
    let text = std::fs::read_to_string(&list).at("read", &list)?;
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    venv.install(
        workspace,
        steps,
        "pytest and its company",
        &lines.map(str::to_owned).collect::<Vec<_>>(),
    )?;
    venv.install_wheels(workspace, steps, wheels)
}

/// Options of every session. A test that hangs shows where after five minutes; sessions run side by side, so that none may write into the
/// other's cache.
pub(super) const PYTEST: [&str; 5] = [
    "--color=no",
    "-o",
    "faulthandler_timeout=300",
    "-p",
    "no:cacheprovider",
];

/// Where the Python tests are.
pub(super) fn test_directories(workspace: &Workspace) -> impl Iterator<Item = &'static str> {
    ["tests", "examples"]
        .into_iter()
        .filter(|directory| workspace.root.join(directory).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, Trouble> {
        Options::parse(
            &arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn versions_may_follow_each_other_and_a_filter_may_follow_them() {
        let options = parsed(&[
            "--python",
            "3.12",
            "3.11.7",
            "resize",
            "--quick",
            "--python",
            "/opt/python",
        ])
        .unwrap();
        assert_eq!(options.pythons, ["3.12", "3.11.7", "/opt/python"]);
        assert_eq!(options.filter.as_deref(), Some("resize"));
        assert!(options.quick);
    }

    #[test]
    fn a_second_filter_an_unknown_option_and_a_missing_version_are_wrong_use() {
        for arguments in [&["one", "two"][..], &["--fast"], &["--python"]] {
            assert_eq!(parsed(arguments).unwrap_err().code, 2, "{arguments:?}");
        }
    }
}

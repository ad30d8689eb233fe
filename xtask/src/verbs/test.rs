//! `cargo xtask test`: everything is built, and every test is run on every Python of the machine.
//!
//! ```text
//! lints → tests of the crates without Python → loom → wheels → pytest on each Python → compile-fail tests
//! ```
//!
//! A step that fails does not stop the ones that can still be run.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Verb, unknown, value_of};
use crate::python::{self, Python, Version};
use crate::report::Report;
use crate::step::Steps;
use crate::summary;
use crate::trouble::{At, Trouble};
use crate::venv::Venv;
use crate::wheels::{self, Build, Builder};
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "test",
    usage: "test [--quick] [--python VERSION…] [FILTER]",
    summary: "set everything up and run all tests, on every Python of this machine",
    help: "
rustfmt and clippy, the tests of the crates without Python, the model checks (loom), the wheels of onloan and of
the extension crates under examples and tests, pytest on every CPython from 3.11 on that is found (on PATH, under
pyenv, under uv), and the compile-fail tests. Ends with a table and with the line `N passed, N failed, N skipped`.

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
    let pythons = options.choose(workspace)?;
    let builder = Venv::first(workspace, steps, &python::preferred(workspace, None)?)?;
    if options.filter.is_none() {
        lints(workspace, options, &builder, steps, report);
    }
    crates(workspace, options, steps, report);
    loom(workspace, options, steps, report);
    let wheels = wheels(workspace, &builder, steps, report)?;
    for python in &pythons {
        if let Err(trouble) = pytest(workspace, options, python, &wheels, steps, report) {
            report.trouble(&format!("pytest on {}", python.name()), &trouble, 0.0);
        }
    }
    compile_fail(workspace, options, &builder, steps, report);
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

    /// The Pythons to test on, the newest first; says which are used and why others are not.
    fn choose(&self, workspace: &Workspace) -> Result<Vec<Python>, Trouble> {
        let mut found = python::discover(workspace);
        for path in self
            .pythons
            .iter()
            .filter(|name| Version::parse(name).is_none())
        {
            let python = python::named(workspace, path)?;
            found.retain(|other| other.name() != python.name());
            found.push(python);
        }
        let mut used = Vec::new();
        for python in &found {
            let note = match python.refusal() {
                Some(why) => format!("skipped: {why}"),
                None if !self.wants(python) => "not asked for".to_owned(),
                None if self.quick && !used.is_empty() => {
                    "skipped: --quick takes the newest only".to_owned()
                }
                None => {
                    used.push(python.clone());
                    "used".to_owned()
                }
            };
            eprintln!("{python}: {note}");
        }
        if used.is_empty() {
            return Err(match self.pythons.as_slice() {
                [] => python::none_usable(&found),
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

/// rustfmt and clippy, where their components are installed.
fn lints(
    workspace: &Workspace,
    options: &Options,
    venv: &Venv,
    steps: &mut Steps,
    report: &mut Report,
) {
    let has = |component: &str| {
        workspace
            .cargo()
            .args([component, "--version"])
            .output()
            .is_ok_and(|ran| ran.status.success())
    };
    if has("fmt") {
        let mut command = workspace.cargo();
        report.plain(
            "rustfmt",
            steps.run(
                "rustfmt",
                command.args(["fmt", "--all", "--check", "--", "--color=never"]),
                "`cargo fmt --all` writes it as asked",
            ),
        );
    } else {
        report.skipped("rustfmt", "not installed (rustup component add rustfmt)");
    }
    if options.quick {
        return report.skipped("clippy", "--quick");
    }
    if !has("clippy") {
        return report.skipped("clippy", "not installed (rustup component add clippy)");
    }
    let packages: [(&str, &[&str]); 2] = [
        ("clippy", &["--workspace"]),
        (
            "clippy, all features",
            &["-p", "onloan-core", "-p", "onloan", "--all-features"],
        ),
    ];
    for (title, selection) in packages {
        let mut command = venv.command(workspace, workspace.cargo().get_program());
        command
            .env("PYO3_PYTHON", &venv.python)
            .arg("clippy")
            .args(selection)
            .args(["--all-targets", "--", "-D", "warnings"]);
        report.plain(title, steps.run(title, &mut command, ""));
    }
}

/// The tests of the crates that need no Python.
fn crates(workspace: &Workspace, options: &Options, steps: &mut Steps, report: &mut Report) {
    let runs: [(&str, &[&str]); 4] = [
        ("tests of onloan-core", &["-p", "onloan-core"]),
        (
            "tests of onloan-core, all features",
            &["-p", "onloan-core", "--all-features"],
        ),
        ("tests of onloan-macros", &["-p", "onloan-macros"]),
        ("tests of xtask", &["-p", "xtask"]),
    ];
    for (title, selection) in runs {
        let mut command = workspace.cargo();
        command
            .args(["test", "--no-fail-fast"])
            .args(selection)
            .args(&options.filter);
        report.tests(title, steps.run(title, &mut command, ""), summary::cargo);
    }
}

/// The model checks: every interleaving of the export state's transitions.
fn loom(workspace: &Workspace, options: &Options, steps: &mut Steps, report: &mut Report) {
    let title = "loom";
    if options.quick {
        return report.skipped(title, "--quick");
    }
    // Its own directory: the flag changes every crate's fingerprint.
    let mut command = workspace.apart("loom").cargo();
    let flags = env::var("RUSTFLAGS").unwrap_or_default();
    command.env("RUSTFLAGS", format!("{flags} --cfg loom").trim());
    command
        .args(["test", "--release", "-p", "onloan-core", "--test", "loom"])
        .args(&options.filter);
    report.tests(
        title,
        steps.run(
            title,
            &mut command,
            "LOOM_LOG=1 LOOM_LOCATION=1 make loom tell the interleaving",
        ),
        summary::cargo,
    );
}

/// Builds every wheel; those that were built.
fn wheels(
    workspace: &Workspace,
    venv: &Venv,
    steps: &mut Steps,
    report: &mut Report,
) -> Result<Vec<PathBuf>, Trouble> {
    let builder = Builder::new(workspace, steps, venv, Build::Release)?;
    let mut built = Vec::new();
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
            Err(trouble) => report.trouble(&title, &trouble, start.elapsed().as_secs_f64()),
        }
    }
    Ok(built)
}

/// pytest for a filter: that it leaves nothing in one of several sessions (exit code 5) is no failure.
const FILTERED: &str =
    "import sys, pytest; code = pytest.main(sys.argv[1:]); sys.exit(0 if code == 5 else code)";

/// Installs the wheels and runs the Python tests on one interpreter.
fn pytest(
    workspace: &Workspace,
    options: &Options,
    python: &Python,
    wheels: &[PathBuf],
    steps: &mut Steps,
    report: &mut Report,
) -> Result<(), Trouble> {
    let title = format!("pytest on {}", python.name());
    if wheels.is_empty() {
        report.skipped(&title, "there is no wheel");
        return Ok(());
    }
    let venv = Venv::ensure(workspace, steps, python)?;
    prepare(workspace, steps, &venv, wheels)?;
    let mut command = venv.command(workspace, &venv.python);
    match &options.filter {
        None => command.args(["-m", "pytest"]),
        Some(filter) => command.args(["-c", FILTERED, "-k", filter]),
    };
    command.arg("-q").args(pytest_arguments(workspace));
    report.tests(&title, steps.run(&title, &mut command, ""), summary::pytest);
    Ok(())
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

/// The whole Python test suite. A test that hangs shows where after five minutes.
pub(super) fn pytest_arguments(workspace: &Workspace) -> Vec<&'static str> {
    let mut arguments = vec!["-q", "--color=no", "-o", "faulthandler_timeout=300"];
    arguments.extend(
        ["tests", "examples"]
            .iter()
            .filter(|directory| workspace.root.join(directory).is_dir()),
    );
    arguments
}

/// The tests that show what wrong use of the macros is told, where they are a crate of their own.
fn compile_fail(
    workspace: &Workspace,
    options: &Options,
    venv: &Venv,
    steps: &mut Steps,
    report: &mut Report,
) {
    let title = "compile-fail tests";
    if options.quick {
        return report.skipped(title, "--quick");
    }
    let manifest = workspace.root.join("tests/compile-fail/Cargo.toml");
    if !manifest.is_file() {
        return report.skipped(title, "there is no tests/compile-fail");
    }
    let mut command = venv.command(workspace, workspace.cargo().get_program());
    command
        .env("PYO3_PYTHON", &venv.python)
        .args(["test", "--manifest-path"])
        .arg(manifest)
        .args(&options.filter);
    let hint = "if the new messages are better ones: TRYBUILD=overwrite, and read the difference";
    report.tests(title, steps.run(title, &mut command, hint), summary::cargo);
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

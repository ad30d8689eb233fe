//! The part of `cargo xtask test` that cargo does: lints, and the tests of the crates.

use std::env;

use super::Options;
use crate::report::Report;
use crate::step::Steps;
use crate::summary;
use crate::venv::Venv;
use crate::workspace::Workspace;

/// rustfmt and clippy, where their components are installed.
pub(super) fn lints(
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
pub(super) fn crates(
    workspace: &Workspace,
    options: &Options,
    steps: &mut Steps,
    report: &mut Report,
) {
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

/// The tests of the crate that extension authors use, and of the extension module. They run in a program with Python inside,
/// not in a module inside Python, and so need a libpython.
pub(super) fn embedding(
    workspace: &Workspace,
    options: &Options,
    venv: &Venv,
    steps: &mut Steps,
    report: &mut Report,
) {
    let runs: [(&str, &[&str]); 2] = [
        ("tests of onloan", &["-p", "onloan", "--all-features"]),
        ("tests of onloan-python", &["-p", "onloan-python"]),
    ];
    for (title, selection) in runs {
        let Some(library) = &venv.base.library else {
            report.skipped(
                title,
                format!("{} has no libpython to link with", venv.base),
            );
            continue;
        };
        let mut command = venv.command(workspace, workspace.cargo().get_program());
        let path = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        if let Ok(path) =
            env::join_paths(std::iter::once(library.clone()).chain(env::split_paths(&path)))
        {
            command.env("LD_LIBRARY_PATH", path);
        }
        command.env("PYO3_PYTHON", &venv.python);
        command
            .args(["test", "--no-fail-fast"])
            .args(selection)
            .args(&options.filter);
        report.tests(title, steps.run(title, &mut command, ""), summary::cargo);
    }
}

/// The model checks: every interleaving of the export state's transitions.
pub(super) fn loom(
    workspace: &Workspace,
    options: &Options,
    steps: &mut Steps,
    report: &mut Report,
) {
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

/// The tests that show what wrong use of the macros is told, where they are a crate of their own.
pub(super) fn compile_fail(
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

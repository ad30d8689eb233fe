//! `cargo xtask asan`: the whole Python test suite with the extension modules under AddressSanitizer.
//!
//! The modules are compiled with rustc's sanitizer instrumentation, and gcc's runtime is loaded before Python: both speak
//! one interface. Python allocates by `malloc`, so that every object of it is watched. The sanitizer writes each finding
//! to a file instead of to the standard error that pytest captures, and leaves signals to Python: the tests provoke
//! crashes in child processes and look at how those died.

use std::fs;
use std::path::{Path, PathBuf};

use super::Verb;
use super::test::{PYTEST, prepare, side_by_side, test_directories};
use crate::discovery;
use crate::report::Report;
use crate::step::{Job, Steps};
use crate::trouble::{At, Trouble};
use crate::venv::Venv;
use crate::wheels::{self, Build, Builder};
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "asan",
    usage: "asan [PYTEST ARGUMENT…]",
    summary: "run the Python tests with AddressSanitizer in the extension modules",
    help: "
Builds onloan and the extension crates of the examples and tests with AddressSanitizer and debug assertions, into
target/asan, installs them in a virtual environment there, and runs pytest. Needs gcc's libasan (Debian: gcc brings
it), and Linux. Leaks are not looked for: Python keeps memory until it ends. Arguments go to pytest, for example
`-k resize`; everything else is as in `test`. The Python is the variable PYTHON, else the newest usable one.
",
    run,
};

const TITLE: &str = "pytest under AddressSanitizer";

/// The tests that take as long as all others, which they run beside: they search the heap, which is slow under the sanitizer.
const APART: &str = "tests/trace";

/// How much freed memory is kept from use, in MiB. Some tests measure that big blocks go back to the system: these do, and
/// a use of them is then a crash instead of a report.
const QUARANTINE: u32 = 4;

fn run(workspace: &Workspace, arguments: &[String]) -> Result<u8, Trouble> {
    let arguments = arguments
        .strip_prefix(&["--".to_owned()])
        .unwrap_or(arguments);
    let library = library(workspace)?;
    let mut report = Report::default();
    all(
        workspace,
        &library,
        arguments,
        &mut Steps::new(workspace, None),
        &mut report,
    )?;
    Ok(report.print())
}

/// gcc's runtime library of the sanitizer, or why it cannot be had.
pub(super) fn library(workspace: &Workspace) -> Result<PathBuf, Trouble> {
    let missing = |why: &str| {
        Err(
            Trouble::usage(format!("gcc's libasan is not to be had: {why}"))
                .hint("install gcc (Debian: apt install gcc)"),
        )
    };
    if !cfg!(target_os = "linux") {
        return Err(Trouble::usage(
            "asan works on Linux only: elsewhere the runtime cannot be put before Python",
        ));
    }
    let Ok(answer) = workspace
        .command("gcc")
        .arg("-print-file-name=libasan.so")
        .output()
    else {
        return missing("gcc does not run");
    };
    let path = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
    // gcc repeats the bare name of what it does not find.
    if path.is_absolute() && path.exists() {
        Ok(path)
    } else {
        missing("gcc does not know where it is")
    }
}

/// Builds, tests and adds the result to the report.
pub(super) fn all(
    workspace: &Workspace,
    library: &Path,
    arguments: &[String],
    steps: &mut Steps,
    report: &mut Report,
) -> Result<(), Trouble> {
    let workspace = &workspace.apart("asan");
    let venv = Venv::first(workspace, steps, &discovery::preferred(workspace, None)?)?;
    let builder = Builder::new(
        workspace,
        steps,
        &venv,
        Build::AddressSanitizer(host(workspace)?),
    )?;
    let mut built = Vec::new();
    for project in wheels::projects(workspace) {
        built.push(builder.wheel(steps, &project)?);
    }
    prepare(workspace, steps, &venv, &built)?;

    let reports = workspace.target.join("reports");
    if reports.exists() {
        fs::remove_dir_all(&reports).at("remove", &reports)?;
    }
    fs::create_dir_all(&reports).at("make", &reports)?;
    let options = format!(
        "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:\
         allocator_may_return_null=1:quarantine_size_mb={QUARANTINE}:log_path={}",
        reports.join("finding").display()
    );
    let session = |title: String, more: &[String]| {
        let mut command = venv.command(workspace, &venv.python);
        command
            .env("LD_PRELOAD", library)
            .env("ASAN_OPTIONS", &options)
            .env("PYTHONMALLOC", "malloc");
        command
            // The line that stays unfinished names the test that was running. Not -v, for doctest looks for that in sys.argv, too.
            .args(["-m", "pytest", "--verbose"])
            .args(PYTEST)
            .args(more);
        Job { title, command }
    };
    let directories: Vec<String> = test_directories(workspace).map(str::to_owned).collect();
    let jobs = if arguments.is_empty() && workspace.root.join(APART).is_dir() {
        let others = [directories, vec![format!("--ignore={APART}")]].concat();
        vec![
            session(format!("{TITLE}: {APART}"), &[APART.to_owned()]),
            session(format!("{TITLE}: all others"), &others),
        ]
    } else {
        vec![session(
            TITLE.to_owned(),
            &[&directories, arguments].concat(),
        )]
    };
    let counts = side_by_side(jobs, steps, report);

    let findings = findings(&reports)?;
    for (name, text) in &findings {
        // What follows the summary is the shadow memory: a matter for the kept file.
        let shown = text.split("\nShadow bytes").next().unwrap_or_default();
        eprintln!("--- {name}\n{}\n", shown.trim());
    }
    if findings.is_empty() {
        eprintln!(
            "AddressSanitizer: {} tests, no finding",
            counts.passed + counts.failed
        );
    } else {
        let trouble = Trouble::failed(format!(
            "AddressSanitizer: {} with a finding, kept in {}",
            if findings.len() == 1 {
                "one process".to_owned()
            } else {
                format!("{} processes", findings.len())
            },
            reports.display()
        ));
        report.trouble("findings of AddressSanitizer", &trouble, 0.0);
    }
    Ok(())
}

/// The reports that the sanitizer wrote, one for each process that was stopped by it.
fn findings(reports: &Path) -> Result<Vec<(String, String)>, Trouble> {
    let mut findings = Vec::new();
    for entry in fs::read_dir(reports).at("read", reports)?.flatten() {
        let bytes = fs::read(entry.path()).at("read", &entry.path())?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if is_finding(&text) {
            findings.push((entry.file_name().to_string_lossy().into_owned(), text));
        }
    }
    findings.sort();
    Ok(findings)
}

/// A file may also hold a mere warning, such as that a request for memory was too big and was refused.
fn is_finding(text: &str) -> bool {
    text.contains("ERROR: AddressSanitizer")
}

/// The target that rustc compiles for by itself. Naming it keeps the flags away from build scripts and macros.
fn host(workspace: &Workspace) -> Result<String, Trouble> {
    let answer = workspace.command("rustc").arg("-vV").output();
    let answer = answer.map_err(|error| Trouble::usage(format!("rustc does not run: {error}")))?;
    host_of(&String::from_utf8_lossy(&answer.stdout))
        .ok_or_else(|| Trouble::failed("`rustc -vV` names no host"))
}

fn host_of(version: &str) -> Option<String> {
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_allocation_is_no_finding() {
        assert!(is_finding(
            "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x60"
        ));
        assert!(!is_finding(
            "==1==WARNING: AddressSanitizer failed to allocate 0x4000000000000001 bytes"
        ));
    }

    #[test]
    fn the_host_is_the_one_that_rustc_names() {
        let version = "rustc 1.95.0 (0 2026-01-01)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\n";
        assert_eq!(
            host_of(version).as_deref(),
            Some("x86_64-unknown-linux-gnu")
        );
        assert_eq!(host_of("rustc 1.95.0\n"), None);
    }
}

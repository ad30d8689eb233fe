//! `cargo xtask ci`: all that must hold before a change lands.

use std::time::Instant;

use super::{Verb, asan, docs, test, tidy, unknown};
use crate::report::Report;
use crate::step::Steps;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "ci",
    usage: "ci",
    summary: "all that must hold before a change lands: tidy, test, docs --check, asan",
    help: "
What .ci/run calls. AddressSanitizer is left out, visibly, where gcc's libasan is missing. Ends with the table and the
line of `test`, over everything.
",
    run,
};

fn run(workspace: &Workspace, arguments: &[String]) -> Result<u8, Trouble> {
    if let Some(argument) = arguments.first() {
        return Err(unknown(&VERB, argument));
    }
    let mut report = Report::default();
    let steps = &mut Steps::new(workspace, None);

    let start = Instant::now();
    let breaches = tidy::breaches(workspace)?;
    if breaches.is_empty() {
        report.passed("tidy", start.elapsed().as_secs_f64());
    } else {
        let trouble = Trouble::failed(format!(
            "{} breaches of tidiness:\n{}",
            breaches.len(),
            breaches.join("\n")
        ));
        report.trouble("tidy", &trouble, start.elapsed().as_secs_f64());
    }

    test::all(workspace, &test::Options::default(), steps, &mut report)?;
    if let Err(trouble) = docs::all(workspace, true, steps, &mut report) {
        report.trouble("docs", &trouble, 0.0);
    }
    match asan::library(workspace) {
        Err(trouble) => report.skipped(
            "pytest under AddressSanitizer",
            trouble.to_string().lines().next().unwrap_or_default(),
        ),
        Ok(library) => {
            if let Err(trouble) = asan::all(workspace, &library, &[], steps, &mut report) {
                report.trouble("AddressSanitizer", &trouble, 0.0);
            }
        }
    }
    Ok(report.print())
}

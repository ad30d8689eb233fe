//! What became of each step, the table at the end, and the line that sums the tests.

use std::fmt::Write;

use crate::step::{Done, Failed};
use crate::summary::{self, Counts};
use crate::trouble::Trouble;

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

#[derive(Clone, Debug)]
struct Row {
    step: String,
    outcome: Outcome,
    counts: Counts,
    seconds: f64,
}

/// As many failed tests are named of each step.
const NAMED: usize = 30;

/// The rows in the order in which the steps ended.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    /// The step and the name of each test that failed.
    failed: Vec<(String, String)>,
}

impl Report {
    /// A step without tests in it.
    pub(crate) fn plain(&mut self, step: &str, result: Result<Done, Box<Failed>>) {
        self.tests(step, result, |_| Some(Counts::default()));
    }

    /// A step whose output `read` finds numbers of tests in; gives these. Where it finds none, no test was run, whatever
    /// the command says of itself.
    pub(crate) fn tests(
        &mut self,
        step: &str,
        result: Result<Done, Box<Failed>>,
        read: fn(&str) -> Option<Counts>,
    ) -> Counts {
        let (outcome, output, seconds) = match result {
            Ok(done) => (Outcome::Passed, done.output, done.seconds),
            Err(failed) => {
                eprint!("{failed}");
                let names = summary::failed(&failed.output).into_iter().take(NAMED);
                let names = names.map(|name| (step.to_owned(), name.to_owned()));
                self.failed.extend(names);
                (Outcome::Failed, failed.output, failed.seconds)
            }
        };
        let counts = read(&output);
        match (&outcome, counts) {
            (Outcome::Passed, None) => {
                let trouble = Trouble::failed(format!(
                    "{step}: nothing in its output says how many tests were run"
                ));
                self.trouble(step, &trouble, seconds);
            }
            _ => self.add(step, outcome, counts.unwrap_or_default(), seconds),
        }
        counts.unwrap_or_default()
    }

    /// A step that failed without having come to a command.
    pub(crate) fn trouble(&mut self, step: &str, trouble: &Trouble, seconds: f64) {
        eprint!("{trouble}");
        self.add(step, Outcome::Failed, Counts::default(), seconds);
    }

    /// A step that was well and that ran no command of its own.
    pub(crate) fn passed(&mut self, step: &str, seconds: f64) {
        self.add(step, Outcome::Passed, Counts::default(), seconds);
    }

    /// A step that was left out, and why.
    pub(crate) fn skipped(&mut self, step: &str, why: impl Into<String>) {
        let why = why.into();
        eprintln!("skipped: {step}: {why}");
        self.add(step, Outcome::Skipped(why), Counts::default(), 0.0);
    }

    /// A step that fails is at least one failure, also if no test came to be counted.
    fn add(&mut self, step: &str, outcome: Outcome, mut counts: Counts, seconds: f64) {
        if outcome == Outcome::Failed {
            counts.failed = counts.failed.max(1);
        }
        self.rows.push(Row {
            step: step.to_owned(),
            outcome,
            counts,
            seconds,
        });
    }

    /// How many tests ran, well or not; a step that failed is one.
    pub(crate) fn ran(&self) -> usize {
        let Counts { passed, failed, .. } = self.total();
        passed + failed
    }

    fn total(&self) -> Counts {
        self.rows.iter().map(|row| row.counts).sum()
    }

    /// Prints the table and the sum on standard output, and gives the exit code.
    pub(crate) fn print(&self) -> u8 {
        print!("\n{}\n", self.table());
        for (step, test) in &self.failed {
            println!("failed: {step}: {test}");
        }
        println!("{}", self.sum());
        u8::from(self.rows.iter().any(|row| row.outcome == Outcome::Failed))
    }

    fn table(&self) -> String {
        let width = self
            .rows
            .iter()
            .map(|row| row.step.chars().count())
            .max()
            .unwrap_or(0)
            .max("step".len());
        let mut table = format!(
            "{:width$}  {:<7}  {:>7}  {:>7}\n",
            "step", "result", "tests", "seconds"
        );
        for Row {
            step,
            outcome,
            counts,
            seconds,
        } in &self.rows
        {
            let result = match outcome {
                Outcome::Passed => "ok",
                Outcome::Failed => "FAILED",
                Outcome::Skipped(_) => "skipped",
            };
            let tests = match counts.passed + counts.failed {
                0 => String::new(),
                ran => ran.to_string(),
            };
            let note = match outcome {
                Outcome::Skipped(why) => why.clone(),
                _ if counts.skipped > 0 => format!("{} tests skipped", counts.skipped),
                _ => String::new(),
            };
            let row = format!("{step:width$}  {result:<7}  {tests:>7}  {seconds:>7.1}  {note}");
            let _ = writeln!(table, "{}", row.trim_end());
        }
        table
    }

    fn sum(&self) -> String {
        let Counts {
            passed,
            failed,
            skipped,
        } = self.total();
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: usize, failed: usize, skipped: usize) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn the_last_line_sums_the_tests_and_a_failed_step_is_a_failure() {
        let mut report = Report::default();
        report.add("cargo", Outcome::Passed, counts(10, 0, 1), 1.0);
        report.add("pytest", Outcome::Failed, counts(5, 2, 0), 2.0);
        report.add("clippy", Outcome::Failed, counts(0, 0, 0), 0.5);
        assert_eq!(report.sum(), "15 passed, 3 failed, 1 skipped");
        assert_eq!(report.print(), 1);
    }

    #[test]
    fn a_session_that_does_not_say_what_it_ran_has_failed() {
        let silent = || {
            Ok(Done {
                output: "....  [100%]\n".to_owned(),
                seconds: 1.0,
            })
        };
        let mut report = Report::default();
        report.tests("pytest", silent(), crate::summary::pytest);
        assert_eq!(report.sum(), "0 passed, 1 failed, 0 skipped");
        report.plain("rustfmt", silent());
        assert_eq!(report.sum(), "0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn skipped_steps_are_shown_with_their_reason_and_fail_nothing() {
        let mut report = Report::default();
        report.passed("cargo", 1.25);
        report.skipped("loom", "not asked for");
        let table = report.table();
        assert!(
            table
                .lines()
                .any(|line| line.starts_with("loom") && line.ends_with("not asked for")),
            "{table}"
        );
        assert!(
            table
                .lines()
                .any(|line| line.starts_with("cargo") && line.contains("ok")),
            "{table}"
        );
        assert_eq!(report.print(), 0);
        assert_eq!(report.sum(), "0 passed, 0 failed, 0 skipped");
    }
}

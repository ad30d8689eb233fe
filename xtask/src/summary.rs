//! How many tests ran, read from the lines that the runners end with.
//!
//! ```text
//! test result: ok. 12 passed; 0 failed; 1 ignored; …     cargo, once for each test program: added up
//! 3 failed, 40 passed, 2 skipped in 1.52s                pytest, the last such line
//! ```

use std::iter::Sum;
use std::ops::Add;

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Did what they should.
    pub(crate) passed: usize,
    /// Did not, or could not be run.
    pub(crate) failed: usize,
    /// Were not run, or failed as was expected of them.
    pub(crate) skipped: usize,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}

/// The sum of all `test result:` lines of a `cargo test`; `None` if there is none.
pub(crate) fn cargo(output: &str) -> Option<Counts> {
    let results = output
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ")?.split_once(". "));
    let counts = results.map(|(_, numbers)| counted(numbers.split(';')));
    counts.reduce(Counts::add)
}

/// The last summary line of a pytest session; `None` if there is none.
pub(crate) fn pytest(output: &str) -> Option<Counts> {
    let summary = |line: &str| {
        let line = line.trim_matches(|c| c == '=' || c == ' ');
        let (numbers, time) = line.rsplit_once(" in ")?;
        // `1.52s`, or `75.02s (0:01:15)` from a minute on.
        let seconds = time.split(' ').next()?.strip_suffix('s')?;
        seconds.parse::<f64>().ok()?;
        Some(counted(numbers.split(',')))
    };
    output.lines().rev().find_map(summary)
}

/// The names of the tests that failed, from the summary at the end of pytest, or from the lines of cargo's tests.
pub(crate) fn failed(output: &str) -> Vec<&str> {
    fn name(line: &str) -> Option<&str> {
        if let Some(test) = line.strip_prefix("test ") {
            return test.strip_suffix(" ... FAILED");
        }
        let test = ["FAILED ", "ERROR "]
            .iter()
            .find_map(|word| line.strip_prefix(word))?;
        // Errors of other programs begin like that, too.
        let test = test.split(" - ").next()?;
        test.contains(".py").then_some(test)
    }
    let mut names: Vec<&str> = Vec::new();
    for line in output.lines() {
        if let Some(name) = name(line)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// Adds up pieces such as `12 passed`.
fn counted<'t>(pieces: impl Iterator<Item = &'t str>) -> Counts {
    pieces
        .filter_map(|piece| {
            let (number, word) = piece.trim().split_once(' ')?;
            let number = number.parse().ok()?;
            let none = Counts::default();
            Some(match word {
                "passed" | "xpassed" => Counts {
                    passed: number,
                    ..none
                },
                "failed" | "error" | "errors" => Counts {
                    failed: number,
                    ..none
                },
                "skipped" | "ignored" | "xfailed" => Counts {
                    skipped: number,
                    ..none
                },
                _ => none,
            })
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: usize, failed: usize, skipped: usize) -> Option<Counts> {
        Some(Counts {
            passed,
            failed,
            skipped,
        })
    }

    #[test]
    fn every_test_program_of_a_cargo_run_counts() {
        let output = "\
running 3 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s

   Doc-tests onloan_core
test result: FAILED. 5 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s
";
        assert_eq!(cargo(output), counts(7, 1, 1));
        assert_eq!(cargo("error: could not compile"), None);
    }

    #[test]
    fn pytests_last_line_counts_quiet_or_not() {
        assert_eq!(pytest("....\n4 passed in 0.02s\n"), counts(4, 0, 0));
        let long = "==== 1 failed, 10 passed, 2 skipped, 3 deselected, 1 xfailed, 2 warnings, 1 error in 75.02s (0:01:15) ====\n";
        assert_eq!(pytest(long), counts(10, 2, 3));
        assert_eq!(pytest("no tests ran in 0.01s\n"), counts(0, 0, 0));
        assert_eq!(pytest("....  [100%]\n"), None);
    }

    #[test]
    fn an_inner_session_in_the_output_is_not_taken_for_the_outer_one() {
        let output = "E  ==== 1 failed in 0.01s ====\n9 failed in 0.10s\nFAILED tests/test_x.py::test_a\n1 failed, 7 passed in 3.00s\n";
        assert_eq!(pytest(output), counts(7, 1, 0));
    }

    #[test]
    fn failed_tests_are_named_once() {
        let output = "tests/a.py::test_one FAILED [ 50%]\nFAILED tests/a.py::test_one[x-y] - AssertionError: no - not that\n\
            FAILED tests/a.py::test_one[x-y]\nERROR tests/b.py\nERROR in setup\ntest tests::two ... FAILED\ntest tests::three ... ok\n";
        assert_eq!(
            failed(output),
            ["tests/a.py::test_one[x-y]", "tests/b.py", "tests::two"]
        );
    }

    #[test]
    fn a_sentence_with_in_is_no_summary() {
        assert_eq!(
            pytest("3 passed in 0.10s\n5 passed in vain\n"),
            counts(3, 0, 0)
        );
    }
}

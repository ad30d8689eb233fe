//! Runs a command as a step whose progress is visible.
//!
//! ```text
//! [3/5] install maturin  2.1 s                     a step that ended
//! [4/5] build the wheel  12 s  Compiling pyo3      a running one, on a terminal: rewritten in place
//! ```
//!
//! What the command prints is captured, kept in a log file, and shown only if the command fails, together with the
//! command itself and a hint. Where standard error is not a terminal, a line tells every minute that a long step is
//! still running.

mod beside;

use std::fmt;
use std::fs;
use std::io::{IsTerminal, PipeReader, Read, Write, stderr};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::trouble::Trouble;
use crate::workspace::Workspace;

pub(crate) use beside::Job;

/// How often the running line is rewritten.
const TICK: Duration = Duration::from_millis(100);
/// A step is only announced once it has taken this long.
const SHORT: Duration = Duration::from_secs(1);
/// How often a long step says that it lives where there is no terminal.
const LONG: Duration = Duration::from_secs(60);
/// How many of the last lines of a failed command are shown.
const SHOWN: usize = 150;

/// The steps of one verb.
#[derive(Debug)]
pub(crate) struct Steps {
    number: usize,
    total: Option<usize>,
    logs: PathBuf,
    terminal: bool,
}

/// A step that ended well.
#[derive(Debug)]
pub(crate) struct Done {
    /// All that the command printed, standard output and error in the order of writing.
    pub(crate) output: String,
    /// How long it took.
    pub(crate) seconds: f64,
}

/// A step that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    title: String,
    command: String,
    how: String,
    hint: String,
    log: PathBuf,
    /// As in [`Done`].
    pub(crate) output: String,
    /// As in [`Done`].
    pub(crate) seconds: f64,
}

impl Steps {
    /// Begins to count; `total` where it is known beforehand.
    pub(crate) fn new(workspace: &Workspace, total: Option<usize>) -> Self {
        Self {
            number: 0,
            total,
            logs: workspace.target.join("xtask-logs"),
            terminal: stderr().is_terminal(),
        }
    }

    /// Gives the next step the number of the last, which it is to replace.
    pub(crate) fn again(&mut self) {
        self.number -= 1;
    }

    /// Says that the next step has nothing to do.
    pub(crate) fn unchanged(&mut self, title: &str, why: &str) {
        let label = self.next(title);
        eprintln!("{label}  {why}");
    }

    /// Runs `command` to its end. `hint` is what to try if it fails.
    pub(crate) fn run(
        &mut self,
        title: &str,
        command: &mut Command,
        hint: &str,
    ) -> Result<Done, Box<Failed>> {
        self.run_each(title, std::slice::from_mut(command), hint)
    }

    /// Runs several commands as one step, up to the first that fails.
    pub(crate) fn run_each(
        &mut self,
        title: &str,
        commands: &mut [Command],
        hint: &str,
    ) -> Result<Done, Box<Failed>> {
        let label = self.next(title);
        let start = Instant::now();
        let mut output = String::new();
        for command in commands {
            let captured = Captured::default();
            let status = start_captured(command, &captured)
                .and_then(|mut child| self.watch(&label, start, &mut child, &captured));
            output += &captured.text();
            let Some(how) = how_it_failed(&status) else {
                continue;
            };
            let failed = Failed {
                title: title.to_owned(),
                command: written(command),
                how,
                hint: hint.to_owned(),
                log: PathBuf::new(),
                output,
                seconds: start.elapsed().as_secs_f64(),
            };
            return Err(self.fail(&label, failed));
        }
        Ok(self.succeed(title, &label, output, start.elapsed().as_secs_f64()))
    }

    /// Says that a step is over, and keeps what it printed.
    fn succeed(&self, title: &str, label: &str, output: String, seconds: f64) -> Done {
        self.finish(&format!("{label}  {}", spoken(seconds)));
        self.keep(title, &output);
        Done { output, seconds }
    }

    /// As `succeed`, of a step that failed; where its output is kept is filled in.
    fn fail(&self, label: &str, mut failed: Failed) -> Box<Failed> {
        self.finish(&format!("{label}  FAILED after {}", spoken(failed.seconds)));
        failed.log = self.keep(&failed.title, &failed.output);
        Box::new(failed)
    }

    fn next(&mut self, title: &str) -> String {
        self.number += 1;
        match self.total {
            Some(total) => format!("[{}/{total}] {title}", self.number),
            None => format!("[{}] {title}", self.number),
        }
    }

    fn watch(
        &self,
        label: &str,
        start: Instant,
        child: &mut Child,
        captured: &Captured,
    ) -> std::io::Result<ExitStatus> {
        // A second command of a step that was announced already is not announced again.
        let mut said = Some(start.elapsed())
            .filter(|elapsed| *elapsed >= SHORT)
            .unwrap_or_default();
        loop {
            if let Some(status) = child.try_wait()? {
                captured.wait_for_the_rest();
                return Ok(status);
            }
            thread::sleep(TICK);
            let elapsed = start.elapsed();
            if self.terminal {
                self.rewrite(&format!(
                    "{label}  {} s  {}",
                    elapsed.as_secs(),
                    captured.last_line()
                ));
            } else if (said.is_zero() && elapsed >= SHORT) || elapsed >= said + LONG {
                let line = format!(
                    "{label}  … {} s  {}",
                    elapsed.as_secs(),
                    captured.last_line()
                );
                eprintln!(
                    "{}",
                    if said.is_zero() {
                        format!("{label} …")
                    } else {
                        line
                    }
                );
                said = elapsed;
            }
        }
    }

    /// Shows `line` in place of the running one, cut to one row of an ordinary terminal.
    fn rewrite(&self, line: &str) {
        let line: String = line.chars().filter(|c| !c.is_control()).take(79).collect();
        // A terminal that is gone is no reason to stop the work.
        let _ = write!(stderr(), "\r\x1b[K{line}");
    }

    fn finish(&self, line: &str) {
        if self.terminal {
            let _ = write!(stderr(), "\r\x1b[K");
        }
        eprintln!("{line}");
    }

    /// Keeps the output in a file named after the step; the log is a convenience and may fail to be written.
    fn keep(&self, title: &str, output: &str) -> PathBuf {
        let name: String = title
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let path = self.logs.join(format!("{name}.log"));
        let _ = fs::create_dir_all(&self.logs).and_then(|()| fs::write(&path, output));
        path
    }
}

/// In words, unless the command ended well.
fn how_it_failed(status: &std::io::Result<ExitStatus>) -> Option<String> {
    match status {
        Ok(status) if status.success() => None,
        Ok(status) => Some(status.to_string()),
        Err(error) => Some(format!("it did not start: {error}")),
    }
}

/// Starts the command with both outputs on one pipe, so that their order is kept, and a thread that reads it.
fn start_captured(command: &mut Command, captured: &Captured) -> std::io::Result<Child> {
    let (reader, writer) = std::io::pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .env("CARGO_TERM_COLOR", "never");
    let child = command.spawn();
    // The command keeps its ends of the pipe open: without them the reader sees the end when the child is gone.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let child = child?;
    captured.read_from(reader);
    Ok(child)
}

/// What a command has printed so far, and whether more may come.
#[derive(Clone, Default)]
struct Captured {
    state: Arc<Mutex<(Vec<u8>, bool)>>,
}

impl Captured {
    fn with<T>(&self, what: impl FnOnce(&mut (Vec<u8>, bool)) -> T) -> T {
        what(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read_from(&self, mut reader: PipeReader) {
        let captured = self.clone();
        thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                captured.with(|(bytes, _)| bytes.extend_from_slice(&chunk[..count]));
            }
            captured.with(|(_, ended)| *ended = true);
        });
    }

    /// Waits for the end of the pipe, but not for a grandchild that was left running with the pipe open.
    fn wait_for_the_rest(&self) {
        let limit = Instant::now() + Duration::from_secs(5);
        while !self.with(|(_, ended)| *ended) && Instant::now() < limit {
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn text(&self) -> String {
        self.with(|(bytes, _)| String::from_utf8_lossy(bytes).into_owned())
    }

    fn last_line(&self) -> String {
        self.with(|(bytes, _)| {
            let tail = &bytes[bytes.len().saturating_sub(400)..];
            let tail = String::from_utf8_lossy(tail).into_owned();
            tail.lines()
                .rfind(|line| !line.trim().is_empty())
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
    }
}

/// Seconds for a person: one decimal while it matters.
fn spoken(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

/// The command as it would be typed, with the variables that were set for it.
fn written(command: &Command) -> String {
    let own = [
        "CARGO_TARGET_DIR",
        "CARGO_TERM_COLOR",
        "PATH",
        "LD_LIBRARY_PATH",
    ];
    let set = command
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)));
    let set = set
        .filter(|(name, _)| !own.contains(name))
        .map(|(name, value)| format!("{name}={}", quoted(value)));
    let program = std::iter::once(command.get_program()).chain(command.get_args());
    let words = program.map(|word| quoted(&word.to_string_lossy()));
    set.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "\n--- {}: {}", self.title, self.how)?;
        writeln!(to, "$ {}", self.command)?;
        let lines: Vec<&str> = self.output.lines().collect();
        let skipped = lines.len().saturating_sub(SHOWN);
        if skipped > 0 {
            writeln!(
                to,
                "({skipped} lines before these are in {})",
                self.log.display()
            )?;
        }
        for line in &lines[skipped..] {
            writeln!(to, "{line}")?;
        }
        if !self.hint.is_empty() {
            writeln!(to, "hint: {}", self.hint)?;
        }
        writeln!(to, "---\n")
    }
}

impl From<Box<Failed>> for Trouble {
    /// Shows the failure and names the step.
    fn from(failed: Box<Failed>) -> Self {
        eprint!("{failed}");
        Self::failed(format!("the step '{}' failed", failed.title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn steps(name: &str) -> Steps {
        let target = std::env::temp_dir().join(format!("xtask-step-{name}-{}", std::process::id()));
        let workspace = Workspace {
            root: std::env::temp_dir(),
            target,
        };
        Steps {
            terminal: false,
            ..Steps::new(&workspace, None)
        }
    }

    #[cfg(unix)]
    #[test]
    fn both_outputs_are_captured_in_the_order_of_writing() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; echo three"]);
        let done = steps("order").run("print", &mut command, "").unwrap();
        assert_eq!(done.output, "one\ntwo\nthree\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_failed_step_shows_its_command_its_output_and_its_hint() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo 'no such luck'; exit 3"])
            .env("LEVEL", "a b");
        let failed = steps("failure")
            .run("try it", &mut command, "try again")
            .unwrap_err();
        let shown = failed.to_string();
        assert!(shown.contains("try it: exit status: 3\n"), "{shown}");
        assert!(
            shown.contains("$ LEVEL='a b' sh -c 'echo '\\''no such luck'\\''; exit 3'\n"),
            "{shown}"
        );
        assert!(
            shown.contains("\nno such luck\nhint: try again\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_command_that_does_not_exist_is_a_failed_step() {
        let mut command = Command::new("there-is-no-such-program-here");
        let failed = steps("missing")
            .run("start", &mut command, "install it")
            .unwrap_err();
        assert!(failed.to_string().contains("it did not start"));
    }

    #[test]
    fn words_that_a_shell_would_split_are_quoted() {
        assert_eq!(quoted("maturin>=1.9"), "'maturin>=1.9'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("--out=target/wheels"), "--out=target/wheels");
    }
}

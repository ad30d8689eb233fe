//! Steps that run side by side, as many at once as there are cores.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use super::{
    Captured, Done, Failed, LONG, Steps, TICK, how_it_failed, spoken, start_captured, written,
};

/// One of several commands that do not wait for each other.
pub(crate) struct Job {
    /// The step's name.
    pub(crate) title: String,
    /// What it runs.
    pub(crate) command: Command,
}

/// A job that was started.
struct Running {
    index: usize,
    label: String,
    start: Instant,
    said: Duration,
    child: std::io::Result<Child>,
    captured: Captured,
}

impl Steps {
    /// Runs all jobs, as many at once as there are cores; the results in the order of the jobs.
    pub(crate) fn run_beside(&mut self, jobs: Vec<Job>) -> Vec<Result<Done, Box<Failed>>> {
        let at_once = thread::available_parallelism().map_or(1, usize::from);
        let mut jobs = jobs;
        let mut results: Vec<Option<_>> = jobs.iter().map(|_| None).collect();
        let mut running: Vec<Running> = Vec::new();
        let mut next = 0;
        while next < jobs.len() || !running.is_empty() {
            while next < jobs.len() && running.len() < at_once {
                running.push(self.start(next, &mut jobs[next]));
                next += 1;
            }
            thread::sleep(TICK);
            let mut going = Vec::new();
            for mut job in running {
                match job.status() {
                    None => going.push(job),
                    Some(status) => {
                        results[job.index] = Some(self.end(&job, &jobs[job.index], status));
                    }
                }
            }
            running = going;
            self.say_what_runs(&mut running);
        }
        results.into_iter().flatten().collect()
    }

    fn start(&mut self, index: usize, job: &mut Job) -> Running {
        let label = self.next(&job.title);
        if !self.terminal {
            eprintln!("{label} …");
        }
        let captured = Captured::default();
        Running {
            index,
            label,
            start: Instant::now(),
            said: Duration::ZERO,
            child: start_captured(&mut job.command, &captured),
            captured,
        }
    }

    fn end(
        &self,
        job: &Running,
        of: &Job,
        status: std::io::Result<ExitStatus>,
    ) -> Result<Done, Box<Failed>> {
        let seconds = job.start.elapsed().as_secs_f64();
        job.captured.wait_for_the_rest();
        let output = job.captured.text();
        match how_it_failed(&status) {
            None => Ok(self.succeed(&of.title, &job.label, output, seconds)),
            Some(how) => {
                let failed = Failed {
                    title: of.title.clone(),
                    command: written(&of.command),
                    how,
                    hint: String::new(),
                    log: PathBuf::new(),
                    output,
                    seconds,
                };
                Err(self.fail(&job.label, failed))
            }
        }
    }

    fn say_what_runs(&self, running: &mut [Running]) {
        if self.terminal {
            let labels: Vec<_> = running
                .iter()
                .map(|job| {
                    format!(
                        "{}  {}",
                        job.label,
                        spoken(job.start.elapsed().as_secs_f64())
                    )
                })
                .collect();
            self.rewrite(&labels.join("   "));
            return;
        }
        for job in running {
            let elapsed = job.start.elapsed();
            if elapsed >= job.said + LONG {
                job.said = elapsed;
                let seconds = elapsed.as_secs();
                eprintln!("{}  … {seconds} s  {}", job.label, job.captured.last_line());
            }
        }
    }
}

impl Running {
    /// How it ended, once it has.
    fn status(&mut self) -> Option<std::io::Result<ExitStatus>> {
        match &mut self.child {
            Ok(child) => child.try_wait().transpose(),
            Err(error) => Some(Err(std::io::Error::new(error.kind(), error.to_string()))),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::tests::steps;
    use super::*;

    fn shell(title: &str, script: &str) -> Job {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Job {
            title: title.to_owned(),
            command,
        }
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs_whichever_ends_first() {
        let jobs = vec![
            shell("slow", "sleep 0.4; echo one"),
            shell("failing", "echo two; exit 3"),
            shell("third", "echo three"),
            shell("fourth", "echo four"),
        ];
        let results = steps("beside").run_beside(jobs);
        let outputs: Vec<_> = results
            .iter()
            .map(|result| match result {
                Ok(done) => done.output.as_str(),
                Err(failed) => failed.output.as_str(),
            })
            .collect();
        assert_eq!(outputs, ["one\n", "two\n", "three\n", "four\n"]);
        assert_eq!(
            results.iter().map(Result::is_ok).collect::<Vec<_>>(),
            [true, false, true, true]
        );
    }

    #[test]
    fn a_job_that_does_not_start_is_a_failed_step_and_the_others_run() {
        let missing = Job {
            title: "missing".to_owned(),
            command: Command::new("there-is-no-such-program-here"),
        };
        let results = steps("beside-missing").run_beside(vec![missing, shell("echo", "echo here")]);
        let failed = results[0].as_ref().unwrap_err().to_string();
        assert!(failed.contains("it did not start"), "{failed}");
        assert_eq!(results[1].as_ref().unwrap().output, "here\n");
    }
}

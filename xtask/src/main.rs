//! One door to the repository: `cargo xtask VERB`.
//!
//! The door needs nothing but cargo and the standard library, so that it opens on a machine that has only Rust and
//! Python. It makes what it needs under `target/` (virtual environments, wheels) and leaves everything else alone.
//!
//! - [`verbs`]: one file for each verb, with its help; `main` only dispatches.
//! - [`workspace`]: where things are, and the environment that commands run in.
//! - [`step`]: runs a command as a step whose progress is visible.
//! - [`python`], [`discovery`] and [`venv`]: which Pythons the machine has, and a virtual environment for each.
//! - [`wheels`]: builds the extension modules, all in one maturin environment; [`setup`] puts all of these together.
//! - [`summary`] and [`report`]: how many tests ran, and the table at the end.

mod discovery;
mod files;
mod python;
mod report;
mod setup;

mod step;
mod summary;
mod trouble;
mod venv;
mod verbs;
mod wheels;
mod workspace;

use std::process::ExitCode;

use trouble::Trouble;
use verbs::{VERBS, Verb};
use workspace::Workspace;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(trouble) => {
            eprint!("{trouble}");
            ExitCode::from(trouble.code)
        }
    }
}

/// Runs the verb that the first argument names; the result is the exit code.
fn dispatch(arguments: &[String]) -> Result<u8, Trouble> {
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", overview());
        return Ok(0);
    };
    if name == "--help" || name == "-h" || name == "help" {
        print!("{}", overview());
        return Ok(0);
    }
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        return Err(Trouble::usage(format!("no verb is called '{name}'"))
            .hint("`cargo xtask` lists the verbs"));
    };
    // What stands after `--` belongs to the program that the verb starts.
    let own = rest.iter().take_while(|argument| *argument != "--");
    if own
        .into_iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        print!("{}", help_of(verb));
        return Ok(0);
    }
    (verb.run)(&Workspace::find()?, rest)
}

fn overview() -> String {
    let mut text = String::from("usage: cargo xtask VERB [ARGUMENT…]\n\n");
    for verb in VERBS {
        text += &format!("  {:<7} {}\n", verb.name, verb.summary);
    }
    text + "\n`cargo xtask VERB --help` says more.\n"
}

fn help_of(verb: &Verb) -> String {
    format!(
        "usage: cargo xtask {}\n\n{}\n\n{}\n",
        verb.usage,
        verb.summary,
        verb.help.trim()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_listed_once_and_has_help() {
        let overview = overview();
        for verb in VERBS {
            let listed = overview
                .lines()
                .filter(|line| line.split_whitespace().next() == Some(verb.name));
            assert_eq!(listed.count(), 1, "{}", verb.name);
            assert!(verb.usage.starts_with(verb.name), "{}", verb.name);
            assert!(help_of(verb).contains(verb.summary), "{}", verb.name);
        }
    }

    #[test]
    fn an_unknown_verb_is_wrong_use_and_not_a_failure_of_the_work() {
        let trouble = dispatch(&["tset".to_owned()]).unwrap_err();
        assert_eq!(trouble.code, 2);
        assert!(
            trouble
                .to_string()
                .starts_with("error: no verb is called 'tset'\n")
        );
    }
}

//! `cargo xtask demo`: from a clean clone to the main thing.

use super::{Verb, run_visibly, unknown, value_of};
use crate::setup;
use crate::step::Steps;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "demo",
    usage: "demo [--python PATH]",
    summary: "set everything up and run the tour: the life of a buffer on real memory",
    help: "
Makes a virtual environment under target/venv, installs maturin there, builds onloan, installs it and runs
`onloan tour`. A second run only does what has changed.

  --python PATH  the Python to use: a path or a name on PATH. Without it the variable PYTHON, else the newest
                 CPython of this machine, from 3.11 on, that can make a virtual environment
",
    run,
};

fn run(workspace: &Workspace, arguments: &[String]) -> Result<u8, Trouble> {
    let mut python = None;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--python" => python = Some(value_of(argument, &mut arguments)?.as_str()),
            _ => return Err(unknown(&VERB, argument)),
        }
    }
    let venv = setup::installed(
        workspace,
        &mut Steps::new(workspace, Some(setup::STEPS)),
        python,
    )?;
    let program = venv.scripts().join("onloan");
    eprintln!("$ {} tour\n", workspace.show(&program));
    // The program's path is spelled out: an installed onloan elsewhere on PATH is not meant.
    run_visibly(venv.command(workspace, program).arg("tour"))
}

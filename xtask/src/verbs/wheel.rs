//! `cargo xtask wheel`: the wheel to ship.

use super::{Verb, unknown};
use crate::discovery;
use crate::step::Steps;
use crate::trouble::Trouble;
use crate::venv::Venv;
use crate::wheels::{Build, Builder};
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "wheel",
    usage: "wheel",
    summary: "build the release wheel into target/wheels",
    help: "
One abi3 wheel serves every CPython from 3.11 on that is not free-threaded. The same sources, compiler and machine
give the same bytes. The path of the wheel is printed on standard output.
",
    run,
};

fn run(workspace: &Workspace, arguments: &[String]) -> Result<u8, Trouble> {
    if let Some(argument) = arguments.first() {
        return Err(unknown(&VERB, argument));
    }
    let steps = &mut Steps::new(workspace, Some(3));
    let venv = Venv::first(workspace, steps, &discovery::preferred(workspace, None)?)?;
    let wheel =
        Builder::new(workspace, steps, &venv, Build::Release)?.wheel(steps, &workspace.root)?;
    println!("{}", workspace.show(&wheel));
    Ok(0)
}

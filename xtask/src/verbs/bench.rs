//! `cargo xtask bench NAME`: runs a benchmark in an environment with onloan built for release.

use super::{Verb, run_visibly};
use crate::setup;
use crate::step::Steps;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

pub(super) const VERB: Verb = Verb {
    name: "bench",
    usage: "bench NAME [ARGUMENT…]",
    summary: "run the benchmark benches/NAME/run.py",
    help: "
Sets up as `demo` does, then runs benches/NAME/run.py with that Python; the arguments after NAME are the
benchmark's own, `cargo xtask bench NAME -- --help` shows its help. What a benchmark compares with, it installs
itself. The Python is the variable PYTHON, else the newest usable one.
",
    run,
};

fn run(workspace: &Workspace, arguments: &[String]) -> Result<u8, Trouble> {
    let found = workspace.directories_with("benches", "run.py");
    let names: Vec<_> = found
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .collect();
    let known = match names.as_slice() {
        [] => "there is none in this tree: a benchmark is a file benches/NAME/run.py".to_owned(),
        names => format!("there are: {}", names.join(", ")),
    };
    let Some((name, rest)) = arguments.split_first() else {
        return Err(Trouble::usage("bench needs the name of a benchmark").hint(known));
    };
    let Some(directory) = found
        .iter()
        .find(|path| path.file_name().is_some_and(|own| own == name.as_str()))
    else {
        return Err(Trouble::usage(format!("no benchmark is called '{name}'")).hint(known));
    };
    let rest = rest.strip_prefix(&["--".to_owned()]).unwrap_or(rest);
    let venv = setup::installed(
        workspace,
        &mut Steps::new(workspace, Some(setup::STEPS)),
        None,
    )?;
    run_visibly(
        venv.command(workspace, &venv.python)
            .arg(directory.join("run.py"))
            .args(rest),
    )
}

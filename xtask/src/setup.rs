//! A virtual environment with onloan in it: what most verbs begin with.

use std::path::PathBuf;

use crate::discovery;
use crate::step::Steps;
use crate::trouble::Trouble;
use crate::venv::Venv;
use crate::wheels::{Build, Builder};
use crate::workspace::Workspace;

/// How many steps [`installed`] takes.
pub(crate) const STEPS: usize = 4;

/// Builds onloan and installs it for the named Python, or else for the best one that makes a virtual environment.
pub(crate) fn installed(
    workspace: &Workspace,
    steps: &mut Steps,
    python: Option<&str>,
) -> Result<Venv, Trouble> {
    let (venv, wheel) = built(workspace, steps, python)?;
    venv.install_wheels(workspace, steps, &[wheel])?;
    Ok(venv)
}

/// The same up to the wheel: the environment that it was built in, and its path. One step less.
pub(crate) fn built(
    workspace: &Workspace,
    steps: &mut Steps,
    python: Option<&str>,
) -> Result<(Venv, PathBuf), Trouble> {
    let venv = Venv::first(workspace, steps, &discovery::preferred(workspace, python)?)?;
    let builder = Builder::new(workspace, steps, &venv, Build::Release)?;
    let wheel = builder.wheel(steps, &workspace.root)?;
    Ok((venv, wheel))
}

//! A virtual environment for each Python, and what was installed there.
//!
//! ```text
//! target/venv/3.13.0/            the environment
//! target/venv/3.13.0/xtask/NAME  the fingerprint of what NAME was made of
//! ```
//!
//! Making and installing are repeated when their fingerprint is another than the one that is kept, and only then. The
//! fingerprint is written after the work was done, so work that was interrupted is done again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::discovery;
use crate::python::Python;
use crate::step::Steps;
use crate::trouble::{At, Trouble};
use crate::workspace::Workspace;

const PIP_HINT: &str = "pip needs a package index: see `pip config list`, and PIP_INDEX_URL or HTTPS_PROXY where the network asks for them";

/// A virtual environment that exists.
#[derive(Clone, Debug)]
pub(crate) struct Venv {
    directory: PathBuf,
    /// Its interpreter.
    pub(crate) python: PathBuf,
    /// The interpreter that it was made of.
    pub(crate) base: Python,
}

impl Venv {
    /// The environment of `base`, made if it is not there or was made of another interpreter or at another place.
    pub(crate) fn ensure(
        workspace: &Workspace,
        steps: &mut Steps,
        base: &Python,
    ) -> Result<Self, Trouble> {
        let directory = workspace.target.join("venv").join(base.name());
        let python = directory.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        });
        let venv = Self {
            directory,
            python,
            base: base.clone(),
        };
        let title = format!("make {}", workspace.show(&venv.directory));
        let fingerprint = format!(
            "{}\n{}\n",
            base.executable.display(),
            venv.directory.display()
        );
        if venv.python.exists() && venv.has("environment", &fingerprint) {
            steps.unchanged(&title, "is there");
            return Ok(venv);
        }
        if venv.directory.exists() {
            fs::remove_dir_all(&venv.directory).at("remove", &venv.directory)?;
        }
        let module = if base.venv { "venv" } else { "virtualenv" };
        let mut command = workspace.command(&base.executable);
        command.args(["-I", "-m", module]).arg(&venv.directory);
        steps.run(
            &title,
            &mut command,
            "Debian and Ubuntu: install python3-venv; or name another Python: --python PATH",
        )?;
        venv.keep("environment", &fingerprint)?;
        Ok(venv)
    }

    /// The first environment that can be made, trying the interpreters in turn.
    pub(crate) fn first(
        workspace: &Workspace,
        steps: &mut Steps,
        bases: &[Python],
    ) -> Result<Self, Trouble> {
        let mut last = None;
        for base in bases {
            match Self::ensure(workspace, steps, base) {
                Ok(venv) => return Ok(venv),
                Err(trouble) => {
                    eprintln!("{base} makes no virtual environment");
                    steps.again();
                    last = Some(trouble);
                }
            }
        }
        Err(last.unwrap_or_else(|| discovery::none_usable(bases)))
    }

    /// Installs what `requirements` names, by pip, unless just that was installed before.
    pub(crate) fn install(
        &self,
        workspace: &Workspace,
        steps: &mut Steps,
        what: &str,
        requirements: &[String],
    ) -> Result<(), Trouble> {
        let title = format!("install {what} for {}", self.base.name());
        let fingerprint = requirements.join("\n");
        if self.has(what, &fingerprint) {
            steps.unchanged(&title, "is there");
            return Ok(());
        }
        steps.run(
            &title,
            self.pip(workspace).arg("install").args(requirements),
            PIP_HINT,
        )?;
        self.keep(what, &fingerprint)
    }

    /// Installs the wheels that differ from the installed ones.
    pub(crate) fn install_wheels(
        &self,
        workspace: &Workspace,
        steps: &mut Steps,
        wheels: &[PathBuf],
    ) -> Result<(), Trouble> {
        let title = format!(
            "install the {} for {}",
            if wheels.len() == 1 { "wheel" } else { "wheels" },
            self.base.name()
        );
        let mut changed = Vec::new();
        for wheel in wheels {
            let fingerprint = content(wheel)?;
            if !self.has(&stamp_of(wheel), &fingerprint) {
                changed.push((wheel, fingerprint));
            }
        }
        if changed.is_empty() {
            steps.unchanged(&title, "unchanged");
            return Ok(());
        }
        // First the wheels, even over an equal version; then what they depend on, which needs no reinstallation.
        let paths: Vec<&PathBuf> = changed.iter().map(|(wheel, _)| *wheel).collect();
        let mut over = self.pip(workspace);
        over.args(["install", "--force-reinstall", "--no-deps"])
            .args(&paths);
        let mut needs = self.pip(workspace);
        needs.arg("install").args(&paths);
        steps.run_each(&title, &mut [over, needs], PIP_HINT)?;
        for (wheel, fingerprint) in changed {
            self.keep(&stamp_of(wheel), &fingerprint)?;
        }
        Ok(())
    }

    /// A command with this environment active.
    pub(crate) fn command(
        &self,
        workspace: &Workspace,
        program: impl AsRef<std::ffi::OsStr>,
    ) -> Command {
        let mut command = workspace.command(program);
        let scripts = self.scripts().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        if let Ok(path) =
            std::env::join_paths(std::iter::once(scripts).chain(std::env::split_paths(&path)))
        {
            command.env("PATH", path);
        }
        command.env("VIRTUAL_ENV", &self.directory);
        command
    }

    /// Where the environment's programs are.
    pub(crate) fn scripts(&self) -> &Path {
        self.python.parent().unwrap_or(&self.directory)
    }

    fn pip(&self, workspace: &Workspace) -> Command {
        let mut command = self.command(workspace, &self.python);
        command.args(["-m", "pip", "--disable-pip-version-check", "--no-input"]);
        command
    }

    fn stamp(&self, name: &str) -> PathBuf {
        self.directory.join("xtask").join(name)
    }

    fn has(&self, name: &str, fingerprint: &str) -> bool {
        fs::read_to_string(self.stamp(name)).is_ok_and(|kept| kept == fingerprint)
    }

    fn keep(&self, name: &str, fingerprint: &str) -> Result<(), Trouble> {
        let stamp = self.stamp(name);
        if let Some(directory) = stamp.parent() {
            fs::create_dir_all(directory).at("make", directory)?;
        }
        fs::write(&stamp, fingerprint).at("write", &stamp)
    }
}

/// The distribution's name, `onloan` of `onloan-0.1.0-cp311-abi3-….whl`: what pip replaces when it installs the next one.
fn stamp_of(wheel: &Path) -> String {
    let name = wheel
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    format!("wheel {}", name.split('-').next().unwrap_or_default())
}

/// A fingerprint of what a file holds. Against accident, not against malice.
fn content(path: &Path) -> Result<String, Trouble> {
    use std::hash::{DefaultHasher, Hasher};
    let bytes = fs::read(path).at("read", path)?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&bytes);
    Ok(format!("{} {:016x}", bytes.len(), hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_holds_until_it_changes() {
        let directory = std::env::temp_dir().join(format!("xtask-venv-{}", std::process::id()));
        let base = crate::python::tests::python("3.13.0", "/usr/bin/python3.13");
        let venv = Venv {
            python: directory.join("bin/python"),
            directory,
            base,
        };
        assert!(!venv.has("tests", "pytest"));
        venv.keep("tests", "pytest").unwrap();
        assert!(venv.has("tests", "pytest"));
        assert!(!venv.has("tests", "pytest\nnumpy"));
        assert!(!venv.has("others", "pytest"));
        fs::remove_dir_all(&venv.directory).unwrap();
    }

    #[test]
    fn wheels_of_one_distribution_share_a_stamp() {
        let stamp = |name: &str| stamp_of(Path::new(name));
        assert_eq!(
            stamp("/w/onloan-0.1.0-cp311-abi3-linux_x86_64.whl"),
            "wheel onloan"
        );
        assert_eq!(
            stamp("onloan-0.2.0-cp311-abi3-linux_x86_64.whl"),
            "wheel onloan"
        );
        assert_ne!(stamp("onloan_demo-0.1.0-py3-none-any.whl"), "wheel onloan");
    }
}

//! Where things are, and the environment that commands run in.
//!
//! A command must not behave differently because it was started through `cargo xtask` or from inside somebody's virtual
//! environment. `cargo run` exports the variables of the package that it runs and puts its own library directories in
//! front of the loader's path; an active virtual environment and `PYTHONPATH` redirect Python; and PyO3 is compiled
//! again whenever a variable that its build script watches has changed. [`Workspace::command`] removes all of that.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::trouble::{At, Trouble};

/// The repository's directories.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// The directory of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where everything that is made goes: `CARGO_TARGET_DIR` if set, else `target`.
    pub(crate) target: PathBuf,
}

/// Variables that would change what a command does, and that are none of its business.
const FOREIGN: &[&str] = &[
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "CARGO_BUILD_TARGET",
];

/// Beginnings of such variables.
const FOREIGN_PREFIXES: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "PYO3_", "MATURIN_"];

impl Workspace {
    /// Finds the workspace that this program was built from.
    pub(crate) fn find() -> Result<Self, Trouble> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.parent().unwrap_or(&package).to_owned();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(target) => std::path::absolute(&target).at("resolve", Path::new(&target))?,
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The same sources with everything that is made put elsewhere under the target directory.
    pub(crate) fn apart(&self, name: &str) -> Self {
        Self {
            root: self.root.clone(),
            target: self.target.join(name),
        }
    }

    /// A command that runs at the root, in a cleaned environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target);
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(is_foreign) {
                command.env_remove(name);
            }
        }
        if let Some(path) = env::var_os("LD_LIBRARY_PATH") {
            let kept = without_cargos(env::split_paths(&path), &cargos_libraries());
            match env::join_paths(kept) {
                Ok(path) if !path.is_empty() => command.env("LD_LIBRARY_PATH", path),
                _ => command.env_remove("LD_LIBRARY_PATH"),
            };
        }
        command
    }

    /// The cargo that started this program.
    pub(crate) fn cargo(&self) -> Command {
        self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// `path` as a person at the root would write it.
    pub(crate) fn show(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }

    /// The directories directly under `of` that hold `file`, sorted by name; none if `of` is not there.
    pub(crate) fn directories_with(&self, of: &str, file: &str) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.root.join(of)) else {
            return Vec::new();
        };
        let directories = entries.flatten().map(|entry| entry.path());
        let mut found: Vec<PathBuf> = directories
            .filter(|path| path.join(file).is_file())
            .collect();
        found.sort();
        found
    }
}

fn is_foreign(name: &str) -> bool {
    FOREIGN.contains(&name)
        || FOREIGN_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// The directories that `cargo run` puts on the loader's path: beside this program, and the toolchain's.
fn cargos_libraries() -> Vec<PathBuf> {
    let beside = env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.to_owned()));
    let toolchain = env::var_os("CARGO")
        .and_then(|cargo| Some(Path::new(&cargo).parent()?.parent()?.join("lib")));
    beside.into_iter().chain(toolchain).collect()
}

fn without_cargos(path: impl Iterator<Item = PathBuf>, cargos: &[PathBuf]) -> Vec<PathBuf> {
    path.filter(|entry| !cargos.iter().any(|own| entry.starts_with(own)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_run_put_on_the_loaders_path_is_taken_off_again() {
        let path = [
            "/t/debug",
            "/t/debug/deps",
            "/tc/lib/rustlib/x/lib",
            "/tc/lib",
            "/opt/own/lib",
            "/t/other",
        ];
        let cargos = [PathBuf::from("/t/debug"), PathBuf::from("/tc/lib")];
        let kept = without_cargos(path.iter().map(PathBuf::from), &cargos);
        assert_eq!(
            kept,
            [PathBuf::from("/opt/own/lib"), PathBuf::from("/t/other")]
        );
    }

    #[test]
    fn variables_that_redirect_python_or_recompile_pyo3_do_not_get_through() {
        for name in [
            "PYTHONPATH",
            "VIRTUAL_ENV",
            "CARGO_PKG_NAME",
            "PYO3_PYTHON",
            "MATURIN_STRIP",
        ] {
            assert!(is_foreign(name), "{name}");
        }
        for name in [
            "PATH",
            "CARGO_HOME",
            "CARGO",
            "RUSTFLAGS",
            "PIP_INDEX_URL",
            "PYTHON",
        ] {
            assert!(!is_foreign(name), "{name}");
        }
    }
}

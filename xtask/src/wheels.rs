//! Builds the extension modules as wheels, all in one maturin environment.
//!
//! PyO3 takes most of the time of a build, and cargo compiles it again when the interpreter, the profile or a variable
//! that PyO3 watches differs from the last time. So every wheel is built by the same maturin with the same interpreter,
//! the same profile and one cargo target directory; as abi3 wheels they serve every Python. The wheels are
//! reproducible: the same sources give the same bytes, which is how an installation knows that it is up to date.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::Steps;
use crate::trouble::{At, Trouble};
use crate::venv::Venv;
use crate::workspace::Workspace;

/// 1980-01-01, the oldest date that a zip file can hold: the date of every file in a wheel.
const DATE: &str = "315532800";

/// How the Rust code is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// As it is shipped.
    Release,
    /// For the named target, with AddressSanitizer and debug assertions.
    AddressSanitizer(String),
}

/// The environment that wheels are built in.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    workspace: &'a Workspace,
    venv: &'a Venv,
    build: Build,
}

impl<'a> Builder<'a> {
    /// Makes `venv` a place to build in, by installing the maturin that `pyproject.toml` asks for.
    pub(crate) fn new(
        workspace: &'a Workspace,
        steps: &mut Steps,
        venv: &'a Venv,
        build: Build,
    ) -> Result<Self, Trouble> {
        let manifest = workspace.root.join("pyproject.toml");
        let text = fs::read_to_string(&manifest).at("read", &manifest)?;
        let requirements = build_requirements(&text);
        if requirements.is_empty() {
            return Err(Trouble::usage(
                "pyproject.toml names no requirement under [build-system]",
            ));
        }
        venv.install(workspace, steps, "maturin", &requirements)?;
        Ok(Self {
            workspace,
            venv,
            build,
        })
    }

    /// The wheel of the project whose `pyproject.toml` is in `directory`.
    pub(crate) fn wheel(&self, steps: &mut Steps, directory: &Path) -> Result<PathBuf, Trouble> {
        let main = directory == self.workspace.root;
        let name = self.workspace.show(directory);
        let wheels = self.workspace.target.join("wheels");
        let wheels = if main { wheels } else { wheels.join(&name) };
        for old in wheels_in(&wheels) {
            fs::remove_file(&old).at("remove", &old)?;
        }
        let title = if main {
            "build the wheel".to_owned()
        } else {
            format!("build the wheel of {name}")
        };
        let mut command = self.command()?;
        command
            .args(["-m", "maturin", "build", "--out"])
            .arg(&wheels)
            .arg("--interpreter")
            .arg(&self.venv.python);
        match &self.build {
            Build::Release => command.arg("--release"),
            Build::AddressSanitizer(target) => {
                command.args(["--auditwheel", "skip", "--target", target])
            }
        };
        command.current_dir(directory);
        steps.run(&title, &mut command, "the compiler's first error says most; a failed download needs crates.io or a mirror in cargo's config")?;
        match wheels_in(&wheels).as_slice() {
            [wheel] => Ok(wheel.clone()),
            found => Err(Trouble::failed(format!(
                "maturin left {} wheels in {}",
                found.len(),
                wheels.display()
            ))),
        }
    }

    fn command(&self) -> Result<Command, Trouble> {
        let mut command = self.venv.command(self.workspace, &self.venv.python);
        command
            .env("SOURCE_DATE_EPOCH", DATE)
            .env("PYO3_USE_ABI3_FORWARD_COMPATIBILITY", "1");
        match &self.build {
            Build::Release => {
                let manifest = self.workspace.root.join("Cargo.toml");
                let text = fs::read_to_string(&manifest).at("read", &manifest)?;
                command.envs(release_profile(&text));
            }
            Build::AddressSanitizer(_) => {
                // The sanitizer's flag is not stable; this variable is how a stable compiler is told to take it.
                command
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("RUSTFLAGS", "-Zsanitizer=address");
            }
        }
        Ok(command)
    }
}

/// The projects to build, the main one first: then the extension crates among the examples and the tests.
pub(crate) fn projects(workspace: &Workspace) -> Vec<PathBuf> {
    let mut projects = vec![workspace.root.clone()];
    projects.extend(workspace.directories_with("examples", "pyproject.toml"));
    projects.extend(workspace.directories_with("tests", "pyproject.toml"));
    projects
}

fn wheels_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "whl"))
        .collect()
}

/// The strings of `requires = […]` under `[build-system]`.
fn build_requirements(pyproject: &str) -> Vec<String> {
    let lines = section(pyproject, "build-system");
    let Some(list) = lines.iter().find_map(|line| {
        line.strip_prefix("requires")?
            .trim_start()
            .strip_prefix('=')
    }) else {
        return Vec::new();
    };
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// `[profile.release]` of the workspace as the variables that give it to a crate outside the workspace, too: an
/// extension crate with another profile would compile PyO3 a second time.
fn release_profile(manifest: &str) -> Vec<(String, String)> {
    let settings = section(manifest, "profile.release")
        .into_iter()
        .filter_map(|line| line.split_once('='));
    settings
        .map(|(key, value)| {
            let key = key.trim().replace('-', "_").to_uppercase();
            (
                format!("CARGO_PROFILE_RELEASE_{key}"),
                value.trim().trim_matches('"').to_owned(),
            )
        })
        .collect()
}

/// The lines with settings under `[name]`, of TOML whose values stand on one line each.
fn section<'t>(toml: &'t str, name: &str) -> Vec<&'t str> {
    let header = format!("[{name}]");
    let inside = toml
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != header)
        .skip(1);
    inside
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.contains('=') && !line.starts_with('#'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requirements_are_those_of_the_build_system() {
        let toml = "[build-system]\nrequires = [\"maturin>=1.9,<2\", \"other\"]\nbuild-backend = \"maturin\"\n\n[project]\nrequires = [\"no\"]\n";
        assert_eq!(build_requirements(toml), ["maturin>=1.9,<2", "other"]);
        assert!(build_requirements("[project]\nname = \"x\"\n").is_empty());
    }

    #[test]
    fn the_release_profile_travels_as_variables() {
        let toml = "[workspace]\nresolver = \"3\"\n\n[profile.release]\n# why\nlto = \"thin\"\ncodegen-units = 4\n\n[profile.dev]\ndebug = 1\n";
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            release_profile(toml),
            [
                variable("CARGO_PROFILE_RELEASE_LTO", "thin"),
                variable("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "4")
            ]
        );
    }

    #[test]
    fn the_repositorys_own_manifests_are_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
        assert!(
            build_requirements(&read("pyproject.toml"))
                .iter()
                .any(|one| one.starts_with("maturin"))
        );
        assert!(
            release_profile(&read("Cargo.toml"))
                .iter()
                .any(|(name, _)| name == "CARGO_PROFILE_RELEASE_LTO")
        );
    }
}

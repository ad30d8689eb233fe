//! Which Pythons the machine has, and which of them to use.
//!
//! ```text
//! names on PATH, pyenv's and uv's versions  →  asked what they are  →  one for each version and build  →  usable or why not
//! ```
//!
//! Two interpreters of one version and build are one for testing; Debian's 3.11.2 and pyenv's 3.11.7 are two.

use std::cmp::Reverse;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::thread;

use crate::python::{OLDEST, Python};
use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// The interpreters of this machine that are at least [`OLDEST`], the best first: one for each version and build.
///
/// Released versions come before prereleases and debug builds, then newer before older.
pub(crate) fn discover(workspace: &Workspace) -> Vec<Python> {
    let paths = candidates();
    let answers = thread::scope(|scope| {
        let asked: Vec<_> = paths
            .iter()
            .map(|path| scope.spawn(move || Python::ask(workspace, path)))
            .collect();
        asked
            .into_iter()
            .filter_map(|thread| thread.join().ok().flatten())
            .collect()
    });
    distinct(answers)
}

/// The interpreter that a person named, by path or by a name on `PATH`.
pub(crate) fn named(workspace: &Workspace, name: &str) -> Result<Python, Trouble> {
    let python = Python::ask(workspace, Path::new(name))
        .ok_or_else(|| Trouble::usage(format!("'{name}' is not a Python that runs")))?;
    match python.refusal() {
        Some(why) => Err(Trouble::usage(format!("{python} {why}"))),
        None => Ok(python),
    }
}

/// The interpreters to try in turn: the one given, else the one in the variable `PYTHON`, else all that are usable.
///
/// What was named is the only choice; an answer is never empty.
pub(crate) fn preferred(
    workspace: &Workspace,
    given: Option<&str>,
) -> Result<Vec<Python>, Trouble> {
    let variable = env::var("PYTHON").ok().filter(|name| !name.is_empty());
    if let Some(name) = given.or(variable.as_deref()) {
        return Ok(vec![named(workspace, name)?]);
    }
    let found = discover(workspace);
    let usable: Vec<Python> = found
        .iter()
        .filter(|python| python.refusal().is_none())
        .cloned()
        .collect();
    if usable.is_empty() {
        return Err(none_usable(&found));
    }
    Ok(usable)
}

/// The error that says what is there instead.
pub(crate) fn none_usable(found: &[Python]) -> Trouble {
    for python in found {
        if let Some(why) = python.refusal() {
            eprintln!("{python} {why}");
        }
    }
    Trouble::usage(format!(
        "there is no usable CPython of version {}.{} or newer",
        OLDEST.0, OLDEST.1
    ))
    .hint("install one with pip and venv (Debian: python3-venv), or name it: --python PATH")
}

/// Every file that may be an interpreter, each real file once.
fn candidates() -> Vec<PathBuf> {
    let home = env::var_os("HOME")
        .or_else(|| env::var_os("USERPROFILE"))
        .map(PathBuf::from)
        .unwrap_or_default();
    let pyenv = env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    // pyenv's shims are scripts that start what stands under its versions anyway.
    let mut directories: Vec<PathBuf> = env::split_paths(&path)
        .filter(|entry| !entry.starts_with(pyenv.join("shims")))
        .collect();
    for versions in [pyenv.join("versions"), home.join(".local/share/uv/python")] {
        directories.extend(
            listed(&versions)
                .into_iter()
                .map(|version| version.join("bin")),
        );
    }
    let mut found: Vec<PathBuf> = Vec::new();
    for file in directories.iter().flat_map(|directory| listed(directory)) {
        let named = file
            .file_name()
            .and_then(OsStr::to_str)
            .is_some_and(is_interpreters_name);
        // A link is asked through its target, so that one interpreter is asked once; a virtual environment's answers for its base.
        let Some(file) = named.then(|| file.canonicalize().ok()).flatten() else {
            continue;
        };
        if file.is_file() && !found.contains(&file) {
            found.push(file);
        }
    }
    found
}

fn listed(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// `python`, `python3`, `python3.13`, `python3.14t`, with `.exe` where programs end so; older versions are not asked.
fn is_interpreters_name(name: &str) -> bool {
    let Some(rest) = name
        .strip_suffix(env::consts::EXE_SUFFIX)
        .and_then(|name| name.strip_prefix("python"))
    else {
        return false;
    };
    let rest = rest.strip_suffix('t').unwrap_or(rest);
    match rest.split_once('.') {
        None => rest.is_empty() || rest == "3",
        Some((major, minor)) => {
            major == "3" && minor.parse().is_ok_and(|minor: u32| minor >= OLDEST.1)
        }
    }
}

/// Sorts, the best first, and keeps the first of each version and build. One that can be used goes before one that cannot.
fn distinct(mut found: Vec<Python>) -> Vec<Python> {
    found.retain(|python| python.version.minor() >= OLDEST);
    found.sort_by_cached_key(|python| {
        let odd = !python.version.released || python.debug || python.free_threaded;
        (
            odd,
            Reverse(python.version.clone()),
            python.name(),
            python.refusal().is_some(),
        )
    });
    found.dedup_by_key(|python| python.name());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::tests::python;

    fn executables(found: &[Python]) -> Vec<&str> {
        found
            .iter()
            .map(|python| python.executable.to_str().unwrap())
            .collect()
    }

    #[test]
    fn two_interpreters_of_one_version_and_build_are_one() {
        let found = distinct(vec![
            python("3.11.2", "/usr/bin/python3.11"),
            python("3.11.7", "/a/python3.11"),
            python("3.13.0", "/b/python3.13"),
            python("3.11.7", "/c/python3.11"),
            python("3.10.13", "/d/python3.10"),
        ]);
        assert_eq!(
            executables(&found),
            ["/b/python3.13", "/a/python3.11", "/usr/bin/python3.11"]
        );
    }

    #[test]
    fn of_two_equal_interpreters_the_one_with_venv_is_kept() {
        let without = Python {
            venv: false,
            ..python("3.12.1", "/usr/bin/python3.12")
        };
        let found = distinct(vec![without, python("3.12.1", "/own/python3.12")]);
        assert_eq!(executables(&found), ["/own/python3.12"]);
    }

    #[test]
    fn releases_come_before_prereleases_and_debug_builds_stand_apart() {
        let debug = Python {
            debug: true,
            ..python("3.13.0", "/debug")
        };
        let found = distinct(vec![
            python("3.14.0b1", "/beta"),
            debug,
            python("3.12.1", "/old"),
            python("3.13.0", "/new"),
        ]);
        assert_eq!(executables(&found), ["/new", "/old", "/beta", "/debug"]);
    }

    #[test]
    fn only_names_of_new_enough_interpreters_are_asked() {
        let suffix = env::consts::EXE_SUFFIX;
        for name in ["python", "python3", "python3.11", "python3.14t"] {
            assert!(is_interpreters_name(&format!("{name}{suffix}")), "{name}");
        }
        for name in [
            "python2.7",
            "python3.10",
            "python3-config",
            "python3.11-config",
            "pythonw",
            "ipython3",
        ] {
            assert!(!is_interpreters_name(&format!("{name}{suffix}")), "{name}");
        }
    }
}

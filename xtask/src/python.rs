//! Which Pythons the machine has, and which of them can be used.
//!
//! ```text
//! names on PATH, pyenv's and uv's versions  →  asked what they are  →  one for each version and build  →  usable or why not
//! ```
//!
//! Discovery only believes what an interpreter says of itself: a name like `python3.12` may be a virtual environment, a
//! shim, or something else altogether. Two interpreters of one version and build are one for testing; Debian's 3.11.2
//! and pyenv's 3.11.7 are two.

use std::cmp::Reverse;
use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;

use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// The oldest version that the abi3 wheel is built for.
pub(crate) const OLDEST: (u32, u32) = (3, 11);

/// What an interpreter is asked. Runs on any Python 3; others fail and are ignored.
const QUESTIONS: &str = r#"
import sys, sysconfig
def importable(*names):
    try:
        for name in names:
            __import__(name)
        return 1
    except Exception:
        return 0
release = "" if sys.version_info.releaselevel == "final" else "%s%d" % (sys.version_info.releaselevel[0], sys.version_info.serial)
for name, value in [
    ("executable", getattr(sys, "_base_executable", None) or sys.executable),
    ("implementation", sys.implementation.name),
    ("version", "%d.%d.%d" % sys.version_info[:3] + release),
    ("free_threaded", int(bool(sysconfig.get_config_var("Py_GIL_DISABLED")))),
    ("debug", int(hasattr(sys, "gettotalrefcount"))),
    ("venv", importable("venv", "ensurepip")),
    ("virtualenv", importable("virtualenv")),
]:
    sys.stdout.write("%s=%s\n" % (name, value))
"#;

/// A version, such as `3.13.0` or `3.15.0a1`, that sorts as versions do: a prerelease before its release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    numbers: Vec<u32>,
    released: bool,
    prerelease: String,
}

impl Version {
    /// Reads `3`, `3.13`, `3.13.0` or `3.13.0rc1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let end = text
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(text.len());
        let (numbers, prerelease) = text.split_at(end);
        let numbers = numbers
            .split('.')
            .map(|number| number.parse().ok())
            .collect::<Option<Vec<u32>>>()?;
        Some(Self {
            numbers,
            released: prerelease.is_empty(),
            prerelease: prerelease.to_owned(),
        })
    }

    /// Whether `self`, perhaps shortened, names `full`: `3.11` names `3.11.7`, not `3.1`.
    pub(crate) fn names(&self, full: &Self) -> bool {
        full.numbers.starts_with(&self.numbers)
            && (self.prerelease.is_empty() || self.prerelease == full.prerelease)
    }

    fn minor(&self) -> (u32, u32) {
        let number = |at: usize| self.numbers.get(at).copied().unwrap_or(0);
        (number(0), number(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        write!(to, "{}{}", numbers.join("."), self.prerelease)
    }
}

/// An interpreter, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Python {
    /// The base interpreter, also if a virtual environment's was asked.
    pub(crate) executable: PathBuf,
    /// Its version.
    pub(crate) version: Version,
    implementation: String,
    free_threaded: bool,
    debug: bool,
    /// Has `venv` and `ensurepip`.
    pub(crate) venv: bool,
    /// Has `virtualenv`.
    pub(crate) virtualenv: bool,
}

impl Python {
    /// Version and build in a word: `3.13.0`, `3.14.0t` free-threaded, `3.12.1d` debug.
    pub(crate) fn name(&self) -> String {
        let free_threaded = if self.free_threaded { "t" } else { "" };
        let debug = if self.debug { "d" } else { "" };
        let implementation = if self.implementation == "cpython" {
            ""
        } else {
            &self.implementation
        };
        format!("{implementation}{}{free_threaded}{debug}", self.version)
    }

    /// Why the wheel cannot be installed and run there; `None` if it can.
    pub(crate) fn refusal(&self) -> Option<String> {
        if self.implementation != "cpython" {
            Some(format!(
                "is {}, and the wheel is for CPython",
                self.implementation
            ))
        } else if self.version.minor() < OLDEST {
            Some(format!("is older than {}.{}", OLDEST.0, OLDEST.1))
        } else if self.free_threaded {
            Some(
                "is free-threaded, and a free-threaded Python cannot load the abi3 wheel"
                    .to_owned(),
            )
        } else if !self.venv && !self.virtualenv {
            Some(
                "has neither venv with ensurepip (Debian: install python3-venv) nor virtualenv"
                    .to_owned(),
            )
        } else {
            None
        }
    }

    fn parse(answers: &str) -> Option<Self> {
        let value = |name: &str| {
            answers
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .map(str::trim)
        };
        Some(Self {
            executable: PathBuf::from(value("executable")?),
            version: Version::parse(value("version")?)?,
            implementation: value("implementation")?.to_owned(),
            free_threaded: value("free_threaded")? == "1",
            debug: value("debug")? == "1",
            venv: value("venv")? == "1",
            virtualenv: value("virtualenv")? == "1",
        })
    }

    /// Asks the interpreter at `path` what it is; `None` if it is none.
    pub(crate) fn ask(workspace: &Workspace, path: &Path) -> Option<Self> {
        // -I: neither the current directory nor the user's own packages take part.
        let answer = workspace
            .command(path)
            .args(["-I", "-c", QUESTIONS])
            .output()
            .ok()?;
        if !answer.status.success() {
            return None;
        }
        Self::parse(std::str::from_utf8(&answer.stdout).ok()?)
    }
}

impl fmt::Display for Python {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Python {} ({})", self.name(), self.executable.display())
    }
}

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

    fn python(version: &str, executable: &str) -> Python {
        Python {
            executable: executable.into(),
            version: Version::parse(version).unwrap(),
            implementation: "cpython".to_owned(),
            free_threaded: false,
            debug: false,
            venv: true,
            virtualenv: false,
        }
    }

    fn executables(found: &[Python]) -> Vec<&str> {
        found
            .iter()
            .map(|python| python.executable.to_str().unwrap())
            .collect()
    }

    #[test]
    fn a_prerelease_sorts_before_its_release_and_ten_after_nine() {
        let sorted = ["3.9.18", "3.13.0a1", "3.13.0rc2", "3.13.0", "3.13.10"]
            .map(|text| Version::parse(text).unwrap());
        assert!(sorted.is_sorted());
        assert_eq!(sorted[2].to_string(), "3.13.0rc2");
        for wrong in ["", "x", "3..1", "3.x", "-3"] {
            assert_eq!(Version::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_shortened_version_names_whole_numbers_only() {
        let names = |short: &str, full: &str| {
            Version::parse(short)
                .unwrap()
                .names(&Version::parse(full).unwrap())
        };
        assert!(names("3.11", "3.11.7") && names("3.11.7", "3.11.7") && names("3", "3.11.7"));
        assert!(
            !names("3.1", "3.11.7") && !names("3.11.2", "3.11.7") && !names("3.13.0rc1", "3.13.0")
        );
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
    fn a_python_that_cannot_load_the_wheel_says_why() {
        let usable = python("3.13.0", "/p");
        assert_eq!(usable.refusal(), None);
        let refused = |python: Python| python.refusal().unwrap();
        assert!(
            refused(Python {
                free_threaded: true,
                ..usable.clone()
            })
            .contains("free-threaded")
        );
        assert!(
            refused(Python {
                venv: false,
                ..usable.clone()
            })
            .contains("python3-venv")
        );
        assert!(
            refused(Python {
                implementation: "pypy".to_owned(),
                ..usable.clone()
            })
            .contains("pypy")
        );
        assert_eq!(
            Python {
                venv: false,
                virtualenv: true,
                ..usable
            }
            .refusal(),
            None
        );
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

    #[test]
    fn the_answers_of_an_interpreter_are_read_by_name() {
        let answers = "version=3.15.0a1\nexecutable=/opt/p y/bin/python3\nimplementation=cpython\nfree_threaded=1\ndebug=1\nvenv=0\nvirtualenv=1\n";
        let python = Python::parse(answers).unwrap();
        assert_eq!(python.executable, Path::new("/opt/p y/bin/python3"));
        assert_eq!(python.name(), "3.15.0a1td");
        assert!(python.virtualenv && !python.venv);
        assert_eq!(Python::parse("version=3.13.0\n"), None);
    }
}

//! What a Python is: its version and build, and whether the wheel can be used there.
//!
//! Only what an interpreter says of itself is believed: a name like `python3.12` may be a virtual environment, a shim, or
//! something else altogether.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::workspace::Workspace;

/// The oldest version that the abi3 wheel is built for.
pub(crate) const OLDEST: (u32, u32) = (3, 11);

/// What an interpreter is asked. Runs on any Python 3; others fail and are ignored.
const QUESTIONS: &str = r#"
import os, sys, sysconfig
def importable(*names):
    try:
        for name in names:
            __import__(name)
        return 1
    except Exception:
        return 0
variable = lambda name: sysconfig.get_config_var(name) or ""
places = [variable("LIBDIR"), os.path.join(variable("LIBDIR"), variable("MULTIARCH")), variable("LIBPL")]
library = [place for place in places if variable("LDLIBRARY") and os.path.exists(os.path.join(place, variable("LDLIBRARY")))]
release = "" if sys.version_info.releaselevel == "final" else "%s%d" % (sys.version_info.releaselevel[0], sys.version_info.serial)
for name, value in [
    ("executable", getattr(sys, "_base_executable", None) or sys.executable),
    ("implementation", sys.implementation.name),
    ("version", "%d.%d.%d" % sys.version_info[:3] + release),
    ("free_threaded", int(bool(variable("Py_GIL_DISABLED")))),
    ("debug", int(hasattr(sys, "gettotalrefcount"))),
    ("venv", importable("venv", "ensurepip")),
    ("virtualenv", importable("virtualenv")),
    ("library", library[0] if library else ""),
]:
    sys.stdout.write("%s=%s\n" % (name, value))
"#;

/// A version, such as `3.13.0` or `3.15.0a1`, that sorts as versions do: a prerelease before its release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    numbers: Vec<u32>,
    /// Not a prerelease.
    pub(crate) released: bool,
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

    /// The first two numbers.
    pub(crate) fn minor(&self) -> (u32, u32) {
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
    /// `cpython`, `pypy`, …
    pub(crate) implementation: String,
    /// Runs without the global interpreter lock.
    pub(crate) free_threaded: bool,
    /// Was built with Python's own assertions.
    pub(crate) debug: bool,
    /// Has `venv` and `ensurepip`.
    pub(crate) venv: bool,
    /// Has `virtualenv`.
    pub(crate) virtualenv: bool,
    /// Where its libpython is, if it has one that a program can be linked with.
    pub(crate) library: Option<PathBuf>,
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
            library: value("library")
                .filter(|place| !place.is_empty())
                .map(PathBuf::from),
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An ordinary interpreter.
    pub(crate) fn python(version: &str, executable: &str) -> Python {
        Python {
            executable: executable.into(),
            version: Version::parse(version).unwrap(),
            implementation: "cpython".to_owned(),
            free_threaded: false,
            debug: false,
            venv: true,
            virtualenv: false,
            library: None,
        }
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
    fn the_answers_of_an_interpreter_are_read_by_name() {
        let answers = "version=3.15.0a1\nexecutable=/opt/p y/bin/python3\nimplementation=cpython\nfree_threaded=1\ndebug=1\nvenv=0\nvirtualenv=1\nlibrary=\n";
        let python = Python::parse(answers).unwrap();
        assert_eq!(python.executable, Path::new("/opt/p y/bin/python3"));
        assert_eq!(python.name(), "3.15.0a1td");
        assert!(python.virtualenv && !python.venv);
        assert_eq!(python.library, None);
        assert_eq!(Python::parse("version=3.13.0\n"), None);
    }
}

//! What ends a verb: one line of error, one of hint, and the exit code.

use std::fmt;

/// A reason to stop.
#[derive(Debug)]
pub(crate) struct Trouble {
    error: String,
    hint: Option<String>,
    /// 1 where something that was tried failed, 2 where it could not be tried.
    pub(crate) code: u8,
}

impl Trouble {
    /// The verb was asked for something that it does not have, or the machine lacks something: exit code 2.
    pub(crate) fn usage(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            hint: None,
            code: 2,
        }
    }

    /// A step failed: exit code 1.
    pub(crate) fn failed(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            hint: None,
            code: 1,
        }
    }

    /// The same with advice.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "error: {}", self.error)?;
        match &self.hint {
            Some(hint) => writeln!(to, "hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// An I/O error in a sentence that says at what.
pub(crate) trait At<T> {
    /// Names what was being done to which path.
    fn at(self, doing: &str, path: &std::path::Path) -> Result<T, Trouble>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, doing: &str, path: &std::path::Path) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::failed(format!("cannot {doing} {}: {error}", path.display())))
    }
}

//! Requests as words: `FULL_RO`, `ND|WRITABLE`, `C_CONTIGUOUS|INDIRECT|FORMAT`.
//!
//! A request is written with as few names as say it all: implied flags are left out (`STRIDES`
//! beside `C_CONTIGUOUS`), and the compound names that say more than two flags (`RECORDS`,
//! `RECORDS_RO`, `FULL`, `FULL_RO`) are used where the whole request equals one. Reading accepts
//! every name, also `CONTIG` and `STRIDED`, in any order and with or without `PyBUF_`.

use alloc::string::String;
use core::{fmt, str::FromStr};

use super::Request;

/// The names a request is written with, strongest first; a name is left out once implied.
const WRITTEN: [(&str, Request); 8] = [
    ("C_CONTIGUOUS", Request::C_CONTIGUOUS),
    ("F_CONTIGUOUS", Request::F_CONTIGUOUS),
    ("ANY_CONTIGUOUS", Request::ANY_CONTIGUOUS),
    ("INDIRECT", Request::INDIRECT),
    ("STRIDES", Request::STRIDES),
    ("ND", Request::ND),
    ("WRITABLE", Request::WRITABLE),
    ("FORMAT", Request::FORMAT),
];

/// The names that stand for a whole request when written.
const WHOLE: [(&str, Request); 5] = [
    ("SIMPLE", Request::SIMPLE),
    ("RECORDS", Request::RECORDS),
    ("RECORDS_RO", Request::RECORDS_RO),
    ("FULL", Request::FULL),
    ("FULL_RO", Request::FULL_RO),
];

/// The names that are read and never written.
const READ: [(&str, Request); 4] = [
    ("CONTIG", Request::CONTIG),
    ("CONTIG_RO", Request::CONTIG_RO),
    ("STRIDED", Request::STRIDED),
    ("STRIDED_RO", Request::STRIDED_RO),
];

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = WHOLE.iter().find(|(_, whole)| whole == self) {
            return f.pad(name);
        }
        let mut written = String::new();
        let mut said = Self::SIMPLE;
        for (name, flag) in WRITTEN {
            if self.wants(flag) && !said.wants(flag) {
                if !written.is_empty() {
                    written.push('|');
                }
                written.push_str(name);
                said = said.with(flag);
            }
        }
        f.pad(&written)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A name that is no request flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRequest {
    name: String,
}

impl UnknownRequest {
    /// The name that was not understood.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UnknownRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no request flag; flags are", self.name)?;
        for (name, _) in WRITTEN.iter().chain(&WHOLE).chain(&READ) {
            write!(f, " {name}")?;
        }
        f.write_str(", joined by |")
    }
}

impl core::error::Error for UnknownRequest {}

impl FromStr for Request {
    type Err = UnknownRequest;

    /// Reads names joined by `|`; white space around them is ignored.
    fn from_str(text: &str) -> Result<Self, UnknownRequest> {
        let mut request = Self::SIMPLE;
        for part in text.split('|') {
            let part = part.trim();
            let name = part.strip_prefix("PyBUF_").unwrap_or(part);
            let known = WRITTEN
                .iter()
                .chain(&WHOLE)
                .chain(&READ)
                .find(|(known, _)| *known == name);
            match known {
                Some((_, flag)) => request = request.with(*flag),
                None => return Err(UnknownRequest { name: part.into() }),
            }
        }
        Ok(request)
    }
}

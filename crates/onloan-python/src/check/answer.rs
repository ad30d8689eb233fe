//! One request and what came of it, copied out: what the probes judge.

use std::ffi::c_int;

use onloan::layout::Layout;
use onloan::request::{Offer, Request};
use pyo3::prelude::*;

use super::poisoned::{Field, Filled, Owner, Poisoned, Raised};

/// What came of one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answer {
    pub(super) request: Request,
    /// What was granted.
    pub(super) filled: Option<Filled>,
    pub(super) owner: Owner,
    /// What is in `obj`.
    pub(super) obj: usize,
    /// The fields that still hold the poison.
    pub(super) survivors: Vec<Field>,
    /// The exception that was set afterwards.
    pub(super) raised: Option<Raised>,
    /// The exception that was set after the release.
    pub(super) raised_by_release: Option<Raised>,
}

impl Answer {
    /// Asks and keeps what was granted; the struct of it is returned, to be released.
    pub(super) fn hold(
        object: &Bound<'_, PyAny>,
        flags: c_int,
        poison: u8,
    ) -> (Answer, Option<Poisoned>) {
        let mut view = Poisoned::new(poison);
        let granted = view.ask(object, flags);
        let raised = Raised::take(object.py());
        let answer = Answer {
            request: Request::from_flags(flags),
            filled: granted.then(|| view.filled()),
            owner: view.owner_kind(object),
            obj: view.fields().obj.addr(),
            survivors: view.survivors(),
            raised,
            raised_by_release: None,
        };
        (answer, granted.then_some(view))
    }

    /// Asks, calls `before_release` if it was granted, and releases.
    pub(super) fn ask(
        object: &Bound<'_, PyAny>,
        flags: c_int,
        poison: u8,
        before_release: impl FnOnce() -> PyResult<()>,
    ) -> PyResult<Answer> {
        let (mut answer, held) = Answer::hold(object, flags, poison);
        if let Some(mut view) = held {
            let told = before_release();
            view.release(object.py());
            answer.raised_by_release = Raised::take(object.py());
            told?;
        }
        Ok(answer)
    }

    pub(super) fn granted(&self) -> bool {
        self.filled.is_some()
    }
}

impl Filled {
    /// The layout of the items, what is missing filled in as the documentation says; `None` where it does not add up.
    pub(super) fn layout(&self) -> Option<Layout> {
        let itemsize = usize::try_from(self.itemsize?).ok()?;
        let ndim = usize::try_from(self.ndim?).ok()?;
        let by_length = [self.len?.checked_div(self.itemsize?).unwrap_or(0)];
        let shape = match &self.shape {
            Some(shape) => shape,
            None if ndim == 0 => &[][..],
            None if ndim == 1 => &by_length,
            None => return None,
        };
        let strides = self.strides.as_deref().filter(|_| ndim > 0);
        let suboffsets = self.suboffsets.as_deref().filter(|_| ndim > 0);
        match (strides, suboffsets) {
            (None, None) => Layout::c_order(shape, itemsize),
            (Some(strides), None) => Layout::strided(shape, strides, itemsize),
            (Some(strides), Some(suboffsets)) => {
                Layout::indirect(shape, strides, suboffsets, itemsize)
            }
            (None, Some(_)) => return None,
        }
        .ok()
    }

    /// What the memory offers to requests.
    pub(super) fn offer(&self) -> Option<Offer> {
        let offer = Offer::of(&self.layout()?, self.readonly? != 0);
        if self.len == Some(0) && !offer.indirect() {
            return Some(Offer::new(offer.readonly(), true, true, false));
        }
        Some(offer)
    }
}

/// Numbers as Python writes a tuple; NULL where there are none.
pub(super) fn shown(numbers: Option<&[isize]>) -> String {
    match numbers {
        None => "NULL".to_owned(),
        Some([one]) => format!("({one},)"),
        Some(numbers) => {
            let numbers: Vec<_> = numbers.iter().map(isize::to_string).collect();
            format!("({})", numbers.join(", "))
        }
    }
}

/// Formats are shown up to here.
const LONG: usize = 120;

/// A format as Python writes a string; NULL where there is none.
pub(super) fn quoted(format: Option<&[u8]>) -> String {
    format.map_or_else(
        || "NULL".to_owned(),
        |format| match format.get(..LONG) {
            Some(start) => format!("\"{}…\"", start.escape_ascii()),
            None => format!("\"{}\"", format.escape_ascii()),
        },
    )
}

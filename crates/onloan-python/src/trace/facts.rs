//! What leaves for Python: words and numbers, each word made once, of however many exports it is told.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use super::control::UNSEEN;
use super::hash::Map;

/// File, line, function.
pub(super) type FrameText = (String, u32, String);
pub(super) type Frames = Arc<[FrameText]>;
pub(super) type Chains = Arc<[Vec<String>]>;

/// An exporter with what is out of it.
#[derive(Clone)]
pub(super) struct Lent {
    pub(super) kind: Arc<str>,
    /// The most that one export of it lends.
    pub(super) nbytes: usize,
    pub(super) address: usize,
    pub(super) owner: Option<Arc<str>>,
    pub(super) exports: Vec<Export>,
}

/// An export that is out.
#[derive(Clone)]
pub(super) struct Export {
    pub(super) number: u64,
    pub(super) flags: i32,
    pub(super) nbytes: usize,
    pub(super) thread: Arc<str>,
    /// Seconds; `None` if it was out before the start.
    pub(super) age: Option<f64>,
    pub(super) matched: &'static str,
    pub(super) frames: Frames,
    pub(super) chains: Chains,
    pub(super) why: Option<Arc<str>>,
}

/// A request by name.
pub(super) fn request(flags: i32) -> String {
    if flags == UNSEEN {
        return "unknown".to_owned();
    }
    onloan::request::Request::from_flags(flags).to_string()
}

/// A list of `(type, nbytes, address, owner), [(number, request, nbytes, thread, age, matched, frames, chains, why), …]`.
pub(super) fn told<'py>(py: Python<'py>, lent: &[Lent]) -> PyResult<Bound<'py, PyList>> {
    let mut told = Told {
        py,
        words: Map::default(),
        requests: Map::default(),
        frames: Map::default(),
        chains: Map::default(),
    };
    let list = PyList::empty(py);
    for lent in lent {
        let exporter = (
            told.word(&lent.kind),
            lent.nbytes,
            format!("{:#x}", lent.address),
            lent.owner.as_ref().map(|owner| told.word(owner)),
        );
        let exports = PyList::empty(py);
        for export in &lent.exports {
            exports.append(told.export(export)?)?;
        }
        list.append((exporter, exports))?;
    }
    Ok(list)
}

/// What was told already: by the address of what is shared, or by value.
struct Told<'py> {
    py: Python<'py>,
    words: Map<usize, Bound<'py, PyString>>,
    requests: Map<i32, Bound<'py, PyString>>,
    frames: Map<usize, Bound<'py, PyTuple>>,
    chains: Map<usize, Bound<'py, PyTuple>>,
}

impl<'py> Told<'py> {
    fn export(&mut self, export: &Export) -> PyResult<Bound<'py, PyTuple>> {
        let py = self.py;
        let request = self
            .requests
            .entry(export.flags)
            .or_insert_with(|| PyString::new(py, &request(export.flags)))
            .clone();
        let facts = (
            export.number,
            request,
            export.nbytes,
            self.word(&export.thread),
            export.age,
            PyString::intern(py, export.matched),
            self.frames(&export.frames)?,
            self.chains(&export.chains)?,
            export.why.as_ref().map(|why| self.word(why)),
        );
        facts.into_pyobject(py)
    }

    fn word(&mut self, word: &Arc<str>) -> Bound<'py, PyString> {
        let py = self.py;
        let make = || PyString::new(py, word);
        self.words
            .entry(word.as_ptr().addr())
            .or_insert_with(make)
            .clone()
    }

    fn frames(&mut self, frames: &Frames) -> PyResult<Bound<'py, PyTuple>> {
        let place = frames.as_ptr().addr();
        if let Some(known) = self.frames.get(&place) {
            return Ok(known.clone());
        }
        let made = PyTuple::new(self.py, frames.iter())?;
        self.frames.insert(place, made.clone());
        Ok(made)
    }

    fn chains(&mut self, chains: &Chains) -> PyResult<Bound<'py, PyTuple>> {
        let place = chains.as_ptr().addr();
        if let Some(known) = self.chains.get(&place) {
            return Ok(known.clone());
        }
        let tuples: Vec<_> = chains
            .iter()
            .map(|chain| PyTuple::new(self.py, chain))
            .collect::<PyResult<_>>()?;
        let made = PyTuple::new(self.py, tuples)?;
        self.chains.insert(place, made.clone());
        Ok(made)
    }
}

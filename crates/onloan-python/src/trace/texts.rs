//! Records in words: each name, each stack worked out once, and shared by all that have it.

use std::sync::Arc;

use pyo3::prelude::*;

use super::facts::{Chains, FrameText, Frames};
use super::hash::Map;
use super::heap::Heap;
use super::hooks;
use super::layout::address;
use super::ledger::LEDGER;
use super::report::object;
use super::stacks::{Frame, UNKNOWN};
use super::words;

/// The words of one report. The code objects of all stacks on record are alive meanwhile.
pub(super) struct Texts<'py> {
    py: Python<'py>,
    frames: Map<(usize, usize), FrameText>,
    stacks: Map<u32, Frames>,
    kinds: Map<u32, Arc<str>>,
    types: Map<usize, Arc<str>>,
    threads: Map<u32, Arc<str>>,
    unknown: Arc<str>,
    no_chains: Chains,
}

impl<'py> Texts<'py> {
    pub(super) fn new(py: Python<'py>) -> Texts<'py> {
        Texts {
            py,
            frames: Map::default(),
            stacks: Map::default(),
            kinds: Map::default(),
            types: Map::default(),
            threads: Map::default(),
            unknown: "?".into(),
            no_chains: Chains::default(),
        }
    }

    /// The words for the frames of a stack.
    pub(super) fn stack(&mut self, number: u32) -> Frames {
        if let Some(known) = self.stacks.get(&number) {
            return Arc::clone(known);
        }
        let frames = match number {
            UNKNOWN => Vec::new(),
            stack => LEDGER.lock().stacks.frames_of(stack).to_vec(),
        };
        let texts: Frames = frames.iter().map(|frame| self.frame(*frame)).collect();
        self.stacks.insert(number, Arc::clone(&texts));
        texts
    }

    fn frame(&mut self, frame: Frame) -> FrameText {
        let py = self.py;
        let make = || {
            let (file, function) = words::place(&object(py, frame.code));
            (file, hooks::line(py, frame), function)
        };
        self.frames
            .entry((frame.code, frame.offset))
            .or_insert_with(make)
            .clone()
    }

    /// The name of a type on record.
    pub(super) fn kind(&mut self, kind: u32) -> Arc<str> {
        let ask = || LEDGER.lock().kinds.name(kind).into();
        Arc::clone(self.kinds.entry(kind).or_insert_with(ask))
    }

    /// The name of an object's type.
    pub(super) fn type_name(&mut self, object: &Bound<'py, PyAny>) -> Arc<str> {
        // SAFETY: an object that lives.
        let kind = unsafe { Heap::type_of(address(object)) };
        let ask = || words::type_name(object.get_type().as_any()).into();
        Arc::clone(self.types.entry(kind).or_insert_with(ask))
    }

    /// The name of a thread on record.
    pub(super) fn thread(&mut self, thread: u32) -> Arc<str> {
        let ask = || LEDGER.lock().threads.name(thread).into();
        Arc::clone(self.threads.entry(thread).or_insert_with(ask))
    }

    /// The word for what is not known.
    pub(super) fn unknown(&self) -> Arc<str> {
        Arc::clone(&self.unknown)
    }

    /// No holders yet.
    pub(super) fn no_chains(&self) -> Chains {
        Arc::clone(&self.no_chains)
    }
}

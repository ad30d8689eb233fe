//! The local variables of running functions, of every thread.
//!
//! The collector does not see them, and the public `f_locals` makes a dict that keeps them alive longer than the program would. So they are read in
//! their places, where those are known; while the global lock is held the threads stand still.

use std::collections::hash_map::Entry;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use super::frames::FrameLayout;
use super::hash::Map;
use super::hooks;
use super::layout::{address, layout};
use super::stacks::Frame;
use super::words;

/// One local variable that refers to something.
pub(super) struct Local {
    pub(super) value: usize,
    frame: usize,
    place: usize,
}

struct Running {
    frame: Frame,
    thread: u64,
}

/// All of them.
#[derive(Default)]
pub(super) struct Locals {
    pub(super) locals: Vec<Local>,
    frames: Vec<Running>,
    names: Map<usize, Vec<String>>,
}

/// Functions of these modules look at exports, and hold none.
const OWN: [&str; 6] = [
    "onloan.tracing",
    "onloan.testing",
    "onloan.cli",
    "onloan.run",
    "onloan.recording",
    "onloan.reports",
];

impl Locals {
    /// Reads those of all threads; none where frames are not known.
    pub(super) fn read(py: Python<'_>) -> PyResult<Locals> {
        let mut found = Locals::default();
        let Some(frames) = layout().and_then(|layout| layout.frames.as_ref()) else {
            return Ok(found);
        };
        let current = current_frames(py)?.call0()?;
        for (thread, innermost) in current.cast::<PyDict>()? {
            let thread: u64 = thread.extract()?;
            // SAFETY: a frame object that lives.
            let mut frame = unsafe { frames.of_object(address(&innermost)) };
            while frame != 0 {
                // SAFETY: a frame of a thread that stands still.
                if let Some(look) = unsafe { frames.look(frame) } {
                    found.add(py, frames, frame, look, thread)?;
                }
                // SAFETY: as above.
                frame = unsafe { frames.caller(frame) };
            }
        }
        Ok(found)
    }

    fn add(
        &mut self,
        py: Python<'_>,
        frames: &FrameLayout,
        frame: usize,
        look: Frame,
        thread: u64,
    ) -> PyResult<()> {
        let pointer = std::ptr::with_exposed_provenance_mut(look.code);
        // SAFETY: the frame is running and keeps its code object alive.
        let code: Bound<'_, PyAny> = unsafe { Bound::from_borrowed_ptr(py, pointer) };
        if is_own(&code) {
            return Ok(());
        }
        if let Entry::Vacant(place) = self.names.entry(look.code) {
            place.insert(names(&code)?);
        }
        let number = self.frames.len();
        for place in 0..self.names[&look.code].len() {
            // SAFETY: a frame of a thread that stands still; its code has this place.
            let value = unsafe { frames.local(frame, place) };
            if value != 0 {
                self.locals.push(Local {
                    value,
                    frame: number,
                    place,
                });
            }
        }
        self.frames.push(Running {
            frame: look,
            thread,
        });
        Ok(())
    }

    /// `local 'name' of frame function() in file:line`, with the thread if it is not the main one.
    pub(super) fn text(&self, py: Python<'_>, number: usize) -> String {
        let local = &self.locals[number];
        let running = &self.frames[local.frame];
        let name = &self.names[&running.frame.code][local.place];
        let pointer = std::ptr::with_exposed_provenance_mut(running.frame.code);
        // SAFETY: the frame is running, as nothing has run since it was found, and keeps its code object alive.
        let code: Bound<'_, PyAny> = unsafe { Bound::from_borrowed_ptr(py, pointer) };
        let line = hooks::line(py, running.frame);
        let text = format!("local '{name}' of {}", frame_text(&code, line));
        match words::thread_name(py, running.thread as _) {
            Some(thread) if thread == "MainThread" => text,
            Some(thread) => format!("{text}, thread {thread}"),
            None => format!("{text}, thread {}", running.thread),
        }
    }
}

/// `sys._current_frames`, as it was when it was first needed; programs put functions of their own there.
pub(super) fn current_frames(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static FOUND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let found = FOUND.get_or_try_init(py, || {
        words::of_sys(py, c"_current_frames").map(Bound::unbind)
    })?;
    Ok(found.bind(py))
}

/// Whether a function is one of onloan's, by the directory of its file and the name of that.
pub(super) fn is_own(code: &Bound<'_, PyAny>) -> bool {
    let (file, _) = words::place(code);
    let file = file.replace(['/', '\\'], ".");
    OWN.iter().any(|own| file.contains(&format!(".{own}.")))
}

/// `frame function() in file:line`.
pub(super) fn frame_text(code: &Bound<'_, PyAny>, line: u32) -> String {
    let (file, function) = words::place(code);
    let file = file.rsplit(['/', '\\']).next().unwrap_or(&file);
    format!("frame {function}() in {file}:{line}")
}

/// The names of the places of a code object: local variables, cells that are no arguments, free variables.
pub(super) fn names(code: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let mut names: Vec<String> = code.getattr("co_varnames")?.extract()?;
    let cells: Vec<String> = code.getattr("co_cellvars")?.extract()?;
    for cell in cells {
        if !names.contains(&cell) {
            names.push(cell);
        }
    }
    names.extend(code.getattr("co_freevars")?.extract::<Vec<String>>()?);
    Ok(names)
}

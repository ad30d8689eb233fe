//! Reading the stack of the calling thread: by a layout that was verified, or by the public interface.

use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;

use super::again::Again;
use super::frames::{FrameLayout, KNOWN, OWNED_BY_C_STACK};
use super::layout::address;
use super::stacks::{DEEPEST, Frame};

/// Frames, innermost first, and what they are hashed to.
pub(super) struct Stack {
    frames: [MaybeUninit<Frame>; DEEPEST],
    depth: usize,
    hash: u64,
    /// The way that led to them, if it was not too long.
    steps: [MaybeUninit<Step>; STEPS],
    walked: usize,
    /// Behind the last step there is no frame.
    ends: bool,
}

/// So many frames, shown or not, are kept of a way.
const STEPS: usize = 48;

/// A frame that was met on the way, also one that is not shown.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) frame: usize,
    pub(super) code: usize,
    pub(super) instruction: usize,
    pub(super) owner: u8,
}

impl Stack {
    #[inline]
    pub(super) fn new() -> Stack {
        Stack {
            frames: [const { MaybeUninit::uninit() }; DEEPEST],
            depth: 0,
            hash: 0,
            steps: [const { MaybeUninit::uninit() }; STEPS],
            walked: 0,
            ends: false,
        }
    }

    fn push(&mut self, frame: Frame) {
        self.frames[self.depth].write(frame);
        self.depth += 1;
        self.hash = frame.join(self.hash);
    }

    #[inline]
    pub(super) fn frames(&self) -> &[Frame] {
        // SAFETY: the first `depth` frames were written, by `push` or by `walk`.
        unsafe { std::slice::from_raw_parts(self.frames.as_ptr().cast(), self.depth) }
    }

    fn steps(&self) -> &[Step] {
        // SAFETY: the first `walked` steps were written by `walk`.
        unsafe { std::slice::from_raw_parts(self.steps.as_ptr().cast(), self.walked) }
    }

    /// What [`super::stacks::hash_with`] takes.
    #[inline]
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// Lets a stack that was read by its frames, and has this number now, be recognised.
    pub(super) fn keep(&self, again: &mut Again, kind: u32, number: u32) {
        again.keep(self.steps(), self.ends, kind, number);
    }
}

/// The calling thread, and how its frames are read.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    number: usize,
    thread: usize,
    depth: usize,
}

impl Reader {
    /// Reads at most so many frames.
    ///
    /// # Safety
    /// The layout is verified. The thread state is that of the calling thread, which is attached, and runs nothing of Python as long as there is a reader.
    #[inline]
    pub(super) unsafe fn new(
        layout: &FrameLayout,
        thread: *mut ffi::PyThreadState,
        depth: usize,
    ) -> Reader {
        Reader {
            number: layout.number,
            thread: thread.expose_provenance(),
            depth: depth.min(DEEPEST),
        }
    }

    /// The number of the stack, if it is one that was read lately.
    #[inline]
    pub(super) fn recognised(self, again: &Again, kind: u32) -> Option<u32> {
        if self.depth == 0 {
            return None;
        }
        match self.number {
            0 => self.recognised_by::<0>(again, kind),
            1 => self.recognised_by::<1>(again, kind),
            2 => self.recognised_by::<2>(again, kind),
            _ => self.recognised_by::<3>(again, kind),
        }
    }

    #[inline]
    fn recognised_by<const N: usize>(self, again: &Again, kind: u32) -> Option<u32> {
        // SAFETY: `new` was promised that this is the layout and the thread.
        let innermost = unsafe { KNOWN[N].1.innermost(self.thread) };
        // SAFETY: as above, and the thread is running this.
        unsafe { again.find::<N>(innermost, kind) }
    }

    /// Reads the frames.
    pub(super) fn read(self, stack: &mut Stack) {
        match self.number {
            0 => self.read_by::<0>(stack),
            1 => self.read_by::<1>(stack),
            2 => self.read_by::<2>(stack),
            _ => self.read_by::<3>(stack),
        }
    }

    /// By layout `N` of those that are known: compiled for each, so that the offsets are constants, and what is counted stays in registers.
    fn read_by<const N: usize>(self, stack: &mut Stack) {
        let layout = const { &KNOWN[N].1 };
        // SAFETY: `new` was promised that this is the layout and the thread.
        let mut frame = unsafe { layout.innermost(self.thread) };
        let (mut depth, mut walked, mut hash) = (0, 0, 0);
        // Of a way that cannot be kept nothing is.
        let mut whole = true;
        while frame != 0 && depth < self.depth {
            // SAFETY: a frame of a thread that stands still, as it is the calling one.
            let step = unsafe { layout.step(frame) };
            match stack.steps.get_mut(walked) {
                Some(place) => {
                    place.write(step);
                    walked += 1;
                }
                None => whole = false,
            }
            // SAFETY: as above.
            if let Some(shown) = unsafe { layout.shown(step) } {
                stack.frames[depth].write(shown);
                depth += 1;
                hash = shown.join(hash);
            } else {
                // One that is not yet begun will be.
                whole &= step.owner >= OWNED_BY_C_STACK;
            }
            // SAFETY: as above.
            frame = unsafe { layout.caller(frame) };
        }
        stack.depth = depth;
        stack.hash = hash;
        stack.walked = if whole { walked } else { 0 };
        stack.ends = frame == 0;
    }
}

/// The innermost frames of the calling thread by the public interface.
pub(super) fn public(py: Python<'_>, depth: usize, stack: &mut Stack) {
    // SAFETY: attached.
    let thread = unsafe { ffi::PyThreadState_Get() };
    // SAFETY: attached.
    let innermost = unsafe { ffi::PyThreadState_GetFrame(thread) };
    // SAFETY: a new reference or NULL.
    let mut object = unsafe { Bound::from_owned_ptr_or_opt(py, innermost.cast()) };
    while let Some(frame) = object.filter(|_| stack.depth < depth.min(DEEPEST)) {
        let look = || -> PyResult<(Frame, Bound<'_, PyAny>)> {
            let offset: isize = frame.getattr("f_lasti")?.extract()?;
            let found = Frame {
                code: address(&frame.getattr("f_code")?),
                offset: offset as usize,
            };
            Ok((found, frame.getattr("f_back")?))
        };
        let Ok((found, back)) = look() else {
            return;
        };
        stack.push(found);
        object = (!back.is_none()).then_some(back);
    }
}

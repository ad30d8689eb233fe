//! The Python frames of a thread, read where CPython keeps them.
//!
//! The public interface makes an object of each frame, at twice the cost of all the rest. So the frames are read by offsets, known for some versions, and
//! used only after a walk by them has been found to say what the public interface says, with a function's arguments in their place.

use std::ffi::CStr;
use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use super::again::Again;
use super::layout::{WORD, address, word};
use super::stacks::{DEEPEST, Frame};

/// Who has the memory of a frame.
const OWNED_BY_GENERATOR: u8 = 1;
const OWNED_BY_C_STACK: u8 = 3;

/// Offsets of one version of CPython.
#[derive(Clone, Copy)]
pub(super) struct FrameLayout {
    /// Its place in `KNOWN`.
    number: usize,
    /// In the thread state: a struct that has the current frame; 0 if the thread state has it itself.
    c_frame: usize,
    /// In that struct, or in the thread state.
    current: usize,
    /// In a frame.
    code: usize,
    previous: usize,
    instruction: usize,
    owner: usize,
    locals: usize,
    /// In a code object: the first instruction.
    start: usize,
    /// In a code object: how many instructions come before a frame is one that can be shown.
    first_traceable: usize,
}

/// In a frame object: the frame.
const FRAME_OF_OBJECT: usize = 3 * WORD;

pub(super) const KNOWN: [((u8, u8), FrameLayout); 3] = [
    (
        (3, 11),
        FrameLayout {
            number: 0,
            c_frame: 56,
            current: 8,
            code: 32,
            previous: 48,
            instruction: 56,
            owner: 69,
            locals: 72,
            start: 184,
            first_traceable: 168,
        },
    ),
    (
        (3, 12),
        FrameLayout {
            number: 1,
            c_frame: 56,
            current: 0,
            code: 0,
            previous: 8,
            instruction: 56,
            owner: 70,
            locals: 72,
            start: 192,
            first_traceable: 176,
        },
    ),
    (
        (3, 13),
        FrameLayout {
            number: 2,
            c_frame: 0,
            current: 72,
            code: 0,
            previous: 8,
            instruction: 56,
            owner: 70,
            locals: 72,
            start: 200,
            first_traceable: 184,
        },
    ),
];

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
    code: usize,
    pub(super) instruction: usize,
    owner: u8,
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

impl FrameLayout {
    /// The layout of the running interpreter, if it is known and proves itself.
    pub(super) fn verified(py: Python<'_>) -> PyResult<Option<FrameLayout>> {
        let version = py.version_info();
        let known = KNOWN
            .iter()
            .find(|(known, _)| *known == (version.major, version.minor));
        let Some((_, layout)) = known.copied() else {
            return Ok(None);
        };
        let probe = Probe::run(py, layout)?;
        Ok(probe.then_some(layout))
    }

    /// The innermost frame of a thread; 0 if it has none.
    ///
    /// # Safety
    /// The layout is verified, and the thread state is that of the calling thread, which is attached.
    #[inline(always)]
    unsafe fn innermost(&self, thread: usize) -> usize {
        if self.c_frame == 0 {
            // SAFETY: granted by the caller.
            return unsafe { word(thread, self.current) };
        }
        // SAFETY: granted by the caller.
        let c_frame = unsafe { word(thread, self.c_frame) };
        // SAFETY: as above: while a thread runs Python it has this struct.
        unsafe { word(c_frame, self.current) }
    }

    /// # Safety
    /// The frame of a thread that does not run meanwhile.
    #[inline(always)]
    pub(super) unsafe fn caller(&self, frame: usize) -> usize {
        // SAFETY: granted by the caller.
        unsafe { word(frame, self.previous) }
    }

    /// # Safety
    /// The frame of a thread that does not run meanwhile.
    #[inline(always)]
    unsafe fn owner(&self, frame: usize) -> u8 {
        let owner = std::ptr::with_exposed_provenance::<u8>(frame + self.owner);
        // SAFETY: granted by the caller.
        unsafe { owner.read() }
    }

    /// # Safety
    /// The frame of a thread that does not run meanwhile.
    #[inline(always)]
    pub(super) unsafe fn instruction(&self, frame: usize) -> usize {
        // SAFETY: granted by the caller.
        unsafe { word(frame, self.instruction) }
    }

    /// What a frame is at the moment. One that is CPython's own has something else where the others have their code.
    ///
    /// # Safety
    /// The frame of a thread that does not run meanwhile.
    #[inline(always)]
    unsafe fn step(&self, frame: usize) -> Step {
        Step {
            frame,
            // SAFETY: granted by the caller.
            code: unsafe { word(frame, self.code) },
            // SAFETY: granted by the caller.
            instruction: unsafe { self.instruction(frame) },
            // SAFETY: granted by the caller.
            owner: unsafe { self.owner(frame) },
        }
    }

    /// Whether a frame is what it was at another time. If its code object has been kept alive since, it is then shown as it was then.
    ///
    /// # Safety
    /// The frame of a thread that does not run meanwhile.
    #[inline(always)]
    pub(super) unsafe fn stands_at(&self, frame: usize, step: &Step) -> bool {
        // SAFETY: granted by the caller.
        let now = unsafe { self.step(frame) };
        (now.instruction, now.code, now.owner) == (step.instruction, step.code, step.owner)
    }

    /// The frame that is shown of a step: none of one that is CPython's own or not yet begun.
    ///
    /// # Safety
    /// The step of a frame of a thread that does not run meanwhile.
    #[inline(always)]
    unsafe fn shown(&self, step: Step) -> Option<Frame> {
        let Step { code, .. } = step;
        if step.owner == OWNED_BY_C_STACK {
            return None;
        }
        let offset = step.instruction.wrapping_sub(code);
        if step.owner != OWNED_BY_GENERATOR {
            let first = std::ptr::with_exposed_provenance::<i32>(code + self.first_traceable);
            // SAFETY: a frame that is not on the C stack has a code object.
            let first = unsafe { first.read() };
            if (offset as isize) < (self.start as isize + 2 * first as isize) {
                return None;
            }
        }
        Some(Frame { code, offset })
    }

    /// The code and the place of a frame; `None` of one that is CPython's own or not yet begun.
    ///
    /// # Safety
    /// The frame of a thread that does not run meanwhile.
    pub(super) unsafe fn look(&self, frame: usize) -> Option<Frame> {
        // SAFETY: granted by the caller.
        let step = unsafe { self.step(frame) };
        // SAFETY: granted by the caller.
        unsafe { self.shown(step) }
    }

    /// What `frame.f_lasti` would be.
    pub(super) fn lasti(&self, frame: Frame) -> isize {
        frame.offset.wrapping_sub(self.start) as isize
    }

    /// The local variable at a place of a frame: NULL, or an object.
    ///
    /// # Safety
    /// The frame of a thread that does not run meanwhile, and a place that its code has.
    pub(super) unsafe fn local(&self, frame: usize, place: usize) -> usize {
        // SAFETY: granted by the caller.
        unsafe { word(frame, self.locals + place * WORD) }
    }

    /// The frame behind a frame object.
    ///
    /// # Safety
    /// A frame object that lives.
    pub(super) unsafe fn of_object(&self, object: usize) -> usize {
        // SAFETY: granted by the caller.
        unsafe { word(object, FRAME_OF_OBJECT) }
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
            _ => self.recognised_by::<2>(again, kind),
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
            _ => self.read_by::<2>(stack),
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
                whole &= step.owner == OWNED_BY_C_STACK;
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

/// A function that calls another one, from which the frames are looked at.
struct Probe;

const SOURCE: &CStr = c"
def probe(marker, look):
    copy = marker
    return look()

def outer(marker, look):
    for found in (probe(marker, look) for _ in (1,)):
        return found
";

impl Probe {
    fn run(py: Python<'_>, layout: FrameLayout) -> PyResult<bool> {
        let namespace = PyDict::new(py);
        py.run(SOURCE, Some(&namespace), None)?;
        let outer = namespace
            .get_item("outer")?
            .ok_or_else(|| pyo3::exceptions::PyRuntimeError::new_err("no probe"))?;
        // A number that is no small one, and so an object that nobody else has.
        let marker = 0x6F6E_6C6F_616E_u64.into_pyobject(py)?;
        let expected = address(&marker);
        let look = move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
            Probe::look(arguments.py(), layout, expected)
        };
        let look = PyCFunction::new_closure(py, None, None, look)?;
        outer.call1((marker, look))?.extract()
    }

    /// Walks both ways.
    fn look(py: Python<'_>, layout: FrameLayout, marker: usize) -> PyResult<bool> {
        // SAFETY: attached.
        let thread = unsafe { ffi::PyThreadState_Get() };
        // SAFETY: attached.
        let innermost = unsafe { ffi::PyThreadState_GetFrame(thread) };
        // SAFETY: a new reference or NULL.
        let object = unsafe { Bound::from_owned_ptr_or_opt(py, innermost.cast()) };
        let Some(mut object) = object else {
            return Ok(false);
        };
        // SAFETY: a frame object that lives.
        let frame = unsafe { layout.of_object(address(&object)) };
        let place = thread.expose_provenance();
        // SAFETY: both structs are longer than what is read of them in all versions that are known; the pointer is checked below to be
        // the one that the public interface leads to.
        let current = unsafe { layout.innermost(place) };
        if current != frame {
            return Ok(false);
        }
        for place in [0, 2] {
            // SAFETY: the frame of `probe`, which has three local variables.
            if unsafe { layout.local(frame, place) } != marker {
                return Ok(false);
            }
        }
        let mut stack = Stack::new();
        // SAFETY: the innermost frame was found right; each further one is compared here before it is ever relied on.
        let reader = unsafe { Reader::new(&layout, thread, DEEPEST) };
        reader.read(&mut stack);
        for frame in stack.frames() {
            let code = object.getattr("f_code")?;
            let lasti: isize = object.getattr("f_lasti")?.extract()?;
            if frame.code != address(&code) || layout.lasti(*frame) != lasti {
                return Ok(false);
            }
            let back = object.getattr("f_back")?;
            if back.is_none() {
                break;
            }
            object = back;
        }
        Ok(stack.frames().len() >= 3)
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

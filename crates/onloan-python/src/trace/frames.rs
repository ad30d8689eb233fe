//! The Python frames of a thread, read where CPython keeps them.
//!
//! The public interface makes an object of each frame, at twice the cost of all the rest. So the frames are read by offsets, known for some versions, and
//! used only after a walk by them has been found to say what the public interface says, with a function's arguments in their place.

use std::ffi::CStr;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use super::layout::{WORD, address, word};
use super::reader::{Reader, Stack, Step};
use super::stacks::{DEEPEST, Frame};

/// Who has the memory of a frame.
const OWNED_BY_GENERATOR: u8 = 1;
/// From 3.14 on this and the next number: by the interpreter, or on the C stack.
pub(super) const OWNED_BY_C_STACK: u8 = 3;

/// Offsets of one version of CPython.
#[derive(Clone, Copy)]
pub(super) struct FrameLayout {
    /// Its place in `KNOWN`; of those that are the same, the first.
    pub(super) number: usize,
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
    /// Bits of a reference to an object that are not its address: from 3.14 on. All of them are set in a number that is no reference.
    tag: usize,
}

/// 3.14 and 3.15.
const TAGGED: FrameLayout = FrameLayout {
    number: 3,
    c_frame: 0,
    current: 72,
    code: 0,
    previous: 8,
    instruction: 56,
    owner: 74,
    locals: 80,
    start: 208,
    first_traceable: 192,
    tag: 3,
};

/// In a frame object: the frame.
const FRAME_OF_OBJECT: usize = 3 * WORD;

pub(super) const KNOWN: [((u8, u8), FrameLayout); 5] = [
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
            tag: 0,
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
            tag: 0,
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
            tag: 0,
        },
    ),
    ((3, 14), TAGGED),
    ((3, 15), TAGGED),
];

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
    pub(super) unsafe fn innermost(&self, thread: usize) -> usize {
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
    pub(super) unsafe fn step(&self, frame: usize) -> Step {
        Step {
            frame,
            // SAFETY: granted by the caller.
            code: unsafe { word(frame, self.code) } & !self.tag,
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
    pub(super) unsafe fn shown(&self, step: Step) -> Option<Frame> {
        let Step { code, .. } = step;
        if step.owner >= OWNED_BY_C_STACK {
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
        let reference = unsafe { word(frame, self.locals + place * WORD) };
        match reference & self.tag {
            3 => 0,
            _ => reference & !self.tag,
        }
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

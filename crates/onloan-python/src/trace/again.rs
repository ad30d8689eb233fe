//! Stacks that were read lately, and are recognised without being read.
//!
//! Where the next frame lies is known only when this one has been read, so that whoever walks a stack waits for each frame. But most acquisitions come from
//! where another one came from, with the callers in the same places. So each such stack is kept with the places of its frames: to find them unchanged, all
//! are looked at together.

use std::ptr;

use super::frames::{KNOWN, Step};
use super::hash::place;

/// 2^`BITS` stacks are kept.
const BITS: u32 = 9;

/// A stack that was read.
#[derive(Default)]
struct Known {
    steps: Vec<Step>,
    /// Whether there is no frame behind the last one.
    ends: bool,
    kind: u32,
    stack: u32,
}

/// The latest stacks, each in a place of its own by its innermost frame.
pub(super) struct Again {
    known: Vec<Known>,
}

impl Again {
    pub(super) const fn new() -> Again {
        Again { known: Vec::new() }
    }

    /// The number of the stack that begins with this frame, if it is that of another time and was acquired from this type then.
    ///
    /// # Safety
    /// Layout `N` is verified. The frame is the innermost of the calling thread.
    #[inline]
    pub(super) unsafe fn find<const N: usize>(&self, innermost: usize, kind: u32) -> Option<u32> {
        if innermost == 0 {
            return None;
        }
        // SAFETY: granted by the caller.
        let instruction = unsafe { KNOWN[N].1.instruction(innermost) };
        let known = self.known.get(at(innermost, instruction, kind))?;
        if known.kind != kind || known.steps.is_empty() {
            return None;
        }
        // SAFETY: granted by the caller.
        unsafe { still::<N>(innermost, known) }.then_some(known.stack)
    }

    /// Keeps a stack that was read; `ends` if the last step is the outermost frame.
    pub(super) fn keep(&mut self, steps: &[Step], ends: bool, kind: u32, stack: u32) {
        let Some(innermost) = steps.first() else {
            return;
        };
        if self.known.is_empty() {
            self.known.resize_with(1 << BITS, Known::default);
        }
        let known = &mut self.known[at(innermost.frame, innermost.instruction, kind)];
        known.steps.clear();
        known.steps.extend_from_slice(steps);
        known.ends = ends;
        known.kind = kind;
        known.stack = stack;
    }

    pub(super) fn bytes(&self) -> usize {
        let steps = |known: &Known| known.steps.capacity() * size_of::<Step>();
        self.known.capacity() * size_of::<Known>() + self.known.iter().map(steps).sum::<usize>()
    }
}

#[inline]
fn at(frame: usize, instruction: usize, kind: u32) -> usize {
    place(frame ^ instruction.rotate_left(20) ^ kind as usize, BITS)
}

/// Whether the frames from here on are those that are known.
///
/// # Safety
/// As for [`Again::find`].
#[inline]
unsafe fn still<const N: usize>(innermost: usize, known: &Known) -> bool {
    let layout = const { &KNOWN[N].1 };
    let mut frame = innermost;
    for step in &known.steps {
        if frame != step.frame {
            return false;
        }
        // SAFETY: a reference. The same number once more; but as the compiler does not know that, the processor need not wait for the one that was
        // read in the frame before.
        let frame_again = unsafe { ptr::read_volatile(&raw const step.frame) };
        // SAFETY: the frame of a thread that stands still, as it is the calling one.
        if !unsafe { layout.stands_at(frame_again, step) } {
            return false;
        }
        // SAFETY: as above.
        frame = unsafe { layout.caller(frame_again) };
    }
    !known.ends || frame == 0
}

//! Stacks that were read lately, and are recognised without being read.
//!
//! Where the next frame lies is known only when this one has been read, so that whoever walks a stack waits for each frame. But most acquisitions come from
//! where another one came from, with the callers in the same places. So each such stack is kept with the places of its frames: to find them unchanged, all
//! are looked at together.

use std::ptr;

use super::frames::KNOWN;
use super::hash::place;
use super::reader::Step;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// The newest layout of those that are known.
    const N: usize = KNOWN[KNOWN.len() - 1].1.number;

    /// Frames as a thread has them, innermost first: memory, of which each is a part.
    struct Thread {
        frames: Vec<[usize; 16]>,
    }

    impl Thread {
        fn of(deep: usize) -> Thread {
            let mut frames = vec![[0; 16]; deep];
            for (number, frame) in frames.iter_mut().enumerate() {
                // Code, caller and instruction lie in different words in all of them; the owner is a byte of another.
                for (place, word) in frame.iter_mut().enumerate() {
                    *word = 1000 * (number + 1) + 8 * place;
                }
            }
            let mut thread = Thread { frames };
            for number in 0..deep {
                let caller = match thread.frames.get(number + 1) {
                    Some(_) => thread.address(number + 1),
                    None => 0,
                };
                thread.call(number, caller);
            }
            thread
        }

        fn address(&self, number: usize) -> usize {
            self.frames[number].as_ptr().expose_provenance()
        }

        /// Writes who has called a frame: the word of which the layout says so.
        fn call(&mut self, number: usize, caller: usize) {
            let frame = self.address(number);
            let word = (0..16).find(|word| {
                // SAFETY: a frame of 16 words, longer than the layout's.
                let found = unsafe { KNOWN[N].1.caller(frame) };
                found == self.frames[number][*word]
            });
            self.frames[number][word.expect("a word of the frame")] = caller;
        }

        fn steps(&self) -> Vec<Step> {
            let step = |number| {
                // SAFETY: as above.
                unsafe { KNOWN[N].1.step(self.address(number)) }
            };
            (0..self.frames.len()).map(step).collect()
        }

        fn find(&self, again: &Again, kind: u32) -> Option<u32> {
            // SAFETY: frames of 16 words; nobody else has them.
            unsafe { again.find::<N>(self.address(0), kind) }
        }
    }

    #[test]
    fn a_stack_is_recognised_while_nothing_of_it_has_changed() {
        let mut thread = Thread::of(5);
        let mut again = Again::new();
        assert_eq!(thread.find(&again, 7), None);
        again.keep(&thread.steps(), true, 7, 42);
        assert_eq!(thread.find(&again, 7), Some(42));
        assert_eq!(thread.find(&again, 8), None);
        for number in 0..5 {
            for word in 0..16 {
                let before = thread.steps();
                let kept = thread.frames[number][word];
                thread.frames[number][word] ^= 1 << 33;
                let same = thread.steps().iter().zip(&before).all(|(now, before)| {
                    (now.code, now.instruction, now.owner)
                        == (before.code, before.instruction, before.owner)
                });
                // SAFETY: a frame of 16 words.
                let caller = unsafe { KNOWN[N].1.caller(thread.address(number)) };
                let called = caller
                    == thread
                        .frames
                        .get(number + 1)
                        .map_or(0, |_| thread.address(number + 1));
                if same && called {
                    assert_eq!(thread.find(&again, 7), Some(42), "{number} {word}");
                } else {
                    assert_eq!(thread.find(&again, 7), None, "{number} {word}");
                }
                thread.frames[number][word] = kept;
            }
        }
        assert_eq!(thread.find(&again, 7), Some(42));
    }

    #[test]
    fn what_lies_behind_the_last_frame_counts_only_if_there_was_nothing() {
        let thread = Thread::of(5);
        let mut again = Again::new();
        again.keep(&thread.steps()[..3], false, 7, 42);
        assert_eq!(thread.find(&again, 7), Some(42));
        again.keep(&thread.steps()[..3], true, 7, 43);
        assert_eq!(thread.find(&again, 7), None);
        again.keep(&[], true, 7, 44);
        assert_eq!(thread.find(&again, 7), None);
    }
}

//! Recognising memory that was freed under a buffer.
//!
//! Children of the checker run with allocators that overwrite what is freed: Python's debug allocator, glibc's `perturb`, macOS's scribbling.

use pyo3::prelude::*;

/// What Python's debug allocator fills freed memory with.
pub(super) const PYTHON: u8 = 0xDD;
/// What glibc is told to fill freed memory with; what it hands out it fills with the complement.
const PERTURB: u8 = 0xB5;
/// What the checker fills memory with that it takes.
const CHURN: u8 = 0xC7;

/// Bytes that memory is full of which does not belong to whom it did: freed, new, or somebody else's.
const FULL_OF: [u8; 6] = [PYTHON, 0xCD, PERTURB, !PERTURB, CHURN, 0x55];

/// Where `after` is full of one of these bytes and `before` was not: the byte, the offset, and how many at least.
pub(super) fn freed(before: &[u8], after: &[u8]) -> Option<(u8, usize, usize)> {
    if before.len() != after.len() || before == after {
        return None;
    }
    let length = after.len().min(16);
    // What is freed is changed by and by; what was full of it before, and is not any more, was freed already.
    let all = |bytes: &[u8], byte| bytes.len() >= 8 && bytes.iter().all(|other| *other == byte);
    if let Some(byte) = [PYTHON, PERTURB]
        .into_iter()
        .find(|byte| all(before, *byte))
    {
        return Some((byte, 0, before.len()));
    }
    FULL_OF.into_iter().find_map(|byte| {
        let mut run = 0;
        let mut new = false;
        for (at, (old, now)) in before.iter().zip(after).enumerate() {
            if *now == byte {
                run += 1;
                new |= old != now;
                if run >= length && new {
                    return Some((byte, at + 1 - run, run));
                }
            } else {
                run = 0;
                new = false;
            }
        }
        None
    })
}

/// Where `after` looks like memory that was freed, `before` being what was there:
/// (byte, offset, how many); None if it does not.
#[pyfunction]
#[pyo3(signature = (before, after, /))]
pub(crate) fn _check_freed(before: &[u8], after: &[u8]) -> Option<(u8, usize, usize)> {
    freed(before, after)
}

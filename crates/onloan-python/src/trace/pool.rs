//! The functions that are put into slots, one for each function that was found in one.
//!
//! A slot gets no word of its own to remember by which function it was replaced, so each of these functions is compiled with a number, under which the
//! original stands in a table. One for each *original function*, not for each type: types that copy a slot from another then still chain
//! to the right one. They stay callable for ever, and pass through while tracing is off.

use std::ffi::c_int;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use pyo3::ffi;

use super::hooks;

/// So many functions of each kind can be replaced.
const SIZE: usize = 256;

pub(super) type Get = unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::Py_buffer, c_int) -> c_int;
pub(super) type Release = unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::Py_buffer);

/// Whether acquisitions and releases are recorded.
pub(super) static ON: AtomicBool = AtomicBool::new(false);

static GET: [AtomicUsize; SIZE] = [const { AtomicUsize::new(0) }; SIZE];
static RELEASE: [AtomicUsize; SIZE] = [const { AtomicUsize::new(0) }; SIZE];

/// What stands in the slot in the place of original number `N`.
///
/// # Safety
/// As for `bf_getbuffer`.
unsafe extern "C" fn get<const N: usize>(
    exporter: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    let original = GET[N].load(Ordering::Relaxed);
    // SAFETY: a slot holds this only after the address of a `bf_getbuffer` was put there (`Pool::replacement`).
    let original = unsafe { mem::transmute::<usize, Get>(original) };
    if ON.load(Ordering::Relaxed) {
        // SAFETY: granted by the caller.
        unsafe { hooks::get(original, exporter, view, flags) }
    } else {
        // SAFETY: granted by the caller.
        unsafe { original(exporter, view, flags) }
    }
}

/// What stands in the slot in the place of original number `N`.
///
/// # Safety
/// As for `bf_releasebuffer`.
unsafe extern "C" fn release<const N: usize>(
    exporter: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
) {
    let original = RELEASE[N].load(Ordering::Relaxed);
    // SAFETY: a slot holds this only after the address of a `bf_releasebuffer` was put there (`Pool::replacement`).
    let original = unsafe { mem::transmute::<usize, Release>(original) };
    if ON.load(Ordering::Relaxed) {
        // SAFETY: granted by the caller.
        unsafe { hooks::release(exporter, view, None) };
    }
    // SAFETY: granted by the caller.
    unsafe { original(exporter, view) };
}

macro_rules! sixteen {
    ($function:ident, $type:ty, $($row:literal)*) => {
        [$(
            $function::<{ $row * 16 }> as $type, $function::<{ $row * 16 + 1 }>, $function::<{ $row * 16 + 2 }>,
            $function::<{ $row * 16 + 3 }>, $function::<{ $row * 16 + 4 }>, $function::<{ $row * 16 + 5 }>,
            $function::<{ $row * 16 + 6 }>, $function::<{ $row * 16 + 7 }>, $function::<{ $row * 16 + 8 }>,
            $function::<{ $row * 16 + 9 }>, $function::<{ $row * 16 + 10 }>, $function::<{ $row * 16 + 11 }>,
            $function::<{ $row * 16 + 12 }>, $function::<{ $row * 16 + 13 }>, $function::<{ $row * 16 + 14 }>,
            $function::<{ $row * 16 + 15 }>,
        )*]
    };
}

static GETS: [Get; SIZE] = sixteen!(get, Get, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
static RELEASES: [Release; SIZE] =
    sixteen!(release, Release, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);

/// The functions of one kind, and what they stand for. One thread at a time adds to it: the one that holds the global lock of the main interpreter.
pub(super) struct Pool {
    originals: &'static [AtomicUsize; SIZE],
    ours: fn(usize) -> usize,
}

pub(super) const GET_POOL: Pool = Pool {
    originals: &GET,
    ours: |number| (GETS[number] as *const ()).expose_provenance(),
};

pub(super) const RELEASE_POOL: Pool = Pool {
    originals: &RELEASE,
    ours: |number| (RELEASES[number] as *const ()).expose_provenance(),
};

impl Pool {
    /// What to put in the place of a function: `None` where it is one of ours, or where there is none left.
    pub(super) fn replacement(&self, original: usize) -> Option<usize> {
        if self.original(original).is_some() {
            return None;
        }
        for (number, place) in self.originals.iter().enumerate() {
            let known = place.load(Ordering::Relaxed);
            if known == 0 {
                place.store(original, Ordering::Release);
            }
            if known == 0 || known == original {
                return Some((self.ours)(number));
            }
        }
        None
    }

    /// The function that one of ours stands for.
    pub(super) fn original(&self, ours: usize) -> Option<usize> {
        let original = self.place(ours)?.load(Ordering::Acquire);
        (original != 0).then_some(original)
    }

    /// Has one of ours, that stands for `from`, stand for `to` from now on; `false` if it does not.
    pub(super) fn retarget(&self, ours: usize, from: usize, to: usize) -> bool {
        let exchanged = self
            .place(ours)
            .map(|place| place.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed));
        from != 0 && exchanged.is_some_and(|exchanged| exchanged.is_ok())
    }

    fn place(&self, ours: usize) -> Option<&AtomicUsize> {
        // Most of them were never put into a slot: those that were come first.
        for (number, place) in self.originals.iter().enumerate() {
            if place.load(Ordering::Relaxed) == 0 {
                return None;
            }
            if (self.ours)(number) == ours {
                return Some(place);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_numbers_share_a_function() {
        // The linker may fold functions whose code is the same: these differ in the place that they read.
        let gets: HashSet<usize> = (0..SIZE).map(GET_POOL.ours).collect();
        let releases: HashSet<usize> = (0..SIZE).map(RELEASE_POOL.ours).collect();
        assert_eq!((gets.len(), releases.len()), (SIZE, SIZE));
    }
}

//! Views, their iterators and their loans as Python objects, made and unmade at the cost of the work.
//!
//! By PyO3's way an object is allocated, cleared, filled, and freed again behind a trampoline; for a cut that is more than everything else. Here an
//! object that has served is kept for the next one, a few of them of each class. CPython does the same for tuples, floats and frames.
//!
//! ```text
//!   make ──▶ an object of the pool, or else a new one ──▶ its value ──▶ seen by the collector
//!   unmake ◀── the last reference is gone: hidden from the collector, value dropped, weak references cleared, into the pool
//! ```
//!
//! # What is verified
//!
//! Where PyO3 puts the value, and that it writes nothing else into an object, is read off one that it made; that CPython unmakes objects by the
//! function found in the type is proved as for all [slots](super::slots). If anything does not fit, or if there is no global lock, the pool
//! stays closed, and objects are made by PyO3.

use std::cell::Cell;
use std::ffi::{c_ulong, c_void};
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
use std::sync::atomic::AtomicPtr;

use onloan::__private::GIL_DISABLED;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::{PyClass, PyClassInitializer};

use super::slots;

/// How many objects of a class may wait.
const MOST: usize = 64;

/// The index of `tp_dealloc`, in pointers.
const DEALLOC: usize = 6;

/// A class whose objects are kept.
pub(super) trait Pooled:
    PyClass<Frozen = True> + Sync + Into<PyClassInitializer<Self>>
{
    /// Whether there can be weak references to its objects.
    const WEAKLY_REFERENCED: bool;

    /// One for each class.
    fn pool() -> &'static Pool;
}

/// Objects that wait, and where their value goes.
pub(super) struct Pool {
    /// NULL: closed.
    class: Cell<*mut ffi::PyTypeObject>,
    value_at: Cell<usize>,
    /// Invariant `WAITING`: the first `count` are objects of the class without references, hidden from the collector, and without a value.
    waiting: [Cell<*mut ffi::PyObject>; MOST],
    count: Cell<usize>,
    plain_dealloc: AtomicPtr<c_void>,
}

// SAFETY: private, and reached only by who is attached, that is, under the global lock: without one it is never opened.
unsafe impl Sync for Pool {}

impl Pool {
    pub(super) const fn new() -> Pool {
        Pool {
            class: Cell::new(ptr::null_mut()),
            value_at: Cell::new(0),
            waiting: [const { Cell::new(ptr::null_mut()) }; MOST],
            count: Cell::new(0),
            plain_dealloc: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// An object without a value, hidden from the collector.
    #[inline]
    fn take(&self, _py: Python<'_>) -> Option<*mut ffi::PyObject> {
        let left = self.count.get().checked_sub(1)?;
        let object = self.waiting.get(left)?.get();
        self.count.set(left);
        // SAFETY: memory of an object of this class, which nobody uses (`WAITING`); attached.
        Some(unsafe { ffi::PyObject_Init(object, self.class.get()) })
    }

    /// Keeps the memory of an object, or frees it.
    ///
    /// # Safety
    /// An object of this class without references, hidden from the collector, whose value was dropped; attached.
    #[inline]
    unsafe fn put(&self, object: *mut ffi::PyObject) {
        match self.waiting.get(self.count.get()) {
            Some(place) => {
                place.set(object);
                self.count.set(self.count.get() + 1);
            }
            // SAFETY: granted by the caller: nobody uses it any more.
            None => unsafe { ffi::PyObject_GC_Del(object.cast()) },
        }
        // SAFETY: the reference of the object to its class, a class made at run time.
        unsafe { ffi::Py_DECREF(self.class.get().cast()) };
    }
}

/// The object of a value, which is made at its place. `value` runs nobody's code.
///
/// # Errors
/// There is no memory for it.
#[inline]
pub(super) fn make<T: Pooled>(py: Python<'_>, value: impl FnOnce() -> T) -> PyResult<Bound<'_, T>> {
    let pool = T::pool();
    let Some(object) = pool.take(py) else {
        return Bound::new(py, value());
    };
    let place = object.wrapping_byte_add(pool.value_at.get()).cast::<T>();
    // SAFETY: the place of the value (verified when the pool was opened), which has none now.
    unsafe { place.write(value()) };
    // SAFETY: an object of a class that the collector knows, complete, and hidden from it until now.
    unsafe { ffi::PyObject_GC_Track(object.cast()) };
    // SAFETY: a new reference.
    let object = unsafe { Bound::from_owned_ptr(py, object) };
    // SAFETY: an object of this class.
    Ok(unsafe { object.cast_into_unchecked() })
}

/// `tp_dealloc`.
unsafe extern "C" fn unmake<T: Pooled>(object: *mut ffi::PyObject) {
    let pool = T::pool();
    // SAFETY: an object of a class that the collector knows.
    unsafe { ffi::PyObject_GC_UnTrack(object.cast()) };
    let value = object.wrapping_byte_add(pool.value_at.get()).cast::<T>();
    let dropped = panic::catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the value, which nobody uses: there is no reference any more. Dropped once.
        unsafe { value.drop_in_place() };
    }));
    // Nobody could receive it.
    std::mem::forget(dropped);
    if T::WEAKLY_REFERENCED {
        // SAFETY: an object without references, of a class with weak references.
        unsafe { ffi::PyObject_ClearWeakRefs(object) };
    }
    // SAFETY: as just done.
    unsafe { pool.put(object) };
}

/// Opens the pool of a class, if everything is as it has to be. `sample` is an object that PyO3 made.
pub(super) fn open<T: Pooled>(sample: &Bound<'_, T>) {
    let class = T::type_object(sample.py());
    if GIL_DISABLED {
        return;
    }
    let Some(value_at) = place_of_value(sample) else {
        return;
    };
    // SAFETY: a type, alive and attached.
    let flags = unsafe { ffi::PyType_GetFlags(class.as_type_ptr()) };
    let exact: c_ulong = ffi::Py_TPFLAGS_HEAPTYPE | ffi::Py_TPFLAGS_HAVE_GC;
    if flags & (exact | ffi::Py_TPFLAGS_BASETYPE) != exact {
        return;
    }
    // SAFETY: as above.
    let free = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), ffi::Py_tp_free) };
    if free.addr() != (ffi::PyObject_GC_Del as *const ()).addr() {
        return;
    }
    let pool = T::pool();
    pool.value_at.set(value_at);
    pool.class.set(class.as_type_ptr());
    let field = class.as_ptr().cast::<*mut c_void>().wrapping_add(DEALLOC);
    let new = unmake::<T> as *mut c_void;
    // Nothing waits until an object was unmade by the new function, so that the pool stays closed if it was not put in.
    slots::exchange(&class, field, ffi::Py_tp_dealloc, &pool.plain_dealloc, new);
}

/// The bytes before the value, if PyO3 writes nothing but it behind the head of the object.
fn place_of_value<T: Pooled>(sample: &Bound<'_, T>) -> Option<usize> {
    let size: usize = sample
        .as_any()
        .get_type()
        .getattr("__basicsize__")
        .ok()?
        .extract()
        .ok()?;
    let start = sample.as_ptr();
    let value: *const T = sample.get();
    let value_at = value.addr().checked_sub(start.addr())?;
    let value = value_at..value_at + size_of::<T>();
    let word = size_of::<usize>();
    if value_at % word != 0 || value.end > size || value_at < size_of::<ffi::PyObject>() {
        return None;
    }
    let mut rest = (size_of::<ffi::PyObject>()..size)
        .step_by(word)
        .filter(|at| !value.contains(at));
    rest.all(|at| {
        let place = start.wrapping_byte_add(at).cast::<usize>();
        // SAFETY: a word of the object, which is `size` bytes, outside of its value.
        let found = unsafe { place.read() };
        found == 0
    })
    .then_some(value_at)
}

/// A reference to a Python object that is given back at once, because whoever drops it is attached. (PyO3's own looks first whether that is so, by
/// a count that knows nothing of raw slots.)
pub(super) struct Reference<T>(ManuallyDrop<Py<T>>);

impl<T> Reference<T> {
    /// # Safety
    /// Whoever drops it is attached.
    #[inline]
    pub(super) unsafe fn new(object: Py<T>) -> Reference<T> {
        Reference(ManuallyDrop::new(object))
    }
}

impl<T> Deref for Reference<T> {
    type Target = Py<T>;

    #[inline]
    fn deref(&self) -> &Py<T> {
        &self.0
    }
}

impl<T> Drop for Reference<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: attached (`new`).
        let py = unsafe { Python::assume_attached() };
        // SAFETY: not used any more.
        let object = unsafe { ManuallyDrop::take(&mut self.0) };
        drop(object.into_bound(py));
    }
}

//! Short ways for what is done a hundred million times: making a view, `m[i]`, `m[a:b]`, both with `= x`, the next item of an iterator,
//! releasing.
//!
//! PyO3's slots are right, and cost as much again as the work itself. The functions here do the plain cases; whatever else there is to be
//! done goes to the slot that PyO3 made.
//!
//! ```text
//!   m[3] ──▶ subscript ── one dimension, native letter, an int in range ──▶ item
//!                 ├────── one dimension, a slice ──▶ view
//!                 └────── else ──▶ PyO3's slot ──▶ subscript::get
//! ```
//!
//! # What is verified
//!
//! The stable ABI has no fields for slots. They are looked for where every CPython with a global lock has them, and used only if what is there proves
//! itself: it is what `PyType_GetSlot` answers. If anything does not fit, PyO3's slots stay, which are right. Without a global lock they stay too.
//!
//! # Without PyO3's count
//!
//! PyO3 counts on each thread whether it is attached. Raw slots do not count, as CPython calls them attached anyway; what would look at that count
//! ([`Py`] when dropped, exceptions too) is not dropped here, or inside of `Python::attach`, which only the ways of errors take.

mod buffer;
mod call;
mod compare;
mod item;
mod method;
mod part;
mod search;

use std::ffi::c_void;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use onloan::__private::GIL_DISABLED;
use onloan::request::Request;
use pyo3::ffi;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple, PyType};
use pyo3::{Borrowed, PyClass, PyTypeInfo};

use super::View;
use super::iterate::ViewIterator;
use super::pool::{self, Pooled};

/// The index of a field of `PyTypeObject`, in pointers.
const AS_SEQUENCE: usize = 13;
const AS_MAPPING: usize = 14;
const AS_BUFFER: usize = 20;
const COMPARE_FIELD: usize = 25;
const ITER: usize = 27;
const ITERNEXT: usize = 28;
/// `PyTypeObject` of every CPython has at least as many.
const FIELDS: usize = 48;

/// PyO3's slots, for everything else. Set before the short ways are.
static LENGTH: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static SUBSCRIPT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static ASS_SUBSCRIPT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static CONTAINS: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static COMPARE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static GETBUFFER: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static RELEASEBUFFER: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static ITERATOR: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static NEXT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Puts the short ways in, where that can be verified.
///
/// # Errors
/// A view cannot be made.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    if GIL_DISABLED {
        return Ok(());
    }
    let class = View::type_object(py);
    let view = Bound::new(
        py,
        View::acquire(PyBytes::new(py, b"").as_any(), Request::FULL_RO)?,
    )?;
    let iterator = Bound::new(py, ViewIterator::of(&view)?)?;
    pool::open(view.get().managed.bind(py));
    pool::open(&view);
    pool::open(&iterator);
    let field = |class: &Bound<'_, PyType>, index: usize| {
        let start = class.as_ptr().cast::<*mut c_void>();
        start.wrapping_add(index)
    };
    if let Some(table) = table(&class, AS_SEQUENCE, 8) {
        let new = item::length as *mut c_void;
        exchange(&class, table, ffi::Py_sq_length, &LENGTH, new);
        let field = table.wrapping_add(7);
        let new = search::contains as *mut c_void;
        exchange(&class, field, ffi::Py_sq_contains, &CONTAINS, new);
    }
    if let Some(table) = table(&class, AS_MAPPING, 3) {
        let [get, set] = [table.wrapping_add(1), table.wrapping_add(2)];
        let new = item::subscript as *mut c_void;
        exchange(&class, get, ffi::Py_mp_subscript, &SUBSCRIPT, new);
        let new = item::ass_subscript as *mut c_void;
        exchange(&class, set, ffi::Py_mp_ass_subscript, &ASS_SUBSCRIPT, new);
    }
    if let Some(table) = table(&class, AS_BUFFER, 2) {
        let new = buffer::getbuffer as *mut c_void;
        exchange(&class, table, ffi::Py_bf_getbuffer, &GETBUFFER, new);
        let (field, new) = (table.wrapping_add(1), buffer::releasebuffer as *mut c_void);
        exchange(&class, field, ffi::Py_bf_releasebuffer, &RELEASEBUFFER, new);
    }
    let new = compare::compare as *mut c_void;
    exchange(
        &class,
        field(&class, COMPARE_FIELD),
        ffi::Py_tp_richcompare,
        &COMPARE,
        new,
    );
    let new = item::iterator as *mut c_void;
    exchange(&class, field(&class, ITER), ffi::Py_tp_iter, &ITERATOR, new);
    let iterators = ViewIterator::type_object(py);
    let new = item::next as *mut c_void;
    exchange(
        &iterators,
        field(&iterators, ITERNEXT),
        ffi::Py_tp_iternext,
        &NEXT,
        new,
    );
    call::install(&class);
    method::install(&class)
}

/// The table of so many pointers that a field points to, if it lies inside of the type, as that of a class made at run time does.
fn table(class: &Bound<'_, PyType>, field: usize, pointers: usize) -> Option<*mut *mut c_void> {
    let start = class.as_ptr().cast::<*mut c_void>();
    // SAFETY: one of the fields of a type object, each as large as a pointer; alive while borrowed.
    let table = unsafe { start.wrapping_add(field).read() }.cast::<*mut c_void>();
    let size = size_of_types(class)?;
    let inside = (start.addr() + FIELDS * size_of::<usize>())
        ..(start.addr() + size).saturating_sub(pointers * size_of::<usize>());
    (inside.contains(&table.addr()) && table.is_aligned()).then_some(table)
}

/// The bytes of a type object.
fn size_of_types(class: &Bound<'_, PyType>) -> Option<usize> {
    let size = class.get_type().getattr("__basicsize__");
    size.ok()?.extract().ok()
}

/// Puts `new` in place of the slot, if the field holds what CPython says the slot is.
pub(super) fn exchange(
    class: &Bound<'_, PyType>,
    field: *mut *mut c_void,
    slot: std::ffi::c_int,
    old: &AtomicPtr<c_void>,
    new: *mut c_void,
) {
    // SAFETY: a type, alive and attached; a slot that CPython knows.
    let known = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), slot) };
    // SAFETY: a field of the type object, or of a table inside of it (by the callers), alive while borrowed.
    let found = unsafe { field.read() };
    if known.is_null() || found != known {
        return;
    }
    old.store(known, Ordering::Release);
    // SAFETY: as above; it holds a function of the same signature. Under the global lock nobody else looks.
    unsafe { field.write(new) };
}

/// The value behind an object.
///
/// # Safety
/// An instance of `T`, alive as long as the reference is used, on a thread that is attached.
#[inline]
unsafe fn value<'a, T: PyClass<Frozen = pyo3::pyclass::boolean_struct::True> + Sync>(
    object: *mut ffi::PyObject,
) -> &'a T {
    // SAFETY: attached (granted by the caller).
    let py = unsafe { Python::assume_attached() };
    // SAFETY: alive (granted by the caller).
    let object = unsafe { Borrowed::from_ptr(py, object) };
    // SAFETY: an instance (granted by the caller).
    let object: Borrowed<'_, '_, T> = unsafe { object.cast_unchecked() };
    let value: *const T = object.get();
    // SAFETY: alive as long as the reference is used (granted by the caller), and frozen.
    unsafe { &*value }
}

/// The arguments of a vectorcall as a tuple, behind `first`, and those with names as a dictionary.
///
/// # Safety
/// `names` is NULL or a tuple of strings; there are `count` arguments, and one more for each name, kept alive by the caller.
#[cold]
unsafe fn at_length<'py>(
    py: Python<'py>,
    first: Option<Bound<'py, PyAny>>,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> PyResult<(Bound<'py, PyTuple>, Option<Bound<'py, PyDict>>)> {
    let argument = |index: usize| {
        // SAFETY: one of the arguments (granted by the caller).
        let argument = unsafe { arguments.wrapping_add(index).read() };
        // SAFETY: kept alive by the caller.
        unsafe { Bound::from_borrowed_ptr(py, argument) }
    };
    let positional: Vec<_> = first.into_iter().chain((0..count).map(argument)).collect();
    let positional = PyTuple::new(py, positional)?;
    // SAFETY: NULL, or an object that the caller keeps alive.
    let Some(names) = (unsafe { Bound::from_borrowed_ptr_or_opt(py, names) }) else {
        return Ok((positional, None));
    };
    let named = PyDict::new(py);
    for (index, name) in names.cast::<PyTuple>()?.iter().enumerate() {
        named.set_item(name, argument(count + index))?;
    }
    Ok((positional, Some(named)))
}

/// Runs what may fail, and as a fault panic.
#[inline]
fn guarded<R>(run: impl FnOnce() -> PyResult<R>) -> Option<R> {
    match panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(result)) => Some(result),
        Ok(Err(error)) => {
            raise(error);
            None
        }
        Err(_) => {
            raise(PanicException::new_err("a panic in onloan.View"));
            None
        }
    }
}

/// Sets an exception.
#[cold]
fn raise(error: PyErr) {
    Python::attach(|py| error.restore(py));
}

/// An object to be returned, or NULL with the exception that is set.
#[inline]
fn returned<T>(object: Option<Bound<'_, T>>) -> *mut ffi::PyObject {
    object.map_or(ptr::null_mut(), Bound::into_ptr)
}

/// The object of a value, to be returned.
#[inline]
fn made_of<T: Pooled>(py: Python<'_>, value: impl FnOnce() -> T) -> *mut ffi::PyObject {
    match pool::make(py, value) {
        Ok(made) => made.into_ptr(),
        Err(error) => {
            raise(error);
            ptr::null_mut()
        }
    }
}

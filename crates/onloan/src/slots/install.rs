//! Replacing PyO3's slots by raw ones.
//!
//! PyO3 makes the slots of a class from `__getbuffer__` and `__releasebuffer__`, which `#[exporter]` adds; they are right, and three times as
//! slow as slots in C. The first request that comes in that way puts the raw functions in their place: in the type of the object, in the class
//! itself, and in all subclasses that exist. Subclasses that come later inherit the raw slots, or (CPython 3.12+ takes them from the wrapper
//! descriptors) come in the plain way once and are then replaced too.
//!
//! # What is verified
//!
//! The stable ABI has no field for `tp_as_buffer`. It is found where every CPython from 3.11 on has it, and used only if what is there proves
//! itself: it points into the heap type object, and holds the very two functions that `PyType_GetSlot` answers. And a slot is replaced only if
//! it holds the function that PyO3 made for this class: a slot that a tracer has wrapped, or that a subclass has overridden, is left alone.
//! Where `onloan` traces, its function is asked to call the raw one, and that is what the slot then holds afterwards.
//! If anything does not fit, the plain slots stay, which are right.

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::impl_::pyclass::PyClassImpl;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};

use super::class::{Access, ExporterClass};
use super::lend::getbuffer;
use super::release::releasebuffer;
use crate::table;

/// The two functions of a class, as addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pair {
    getbuffer: *mut c_void,
    releasebuffer: *mut c_void,
}

/// `PyBufferProcs`, with fields that can be exchanged while others read them.
#[repr(C)]
struct Table {
    getbuffer: AtomicPtr<c_void>,
    releasebuffer: AtomicPtr<c_void>,
}

#[cfg(not(Py_LIMITED_API))]
const _: () = {
    assert!(size_of::<Table>() == size_of::<ffi::PyBufferProcs>());
    assert!(
        std::mem::offset_of!(ffi::PyBufferProcs, bf_getbuffer)
            == std::mem::offset_of!(Table, getbuffer)
    );
    assert!(
        std::mem::offset_of!(ffi::PyBufferProcs, bf_releasebuffer)
            == std::mem::offset_of!(Table, releasebuffer)
    );
};

/// `offsetof(PyTypeObject, tp_as_buffer)` of builds with a global lock: the 20th pointer, behind a `PyVarObject` and 17 others.
const AS_BUFFER: usize = 20 * size_of::<*mut c_void>();

#[cfg(not(Py_LIMITED_API))]
const _: () = assert!(
    cfg!(Py_GIL_DISABLED) || std::mem::offset_of!(ffi::PyTypeObject, tp_as_buffer) == AS_BUFFER
);

/// What a class remembers of its slots. One for each class, made by the macro.
#[doc(hidden)]
pub struct Slots {
    /// PyO3's pair, once known.
    getbuffer: AtomicPtr<c_void>,
    releasebuffer: AtomicPtr<c_void>,
    /// The class and the subclasses that it had then are done.
    tree: AtomicBool,
    /// Another class of this module, see [`CLASSES`].
    next: AtomicPtr<Slots>,
}

/// The classes of this module that were asked for memory: a list through them.
static CLASSES: AtomicPtr<Slots> = AtomicPtr::new(ptr::null_mut());

/// Whether PyO3 made this release slot for a class of this module; it then calls the raw one.
pub(super) fn is_plain_release(slot: *const c_void) -> bool {
    let mut next = CLASSES.load(Ordering::Acquire);
    while let Some(class) = NonNull::new(next) {
        // SAFETY: only statics are in the list (`remember`).
        let class = unsafe { class.as_ref() };
        if ptr::eq(class.releasebuffer.load(Ordering::Acquire), slot) {
            return true;
        }
        next = class.next.load(Ordering::Acquire);
    }
    false
}

impl Slots {
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Slots {
        Slots {
            getbuffer: AtomicPtr::new(ptr::null_mut()),
            releasebuffer: AtomicPtr::new(ptr::null_mut()),
            tree: AtomicBool::new(false),
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Puts a class into the list of all, once.
    fn remember(&'static self) {
        let this = ptr::from_ref(self).cast_mut();
        let mut first = CLASSES.load(Ordering::Acquire);
        loop {
            self.next.store(first, Ordering::Release);
            match CLASSES.compare_exchange_weak(first, this, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(other) => first = other,
            }
        }
    }

    /// The pair that PyO3 made for `T`.
    fn of_pyo3<T: PyClassImpl>(&self) -> Option<Pair> {
        let known = Pair {
            getbuffer: self.getbuffer.load(Ordering::Acquire),
            releasebuffer: self.releasebuffer.load(Ordering::Acquire),
        };
        if !known.getbuffer.is_null() && !known.releasebuffer.is_null() {
            return Some(known);
        }
        let slots = || T::items_iter().flat_map(|items| items.slots);
        let find = |wanted: c_int| {
            slots()
                .find(|slot| slot.slot == wanted)
                .map(|slot| slot.pfunc)
        };
        let pair = Pair {
            getbuffer: find(ffi::Py_bf_getbuffer)?,
            releasebuffer: find(ffi::Py_bf_releasebuffer)?,
        };
        self.getbuffer.store(pair.getbuffer, Ordering::Release);
        self.releasebuffer
            .store(pair.releasebuffer, Ordering::Release);
        Some(pair)
    }
}

/// Puts the raw slots into the type of `object`, and once into the whole class. Never fails: what cannot be verified stays as it is.
pub(super) fn for_type_of<T>(object: &Bound<'_, T>)
where
    T: ExporterClass,
    T::Frozen: Access<T>,
{
    let py = object.py();
    let slots = T::slots();
    let Some(from) = slots.of_pyo3::<T>() else {
        return;
    };
    let to = Pair {
        getbuffer: getbuffer::<T> as *mut c_void,
        releasebuffer: releasebuffer as *mut c_void,
    };
    exchange(&object.as_any().get_type(), from, to);
    if !slots.tree.swap(true, Ordering::AcqRel) {
        slots.remember();
        table::announce(py);
        exchange_tree(&T::type_object(py), from, to);
    }
}

fn exchange_tree(class: &Bound<'_, PyType>, from: Pair, to: Pair) {
    exchange(class, from, to);
    // `type.__subclasses__` itself: a metaclass may have another one.
    let py = class.py();
    let subclasses = py
        .get_type::<PyType>()
        .call_method1("__subclasses__", (class,));
    if let Ok(subclasses) =
        subclasses.and_then(|list| list.cast_into::<PyList>().map_err(Into::into))
    {
        for subclass in &subclasses {
            if let Ok(subclass) = subclass.cast::<PyType>() {
                exchange_tree(subclass, from, to);
            }
        }
    }
}

/// Exchanges both slots of one type if it has both from PyO3.
fn exchange(class: &Bound<'_, PyType>, from: Pair, to: Pair) {
    let getbuffer = slot(class, ffi::Py_bf_getbuffer);
    if getbuffer != from.getbuffer {
        return exchange_behind(class, getbuffer, from, to);
    }
    let Some(table) = verified_table(class) else {
        return;
    };
    // SAFETY: verified to be the slots of `class`, which lives while borrowed.
    let table = unsafe { table.as_ref() };
    if table.getbuffer.load(Ordering::Acquire) == from.getbuffer
        && table.releasebuffer.load(Ordering::Acquire) == from.releasebuffer
    {
        // One at a time: in between there is a raw and a plain slot, which understand each other.
        table
            .releasebuffer
            .store(to.releasebuffer, Ordering::Release);
        table.getbuffer.store(to.getbuffer, Ordering::Release);
    }
}

/// As [`exchange`], behind functions of the tracer's that stand for both.
fn exchange_behind(class: &Bound<'_, PyType>, getbuffer: *mut c_void, from: Pair, to: Pair) {
    /// The last slot that was none of the tracer's: whoever has put it there is met with each request.
    static FOREIGN: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
    if getbuffer == FOREIGN.load(Ordering::Relaxed) {
        return;
    }
    let py = class.py();
    if !ptr::eq(table::original(py, getbuffer), from.getbuffer) {
        FOREIGN.store(getbuffer, Ordering::Relaxed);
        return;
    }
    let releasebuffer = slot(class, ffi::Py_bf_releasebuffer);
    if ptr::eq(table::original(py, releasebuffer), from.releasebuffer) {
        // SAFETY: who has PyO3's function in a slot is of the class that it was made for, or below it; the raw one does the same for these, and
        // understands what PyO3's has lent.
        unsafe { table::retarget(py, releasebuffer, from.releasebuffer, to.releasebuffer) };
        // SAFETY: as above.
        unsafe { table::retarget(py, getbuffer, from.getbuffer, to.getbuffer) };
    }
}

/// The slots of a heap type, if they are where they are looked for.
fn verified_table(class: &Bound<'_, PyType>) -> Option<NonNull<Table>> {
    let size: usize = class
        .get_type()
        .getattr("__basicsize__")
        .ok()?
        .extract()
        .ok()?;
    let start = class.as_ptr().addr();
    if size < AS_BUFFER + size_of::<*mut c_void>() {
        return None;
    }
    let field = class
        .as_ptr()
        .wrapping_byte_add(AS_BUFFER)
        .cast::<*mut Table>();
    // SAFETY: inside of the type object, which is `size` bytes (checked) and whose fields are pointers or numbers of that size.
    let table = NonNull::new(unsafe { field.read() })?;
    let inside = start..(start + size).saturating_sub(size_of::<Table>());
    if !inside.contains(&table.addr().get()) || !table.is_aligned() {
        return None;
    }
    // SAFETY: inside of the type object (checked), which lives while borrowed.
    let slots = unsafe { table.as_ref() };
    let proven = slots.getbuffer.load(Ordering::Acquire) == slot(class, ffi::Py_bf_getbuffer)
        && slots.releasebuffer.load(Ordering::Acquire) == slot(class, ffi::Py_bf_releasebuffer);
    proven.then_some(table)
}

fn slot(class: &Bound<'_, PyType>, slot: c_int) -> *mut c_void {
    // SAFETY: a type, alive and attached; `slot` is one of those that CPython knows.
    unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), slot) }
}

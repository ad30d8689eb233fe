//! Finding every type of the process, and exchanging its buffer slots.
//!
//! Types are found by walking `type.__subclasses__` from `object` on. What is exchanged:
//!
//! - `bf_getbuffer` of every type that has one;
//! - `bf_releasebuffer` of every type that has both: none is ever added, because consumers ask whether there is one. That of classes with a
//!   Python `__release_buffer__` stays: CPython recognises it by its address, and calls the release of the class below through the slot of that one;
//! - from CPython 3.12 on, the pointer in the wrapper descriptors `__buffer__` and `__release_buffer__`, from which classes that are made later take
//!   their slots.
//!
//! Slots are written to where they are. If that page is read-only, the type is given a copy of its slots, which stays.

use std::ffi::{CStr, c_int};
use std::mem;
use std::sync::atomic::Ordering;

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};

use super::blocked;
use super::hash::Set;
use super::layout::{
    BufferSlots, D_TYPE, D_WRAPPED, Layout, TP_AS_BUFFER, TP_INIT, TP_VECTORCALL, WORD, address,
    buffer_slots, pointer, slot, word,
};
use super::ledger::LEDGER;
use super::lock::Lock;
use super::pages::Pages;
use super::pool::{GET_POOL, Pool, RELEASE_POOL};

/// Every type that there is.
pub(super) fn types(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyType>>> {
    let subclasses = py.get_type::<PyType>().getattr("__subclasses__")?;
    let object = py.get_type::<PyAny>();
    let mut seen = Set::default();
    seen.insert(address(&object));
    let mut found = vec![object];
    let mut next = 0;
    while let Some(class) = found.get(next).cloned() {
        next += 1;
        for subclass in subclasses.call1((class,))?.cast::<PyList>()? {
            let subclass = subclass.cast_into::<PyType>()?;
            if seen.insert(address(&subclass)) {
                found.push(subclass);
            }
        }
    }
    Ok(found)
}

/// Exchanges the slots of all types that have not been met before. Returns how many could not be exchanged.
pub(super) fn exchange(py: Python<'_>, layout: &Layout) -> PyResult<u64> {
    let mut scan = Scan::new(py)?;
    let mut left_out = 0;
    for class in types(py)? {
        let Some(slots) = buffer_slots(&class) else {
            continue;
        };
        if slots.get == 0 {
            // CPython's wrapper around the views of `__buffer__`: it passes the release on to the memoryview, which is the exporter on record.
            continue;
        }
        let release = (slots.release != layout.python_release).then_some(slots.release);
        for (pool, offset, original) in [
            (RELEASE_POOL, WORD, release.unwrap_or(0)),
            (GET_POOL, 0, slots.get),
        ] {
            if original == 0 || pool.original(original).is_some() {
                continue;
            }
            match pool.replacement(original) {
                Some(ours) => scan.pages.write(&class, slots, offset, ours),
                None => left_out += 1,
            }
        }
        scan.descriptors(&class, |pool, wrapped| {
            let is_python = wrapped == layout.python_get || wrapped == layout.python_release;
            (!is_python).then(|| pool.replacement(wrapped))?
        })?;
    }
    exchange_init(py)?;
    LEDGER.lock().kinds.doubt();
    Ok(left_out)
}

/// Puts back whatever was exchanged, in all types that there are now.
pub(super) fn restore(py: Python<'_>) -> PyResult<()> {
    let mut scan = Scan::new(py)?;
    for class in types(py)? {
        if let Some(slots) = buffer_slots(&class) {
            for (pool, offset, held) in [
                (RELEASE_POOL, WORD, slots.release),
                (GET_POOL, 0, slots.get),
            ] {
                if let Some(original) = pool.original(held) {
                    scan.pages.write(&class, slots, offset, original);
                }
            }
            scan.descriptors(&class, Pool::original)?;
        }
    }
    restore_init(py)
}

/// What a walk over all types needs.
struct Scan<'py> {
    /// `type.__dict__["__dict__"]`, which no metaclass can bend.
    namespace: Bound<'py, PyAny>,
    wrapper: Bound<'py, PyType>,
    pages: Pages,
    has_descriptors: bool,
}

impl<'py> Scan<'py> {
    fn new(py: Python<'py>) -> PyResult<Scan<'py>> {
        let namespace = py
            .get_type::<PyType>()
            .getattr("__dict__")?
            .get_item("__dict__")?;
        let wrapper = py
            .get_type::<PyAny>()
            .getattr("__dict__")?
            .get_item("__init__")?
            .get_type();
        Ok(Scan {
            namespace: namespace.getattr("__get__")?,
            wrapper,
            pages: Pages::new(),
            has_descriptors: py.version_info() >= (3, 12),
        })
    }

    /// Exchanges what the two descriptors of a type wrap, if it has them itself.
    fn descriptors(
        &self,
        class: &Bound<'py, PyType>,
        exchanged: impl Fn(&Pool, usize) -> Option<usize>,
    ) -> PyResult<()> {
        if !self.has_descriptors {
            return Ok(());
        }
        let namespace = self.namespace.call1((class,))?;
        for (name, pool) in [
            ("__buffer__", GET_POOL),
            ("__release_buffer__", RELEASE_POOL),
        ] {
            let Ok(descriptor) = namespace.get_item(name) else {
                continue;
            };
            if !descriptor.get_type().is(&self.wrapper) {
                continue;
            }
            let start = address(&descriptor);
            // SAFETY: a wrapper descriptor, whose fields were verified at the start.
            let owner = unsafe { word(start, D_TYPE) };
            if owner != address(class) {
                continue;
            }
            // SAFETY: as above; written to by who holds the global lock.
            let wrapped = unsafe { pointer(start, D_WRAPPED) };
            let held = wrapped.load(Ordering::Acquire).expose_provenance();
            if let Some(other) = exchanged(&pool, held) {
                let other = std::ptr::with_exposed_provenance_mut(other);
                wrapped.store(other, Ordering::Release);
            }
        }
        Ok(())
    }
}

/// Static types, and the `tp_vectorcall` that they had.
static SHORTCUTS: Lock<Vec<(usize, usize)>> = Lock::new(Vec::new());

/// `Py_tp_vectorcall`, which the headers have from 3.14 on.
const PY_TP_VECTORCALL: c_int = 82;

/// `BufferError` and the types below it, as far as they have its `tp_init`, tell of each instance.
fn exchange_init(py: Python<'_>) -> PyResult<()> {
    let base = py.get_type::<PyBufferError>();
    let original = slot(&base, ffi::Py_tp_init);
    if original != blocked::hook_address() {
        blocked::chain_to(original);
    }
    each_init(py, original, blocked::hook_address())
}

fn restore_init(py: Python<'_>) -> PyResult<()> {
    each_init(py, blocked::hook_address(), blocked::original())
}

fn each_init(py: Python<'_>, from: usize, to: usize) -> PyResult<()> {
    if from == 0 || to == 0 || from == to {
        return Ok(());
    }
    let mut shortcuts = mem::take(&mut *SHORTCUTS.lock());
    for (class, shortcut) in shortcuts.drain(..) {
        // SAFETY: a static type, whose slot was looked at when it was put here; written to by who holds the global lock.
        let place = unsafe { pointer(class, TP_VECTORCALL) };
        if place.load(Ordering::Acquire).is_null() {
            place.store(
                std::ptr::with_exposed_provenance_mut(shortcut),
                Ordering::Release,
            );
        }
    }
    let subclasses = py.get_type::<PyType>().getattr("__subclasses__")?;
    let mut classes = vec![py.get_type::<PyBufferError>()];
    while let Some(class) = classes.pop() {
        if slot(&class, ffi::Py_tp_init) == from {
            // SAFETY: a type object of CPython is longer than this offset; written to by who holds the global lock.
            let place = unsafe { pointer(address(&class), TP_INIT) };
            // Only if it is where it is looked for.
            if place.load(Ordering::Acquire).expose_provenance() == from {
                place.store(std::ptr::with_exposed_provenance_mut(to), Ordering::Release);
                if to == blocked::hook_address() {
                    shortcuts.extend(take_shortcut(&class));
                }
            }
        }
        for subclass in subclasses.call1((class,))?.cast::<PyList>()? {
            classes.push(subclass.cast_into::<PyType>()?);
        }
    }
    *SHORTCUTS.lock() = shortcuts;
    Ok(())
}

/// From 3.14 on `BufferError` has a `tp_vectorcall`, which makes an exception without `tp_init`. A type that has none is called by `tp_call`, which
/// does the same with it.
fn take_shortcut(class: &Bound<'_, PyType>) -> Option<(usize, usize)> {
    if class.py().version_info() < (3, 14) {
        return None;
    }
    let shortcut = slot(class, PY_TP_VECTORCALL);
    // SAFETY: a type object of CPython is longer than this offset; written to by who holds the global lock.
    let place = unsafe { pointer(address(class), TP_VECTORCALL) };
    // Only if it is where it is looked for.
    if shortcut == 0 || place.load(Ordering::Acquire).expose_provenance() != shortcut {
        return None;
    }
    place.store(std::ptr::null_mut(), Ordering::Release);
    Some((address(class), shortcut))
}

/// Types whose `BufferSlots` are to be written to.
impl Pages {
    fn write(
        &mut self,
        class: &Bound<'_, PyType>,
        slots: BufferSlots,
        offset: usize,
        value: usize,
    ) {
        // SAFETY: a type object of CPython is longer than this offset.
        let field = unsafe { pointer(address(class), TP_AS_BUFFER) };
        // Not `slots.table`: a moment ago the type may have been given a copy.
        let mut table = field.load(Ordering::Acquire).expose_provenance();
        if !self.writable(class, table) {
            // Other types may have the same table: they come with the same slots.
            let copy = Box::leak(Box::new([slots.get, slots.release]));
            // What the other slot holds now, it may have been exchanged a moment ago.
            for (place, copied) in copy.iter_mut().enumerate() {
                // SAFETY: the buffer slots of the type.
                *copied = unsafe { word(table, place * WORD) };
            }
            table = copy.as_mut_ptr().expose_provenance();
            self.own(table);
            field.store(
                std::ptr::with_exposed_provenance_mut(table),
                Ordering::Release,
            );
        }
        // SAFETY: the buffer slots of the type, which may be written to.
        let place = unsafe { pointer(table, offset) };
        place.store(
            std::ptr::with_exposed_provenance_mut(value),
            Ordering::Release,
        );
    }
}

/// The names of the functions of `_imp` that execute extension and built-in modules.
pub(super) const EXECUTORS: [&CStr; 4] = [
    c"create_dynamic",
    c"exec_dynamic",
    c"create_builtin",
    c"exec_builtin",
];

/// The namespace of `_imp`.
pub(super) fn imp(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    Ok(py.import("_imp")?.dict())
}

//! What extension modules tell each other: a table that all of them share, whoever compiled them.
//!
//! ```text
//!   sys.modules["onloan._capsule"].providers ──▶ Table ──▶ Provider of a.so ──▶ Provider of b.so
//!                (a capsule)                                    │ steady            │ steady
//!                                                               ▼                   ▼
//!                                                            code of a.so        code of b.so
//! ```
//!
//! Whoever comes first makes the table; it is never freed, as extension modules are never unloaded. A module adds itself with the first
//! request to one of its classes; the module of the Python package, which has more to offer, when it is imported.
//!
//! # Compatibility
//!
//! The structs are `#[repr(C)]` and append-only: what a version has, every later one has at the same place with the same meaning, and `size`
//! says how much there is. A module that meets a struct too small for what it wants to know does without. A change of meaning is a
//! new capsule of another name.

use std::ffi::{CStr, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::ledger::Ledger;
use crate::pending::Pending;
use crate::slots::steady;

const MODULE: &CStr = c"onloan._capsule";
const ATTRIBUTE: &str = "providers";
const NAME: &CStr = c"onloan._capsule.providers";
const VERSION: u32 = 1;

/// The head of the list.
#[repr(C)]
struct Table {
    version: u32,
    /// Bytes of this struct.
    size: u32,
    first: AtomicPtr<Provider>,
}

/// What one extension module offers to all others: so much each has.
#[repr(C)]
struct Provider {
    version: u32,
    /// Bytes of this struct.
    size: u32,
    next: *const Provider,
    steady: Steady,
}

/// As a provider is today: whether one has the later fields its `size` says.
#[repr(C)]
struct Extended {
    base: Provider,
    package: Package,
}

/// What only the module of the Python package has; of others NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Package {
    /// The function for which one stands that the tracer has put into a slot; NULL if it is none of those.
    pub original: Option<unsafe extern "C" fn(*const c_void) -> *const c_void>,
    /// The ledger.
    pub ledger: Option<&'static Ledger>,
    /// Has a function of the tracer's, which stands for the second one, stand for the third from now on. 1 if that was so, else 0.
    pub retarget:
        Option<unsafe extern "C" fn(*const c_void, *const c_void, *const c_void) -> c_int>,
}

type Steady = unsafe extern "C" fn(*const ffi::Py_buffer, *mut Stretch) -> c_int;

/// So many bytes of memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) start: *const u8,
    pub(crate) bytes: usize,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Table>() == 16 && std::mem::offset_of!(Table, first) == 8);
    assert!(size_of::<Provider>() == 24);
    assert!(std::mem::offset_of!(Provider, next) == 8);
    assert!(std::mem::offset_of!(Provider, steady) == 16);
    assert!(size_of::<Extended>() == 48 && std::mem::offset_of!(Extended, package) == 24);
    assert!(std::mem::offset_of!(Package, ledger) == 8);
    assert!(std::mem::offset_of!(Package, retarget) == 16);
    assert!(size_of::<Stretch>() == 16 && std::mem::offset_of!(Stretch, bytes) == 8);
};

/// Offers what this module knows to all others; once. Where that cannot be, the others know less, and are none the worse.
pub(crate) fn announce(py: Python<'_>) {
    announce_with(
        py,
        Package {
            original: None,
            ledger: None,
            retarget: None,
        },
    );
}

/// The same, for the module of the Python package, before anybody has asked one of its classes.
pub fn announce_with(py: Python<'_>, package: Package) {
    static ANNOUNCED: AtomicBool = AtomicBool::new(false);
    if ANNOUNCED.swap(true, Ordering::AcqRel) {
        return;
    }
    let Ok(table) = table(py) else { return };
    let provider = Box::leak(Box::new(Extended {
        base: Provider {
            version: VERSION,
            size: size_of::<Extended>() as u32,
            next: ptr::null(),
            steady,
        },
        package,
    }));
    let mut first = table.first.load(Ordering::Acquire);
    loop {
        provider.base.next = first;
        // A pointer to all of it, which is known by its beginning.
        let this = ptr::from_mut(provider).cast::<Provider>();
        match table
            .first
            .compare_exchange_weak(first, this, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => return,
            Err(other) => first = other,
        }
    }
}

/// The memory that stays as it is until `buffer` is released, if some module built with onloan vouches for that.
///
/// # Safety
/// `buffer` was filled by `PyObject_GetBuffer` (or is a copy of a struct that was) and not released.
pub(crate) unsafe fn ask(py: Python<'_>, buffer: &ffi::Py_buffer) -> Option<Stretch> {
    for provider in providers(py) {
        // SAFETY: what is in the list was leaked by its module, and is not changed any more.
        let provider = unsafe { provider.as_ref() };
        let mut stretch = Stretch {
            start: ptr::null(),
            bytes: 0,
        };
        // SAFETY: attached, `buffer` as granted by the caller; the function of a module that is never unloaded.
        let told = unsafe { (provider.steady)(buffer, &raw mut stretch) };
        if told == 1 {
            return Some(stretch);
        }
    }
    None
}

/// What a slot held before the tracer put a function of its own there; what it holds, if that is none of the tracer's.
pub(crate) fn original(py: Python<'_>, slot: *const c_void) -> *const c_void {
    for original in packages(py).filter_map(|package| package.original) {
        // SAFETY: attached; the function of a module that is never unloaded takes any address.
        let behind = unsafe { original(slot) };
        if !behind.is_null() {
            return behind;
        }
    }
    slot
}

/// Has the function that a tracer has put into a slot, in the place of `from`, stand for `to`.
///
/// # Safety
/// In every slot that holds it, `to` may stand in the place of `from`.
pub(crate) unsafe fn retarget(
    py: Python<'_>,
    slot: *const c_void,
    from: *const c_void,
    to: *const c_void,
) {
    for retarget in packages(py).filter_map(|package| package.retarget) {
        // SAFETY: attached; the function of a module that is never unloaded; granted by the caller.
        if unsafe { retarget(slot, from, to) } == 1 {
            return;
        }
    }
}

/// The ledger of the Python package, if that was imported and has one.
pub(crate) fn ledger(py: Python<'_>) -> Option<&'static Ledger> {
    packages(py).find_map(|package| package.ledger)
}

fn packages(py: Python<'_>) -> impl Iterator<Item = &'static Package> {
    providers(py).filter_map(|provider| {
        // SAFETY: what is in the list was leaked by its module, and is not changed any more.
        let size = unsafe { provider.as_ref() }.size;
        if (size as usize) < size_of::<Extended>() {
            return None;
        }
        // SAFETY: so long, by its own account; leaked and not changed, as above.
        Some(&unsafe { provider.cast::<Extended>().as_ref() }.package)
    })
}

/// All modules that offer something, the latest first.
fn providers(py: Python<'_>) -> impl Iterator<Item = NonNull<Provider>> {
    let first = table(py).map_or(ptr::null_mut(), |table| table.first.load(Ordering::Acquire));
    let next = |provider: &NonNull<Provider>| {
        // SAFETY: what is in the list was leaked by its module, and is not changed any more.
        NonNull::new(unsafe { provider.as_ref() }.next.cast_mut())
    };
    std::iter::successors(NonNull::new(first), next)
}

/// The table of this process; made if there is none.
fn table(py: Python<'_>) -> PyResult<&'static Table> {
    static TABLE: AtomicPtr<Table> = AtomicPtr::new(ptr::null_mut());
    let mut known = TABLE.load(Ordering::Acquire);
    if known.is_null() {
        // It may be looked for in a release, while an exception is pending.
        let pending = Pending::put_aside(py);
        let found = find(py);
        pending.put_back(py);
        known = found?.as_ptr();
        TABLE.store(known, Ordering::Release);
    }
    // SAFETY: not NULL; of the capsule, which leads to a table that was leaked.
    Ok(unsafe { &*known })
}

fn find(py: Python<'_>) -> PyResult<NonNull<Table>> {
    // SAFETY: attached; a name.
    let module = unsafe { ffi::PyImport_AddModule(MODULE.as_ptr()) };
    // SAFETY: NULL with an exception set, or a module that `sys.modules` keeps.
    let module = unsafe { Bound::from_borrowed_ptr_or_err(py, module) }?;
    let attributes = module.getattr("__dict__")?.cast_into::<PyDict>()?;
    if !attributes.contains(ATTRIBUTE)? {
        // Of two that come at once, one table stays, and the other was made in vain.
        attributes.call_method1("setdefault", (ATTRIBUTE, make(py)?))?;
    }
    let capsule = attributes.as_any().get_item(ATTRIBUTE)?;
    // SAFETY: attached, an object; whatever else it is than a capsule of that name is an error.
    let pointer = unsafe { ffi::PyCapsule_GetPointer(capsule.as_ptr(), NAME.as_ptr()) };
    let Some(table) = NonNull::new(pointer.cast::<Table>()) else {
        return Err(PyErr::fetch(py));
    };
    // SAFETY: only onloan makes capsules of this name, which lead to tables.
    let size = unsafe { table.as_ref() }.size;
    if (size as usize) < size_of::<Table>() {
        return Err(PyTypeError::new_err(
            "a table of onloan's that is too small",
        ));
    }
    Ok(table)
}

fn make(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let table = Box::leak(Box::new(Table {
        version: VERSION,
        size: size_of::<Table>() as u32,
        first: AtomicPtr::new(ptr::null_mut()),
    }));
    let pointer = ptr::from_mut(table).cast();
    // SAFETY: attached; a pointer that is not NULL, a name that lives for ever, nothing to be freed.
    let capsule = unsafe { ffi::PyCapsule_New(pointer, NAME.as_ptr(), None) };
    // SAFETY: a new reference, or NULL with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, capsule) }
}

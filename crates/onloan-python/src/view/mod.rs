//! `onloan.View`: a memoryview that does what memoryview raises on.
//!
//! # One loan, many views
//!
//! ```text
//!   View(obj) ──▶ m ── m[2:5] ──▶ cut         each view: address, layout, item, read-only or not
//!                 └─ m.cast("I") ─▶ cast      all of them: one ManagedLoan, and through it one export of obj
//! ```
//!
//! # What runs when
//!
//! Keys and values are objects of the user, whose `__index__`, `__float__` or `__buffer__` may release the very view that is at work. So every
//! operation has two halves. First the user's objects are turned into numbers and bytes; nothing is held meanwhile. Then the operation
//! *enters*: it becomes a user of the loan, or raises `ValueError` if the view was released, and does its work on an [`Access`], in which
//! none of the user's code runs, or if some may (the collector may run in any allocation), the memory is there for it all the same.
//!
//! # Promises
//!
//! What memoryview does, `View` does, with the same exceptions and messages; CPython's own `test_memoryview` and `test_buffer` say so. Where memoryview
//! raises `NotImplementedError`, `View` does what NumPy would do. Where memoryview's answer is a choice and not a gap (what may be cast to what, what may be
//! hashed, that structures never compare equal), the choice stays, and the wider meaning has a spelling of its own: `cast(…, order=…)`, `equals`.

mod access;
mod assign;
mod bytes;
mod cast;
mod compare;
mod count;
mod facts;
mod field;
mod geometry;
mod item;
mod iterate;
mod key;
mod lend;
mod lists;
mod managed;
mod methods;
mod native;
mod pickle;
mod place;
mod pool;
mod release;
mod row;
mod show;
mod slots;
mod subscript;
mod value;

use std::sync::atomic::AtomicIsize;

use onloan::Loan;
use onloan::request::Request;
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use access::Access;
use count::Count;
use geometry::{Geometry, Line};
use item::Item;
use managed::ManagedLoan;
use place::Place;
use pool::{Pool, Pooled, Reference};

pub(crate) use pickle::rebuild;

/// A view of the memory of any object that lends some, like memoryview, of which it is a superset.
///
/// Nothing is copied. Cuts (`m[1:3]`, `m[0]` and `m[..., 2]` of several dimensions), casts and `View(m)` share one loan of the memory, which is given back
/// when the last of them is released or gone.
#[pyclass(frozen, sequence, weakref, generic, module = "onloan")]
pub(crate) struct View {
    /// Invariant `LENT`: while the loan has users, from `address` on lie the items of `geometry`, writable unless `readonly`.
    managed: Reference<ManagedLoan>,
    address: Address,
    geometry: Geometry,
    item: Item,
    readonly: bool,
    /// Exports of this view, and whether it is released. While it is not, the view is a user of the loan.
    state: Count,
    /// -1: not hashed yet.
    hash: AtomicIsize,
}

impl Pooled for View {
    const WEAKLY_REFERENCED: bool = true;

    #[inline]
    fn pool() -> &'static Pool {
        static POOL: Pool = Pool::new();
        &POOL
    }
}

/// An address that may be known to any thread.
#[derive(Clone, Copy)]
struct Address(*mut u8);

// SAFETY: a number; what lies there is reached only through an `Access`.
unsafe impl Send for Address {}
// SAFETY: as above.
unsafe impl Sync for Address {}

impl View {
    /// What `View(object)` is: another view of a view, or one of what the object lends.
    #[inline]
    fn of(object: &Bound<'_, PyAny>) -> PyResult<View> {
        match object.cast_exact::<View>() {
            Ok(view) => view.get().again(object.py(), false),
            Err(_) => View::acquire(object, Request::FULL_RO),
        }
    }

    /// As [`of`](Self::of), as an object.
    #[inline]
    fn made<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, View>> {
        let py = object.py();
        if let Ok(view) = object.cast_exact::<View>() {
            let view = view.get();
            let access = view.enter()?;
            // SAFETY: address and geometry are those of the view, and it is not more writable.
            return pool::make(py, || unsafe { view.copied(py, &access, view.readonly) });
        }
        let loan = View::borrow(object, Request::FULL_RO)?;
        let (address, readonly) = (loan.address(), loan.readonly());
        let item = Item::of(loan.format(), loan.itemsize());
        let geometry = geometry_of(&loan);
        let managed = ManagedLoan::hold(py, loan)?;
        pool::make(py, || {
            View::with(managed, address, geometry, item, readonly)
        })
    }

    /// Asks `object` for its memory.
    fn acquire(object: &Bound<'_, PyAny>, request: Request) -> PyResult<View> {
        let loan = View::borrow(object, request)?;
        let (address, readonly) = (loan.address(), loan.readonly());
        let item = Item::of(loan.format(), loan.itemsize());
        let geometry = geometry_of(&loan);
        let managed = ManagedLoan::hold(object.py(), loan)?;
        Ok(View::with(managed, address, geometry, item, readonly))
    }

    #[inline]
    fn borrow(object: &Bound<'_, PyAny>, request: Request) -> PyResult<Loan> {
        if !Loan::possible(object) {
            let name = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "memoryview: a bytes-like object is required, not '{name}'"
            )));
        }
        match Loan::acquire(object, request) {
            Ok(loan) => Ok(loan),
            // Attached once more, so that PyO3 knows of it: it gives exceptions back.
            Err(error) => Python::attach(|_| as_bytes(object, request, error)),
        }
    }

    /// A view that is not released. `managed` counts it as a user.
    #[inline(always)]
    fn with(
        managed: Reference<ManagedLoan>,
        address: *mut u8,
        geometry: Geometry,
        item: Item,
        readonly: bool,
    ) -> View {
        View {
            managed,
            address: Address(address),
            geometry,
            item,
            readonly,
            state: Count::new(0),
            hash: AtomicIsize::new(-1),
        }
    }

    /// Another view of memory that `access` holds.
    ///
    /// # Safety
    /// `LENT` holds for what is given, and the loan of `access` is that of this view.
    #[inline(always)]
    unsafe fn derive(
        &self,
        py: Python<'_>,
        _access: &Access<'_>,
        address: *mut u8,
        geometry: Geometry,
        item: Item,
        readonly: bool,
    ) -> View {
        // The new view is a user of its own; the loan has one already, so that it cannot refuse.
        self.managed.get().enter();
        // SAFETY: whoever drops a view is attached.
        let managed = unsafe { Reference::new(self.managed.clone_ref(py)) };
        View::with(managed, address, geometry, item, readonly)
    }

    /// The same items once more.
    ///
    /// # Safety
    /// `access` is of this view; `readonly` if this is.
    #[inline]
    unsafe fn copied(&self, py: Python<'_>, access: &Access<'_>, readonly: bool) -> View {
        let (address, geometry, item) = (self.address.0, self.geometry.copy(), self.item.clone());
        // SAFETY: address and geometry are those of this view, and it is not more writable (granted by the caller).
        unsafe { self.derive(py, access, address, geometry, item, readonly) }
    }

    /// The same items once more, read-only or as they are.
    fn again(&self, py: Python<'_>, readonly: bool) -> PyResult<View> {
        let access = self.enter()?;
        // SAFETY: the access is of this view.
        Ok(unsafe { self.copied(py, &access, readonly || self.readonly) })
    }

    /// The item that begins so many bytes behind the address.
    ///
    /// # Safety
    /// It is an item of this view; the loan has a user as long as the place is used.
    #[inline]
    unsafe fn place_of(&self, bytes: isize) -> Place<'_> {
        let address = self.address.0.wrapping_offset(bytes);
        // SAFETY: `LENT` of this view, for an item of it (granted by the caller).
        unsafe { Place::promised(address, self.geometry.itemsize(), !self.readonly) }
    }

    /// Begins to work on the memory.
    ///
    /// # Errors
    /// `ValueError` if the view was released.
    #[inline]
    fn enter(&self) -> PyResult<Access<'_>> {
        self.try_enter().ok_or_else(released)
    }

    /// As [`enter`](Self::enter); `None` if the view was released.
    #[inline]
    fn try_enter(&self) -> Option<Access<'_>> {
        if self.is_released() {
            return None;
        }
        // SAFETY: `LENT` of this view.
        unsafe {
            Access::enter(
                self.managed.get(),
                self.address.0,
                &self.geometry,
                self.readonly,
            )
        }
    }
}

/// Where the items of a loan lie.
#[inline]
fn geometry_of(loan: &Loan) -> Geometry {
    let itemsize = loan.itemsize();
    let direct = match loan.axes() {
        Some(([extent], [stride])) => {
            let (extent, stride) = (*extent, *stride);
            return Geometry::along(Line {
                extent,
                stride,
                itemsize,
            });
        }
        Some((shape, strides)) => Geometry::direct(shape, strides, itemsize),
        None => None,
    };
    direct.unwrap_or_else(|| Geometry::of(loan.layout().clone()))
}

#[cold]
fn released() -> PyErr {
    PyValueError::new_err("operation forbidden on released memoryview object")
}

/// What memoryview makes of exporters that contradict themselves: too many dimensions are a `ValueError`; where length and items disagree (after
/// `ctypes.resize`), the length is believed. Of such memory only the bytes can be relied on, and they are what the view shows.
#[cold]
fn as_bytes(object: &Bound<'_, PyAny>, request: Request, error: PyErr) -> PyResult<Loan> {
    let py = object.py();
    if !error.is_instance_of::<PyBufferError>(py) {
        return Err(error);
    }
    let message = error.value(py).to_string();
    if message.contains("(E-31)") {
        return Err(PyValueError::new_err(
            "memoryview: number of dimensions must not exceed 64",
        ));
    }
    if message.contains("(E-30)") && request.wants(Request::ND) {
        return Loan::acquire(object, Request::SIMPLE).map_err(|_| error);
    }
    Err(error)
}

/// Makes `View` known to Python: a sequence for `isinstance` and for pattern matching.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_class::<View>()?;
    slots::install(py)?;
    let sequence = py.import("collections.abc")?.getattr("Sequence")?;
    // CPython passes on Py_TPFLAGS_SEQUENCE, which `match` looks at.
    sequence.call_method1("register", (py.get_type::<View>(),))?;
    Ok(())
}

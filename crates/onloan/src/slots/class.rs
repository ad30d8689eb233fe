//! From a Python object to the cell that it lends.

use std::ptr::NonNull;
use std::sync::Arc;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::{False, True};
use pyo3::{Borrowed, PyClass, PyClassGuard};

use super::install::Slots;
use crate::cell::{ExportCell, Header};
use crate::storage::Storage;

pub trait Sealed {}

/// A cell that can be lent, whatever its storage: what a method named by `#[exporter(via = method)]` gives.
///
/// Implemented for [`ExportCell`], and for references, `Box`, `Arc` and `Option` of one. An empty `Option` has nothing to lend: a request is refused.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cell that can be lent",
    label = "not an `ExportCell`",
    note = "`#[exporter(…)]` names a field of type `ExportCell<…>` (or an `Option`, `Box` or `Arc` of one), or with `via = …` a method that gives \
            a reference to one"
)]
pub trait Export: Sealed {
    #[doc(hidden)]
    fn lender(&self) -> Option<Lender<'_>>;
}

/// What a method named by `#[exporter(via = method)]` may give: a reference to a cell, or perhaps one.
///
/// A trait of a marker, not of what is given: else the compiler would advise to borrow what should not have been given away.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{G}` is not a reference to a cell that can be lent",
    label = "gives `{G}`",
    note = "a method named by `#[exporter(via = …)]` gives `&ExportCell<…>`, `&dyn Export`, or an `Option` of one; the cell is a field of the \
            object, for what is lent has to be counted in one place"
)]
pub trait Given<'cell, G> {
    fn lender(given: G) -> Option<Lender<'cell>>;
}

#[doc(hidden)]
pub enum Method {}

impl<'cell, E: Export + ?Sized> Given<'cell, &'cell E> for Method {
    #[inline]
    fn lender(given: &'cell E) -> Option<Lender<'cell>> {
        given.lender()
    }
}

impl<'cell, E: Export + ?Sized> Given<'cell, Option<&'cell E>> for Method {
    #[inline]
    fn lender(given: Option<&'cell E>) -> Option<Lender<'cell>> {
        given?.lender()
    }
}

/// The cell that `choose` gives.
#[doc(hidden)]
#[inline]
pub fn given<'cell, T, G>(
    object: &'cell T,
    choose: impl FnOnce(&'cell T) -> G,
) -> Option<Lender<'cell>>
where
    Method: Given<'cell, G>,
{
    Method::lender(choose(object))
}

/// What the slots need of a cell.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Lender<'cell>(pub(super) &'cell Header);

impl Lender<'_> {
    pub(super) fn header(self) -> NonNull<Header> {
        NonNull::from(self.0)
    }
}

impl<S: Storage> Sealed for ExportCell<S> {}
impl<S: Storage> Export for ExportCell<S> {
    #[inline]
    fn lender(&self) -> Option<Lender<'_>> {
        Some(Lender(self.header()))
    }
}

impl<E: Sealed> Sealed for Option<E> {}
impl<E: Export> Export for Option<E> {
    #[inline]
    fn lender(&self) -> Option<Lender<'_>> {
        self.as_ref()?.lender()
    }
}

macro_rules! export_through_deref {
    ($($pointer:ty),*) => {$(
        impl<E: Sealed + ?Sized> Sealed for $pointer {}
        impl<E: Export + ?Sized> Export for $pointer {
            #[inline]
            fn lender(&self) -> Option<Lender<'_>> {
                (**self).lender()
            }
        }
    )*};
}

export_through_deref!(&E, Box<E>, Arc<E>);

/// A class with `#[exporter]`. Implemented by the macro.
#[doc(hidden)]
pub trait ExporterClass: PyClass {
    /// The lender is found without code of the author, so that nothing can panic.
    const FIELD: bool;

    /// The cell to be lent now.
    fn lender(&self) -> Option<Lender<'_>>;

    /// What is known of the slots of this class.
    fn slots() -> &'static Slots;
}

/// How the value behind a Python object is reached: at once if the class is frozen, else through PyO3's borrow flag.
#[doc(hidden)]
pub trait Access<T> {
    /// Reaching it can panic: PyO3 does so for an `unsendable` class on another thread.
    const CAN_PANIC: bool;

    /// Runs `run` with the value; `None` if it is mutably borrowed.
    ///
    /// # Safety
    /// `object` is an instance of `T`, alive and attached during the call.
    unsafe fn with<R>(
        py: Python<'_>,
        object: *mut ffi::PyObject,
        run: impl FnOnce(&T) -> R,
    ) -> Option<R>;
}

impl<T: PyClass<Frozen = True> + Sync> Access<T> for True {
    const CAN_PANIC: bool = false;

    #[inline]
    unsafe fn with<R>(
        py: Python<'_>,
        object: *mut ffi::PyObject,
        run: impl FnOnce(&T) -> R,
    ) -> Option<R> {
        // SAFETY: alive during the call (granted by the caller).
        let object = unsafe { Borrowed::from_ptr(py, object) };
        // SAFETY: an instance of `T` (granted by the caller).
        let object = unsafe { object.cast_unchecked::<T>() };
        Some(run(object.get()))
    }
}

impl<T: PyClass<Frozen = False>> Access<T> for False {
    const CAN_PANIC: bool = true;

    #[inline]
    unsafe fn with<R>(
        py: Python<'_>,
        object: *mut ffi::PyObject,
        run: impl FnOnce(&T) -> R,
    ) -> Option<R> {
        // SAFETY: alive during the call (granted by the caller).
        let object = unsafe { Borrowed::from_ptr(py, object) };
        // SAFETY: an instance of `T` (granted by the caller).
        let object = unsafe { object.cast_unchecked::<T>() };
        Some(run(&*PyClassGuard::try_from(&*object).ok()?))
    }
}

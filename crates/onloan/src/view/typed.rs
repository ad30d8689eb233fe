//! [`View`] and [`ViewMut`]: a loan whose items were found to be what Rust was told they are.

use std::ffi::CStr;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;

use onloan_core::request::Request;
use pyo3::Borrowed;
use pyo3::prelude::*;

use super::item_type::{Any, Fit, Viewed};
use super::items::Items;
use super::loan::{Asked, Loan};
use super::rank::DYNAMIC;
use super::refusal::ViewError;

/// The items of somebody else's memory, to be read: as an argument of a `#[pyfunction]`, or [acquired](Self::acquire).
///
/// `T` is the type of the items, or [`Any`]; `NDIM` the number of axes, or [`DYNAMIC`](super::DYNAMIC) for any. An argument takes every exporter of such
/// items, whatever the strides, also with suboffsets, of no axes, of no items.
///
/// ```no_run
/// use onloan::View;
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn total(samples: View<'_, f64>) -> f64 {
///     samples.iter().sum()
/// }
///
/// #[pyfunction]
/// fn trace(matrix: View<'_, f64, 2>) -> f64 {
///     let [rows, columns] = matrix.extents();
///     (0..rows.min(columns)).filter_map(|i| matrix.get([i, i])).sum()
/// }
/// ```
///
/// What can be done with the items is said at [`Items`], to which a view dereferences. The memory is given back when the view is dropped.
///
/// Byte order counts: a big-endian buffer is refused to a `View<f64>`, and taken by a `View<BigEndian<f64>>`. Refusals say what would be
/// granted; see [`ViewError`].
///
/// A view stays on its thread and with its `Python` token. To hold memory longer, or while detached from the interpreter, take a
/// [`Loan`].
///
/// CPython's counterpart is `memoryview`.
//
// Invariant `FITS`: the items of the loan were found to mean `T`s, with `NDIM` axes.
pub struct View<'py, T: Viewed = Any, const NDIM: usize = DYNAMIC> {
    loan: ManuallyDrop<Loan>,
    py: Python<'py>,
    item: PhantomData<T>,
}

impl<'py, T: Viewed, const NDIM: usize> View<'py, T, NDIM> {
    /// Asks `object` for its memory, by a [`Request`] of the caller's: writable, contiguous, without suboffsets.
    ///
    /// ```no_run
    /// # use onloan::View;
    /// # use onloan::request::Request;
    /// # fn example(object: &pyo3::Bound<'_, pyo3::PyAny>) -> Result<(), onloan::ViewError> {
    /// let pixels = View::<u8, 3>::acquire(object, Request::C_CONTIGUOUS.with(Request::WRITABLE))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The format is asked for along with a shape. Without [`Request::ND`] the items are bytes on one axis, whatever the exporter has.
    ///
    /// # Errors
    /// [`ViewError`].
    #[inline]
    pub fn acquire(object: &Bound<'py, PyAny>, request: Request) -> Result<Self, ViewError> {
        View::acquire_boxed(object, request).map_err(|error| *error)
    }

    /// As [`acquire`](Self::acquire). With the error in a box the result is two words, which stay in registers.
    #[inline]
    fn acquire_boxed(object: &Bound<'py, PyAny>, request: Request) -> Result<Self, Box<ViewError>> {
        let request = if request.wants(Request::ND) {
            request.with(Request::FORMAT)
        } else {
            request.without(Request::FORMAT)
        };
        match Asked::ask(object, request) {
            Ok(asked) => match asked.usual(request, T::ITEMSIZE) {
                Ok(loan) if T::fits_plainly(&loan, request) && (NDIM == DYNAMIC || NDIM == 1) => {
                    Ok(View::of(loan, object.py()))
                }
                Ok(loan) => View::fitted(loan, object.py()),
                Err(asked) => View::read(asked, object, request),
            },
            Err(raised) => Err(ViewError::of_refusal(object, request, raised)),
        }
    }

    /// The view of a loan, whatever the exporter answered.
    #[inline(never)]
    fn read(
        asked: Asked,
        object: &Bound<'py, PyAny>,
        request: Request,
    ) -> Result<Self, Box<ViewError>> {
        match asked.read(object, request) {
            Ok(loan)
                if T::fits_plainly(&loan, request)
                    && (NDIM == DYNAMIC || NDIM == loan.geometry().ndim()) =>
            {
                Ok(View::of(loan, object.py()))
            }
            Ok(loan) => View::fitted(loan, object.py()),
            Err(raised) => Err(ViewError::of_refusal(object, request, raised)),
        }
    }

    /// The view of a loan, if the items fit.
    #[cold]
    fn fitted(loan: Loan, py: Python<'py>) -> Result<Self, Box<ViewError>> {
        let view = View::<Any>::of(loan, py);
        view.narrowed().map_err(|(_, error)| Box::new(error))
    }

    /// Invariant `FITS` is the caller's.
    #[inline]
    fn of(loan: Loan, py: Python<'py>) -> Self {
        View {
            loan: ManuallyDrop::new(loan),
            py,
            item: PhantomData,
        }
    }

    fn narrowed<U: Viewed, const RANK: usize>(
        mut self,
    ) -> Result<View<'py, U, RANK>, (Self, ViewError)> {
        match U::fit(&self.loan) {
            Ok(Fit::AsTheyAre) => {}
            Ok(Fit::Merged(layout)) => self.loan.set_layout(*layout),
            Err(mismatch) => return Err((self, ViewError::Item(mismatch))),
        }
        let geometry = self.loan.geometry();
        if RANK != DYNAMIC && geometry.ndim() != RANK {
            let shape = geometry.shape().to_vec();
            return Err((self, ViewError::Rank { asked: RANK, shape }));
        }
        let py = self.py;
        Ok(View::of(self.into_inner(), py))
    }

    #[inline]
    fn into_inner(self) -> Loan {
        let mut view = ManuallyDrop::new(self);
        // SAFETY: the view is forgotten, so that this is the only time.
        unsafe { ManuallyDrop::take(&mut view.loan) }
    }

    /// How an item is spelled; `B` where the exporter gave no format.
    #[must_use]
    pub fn format(&self) -> &CStr {
        self.loan.format()
    }

    /// The memory may not be written to, by nobody who asks this exporter.
    #[must_use]
    pub fn readonly(&self) -> bool {
        self.loan.readonly()
    }

    /// What was asked for.
    #[must_use]
    pub fn request(&self) -> Request {
        self.loan.request()
    }

    /// Whom the memory is given back to, which need not be the object that was asked.
    #[must_use]
    pub fn exporter(&self) -> Option<Bound<'py, PyAny>> {
        self.loan.exporter(self.py)
    }

    /// The token of the thread to which the view belongs.
    #[inline]
    #[must_use]
    pub fn py(&self) -> Python<'py> {
        self.py
    }

    /// What is lent, as the exporter describes it.
    #[inline]
    pub(super) fn loan(&self) -> &Loan {
        &self.loan
    }

    /// Gives the memory back, now; the drop does so too.
    pub fn release(self) {}
}

impl<'py> View<'py, Any> {
    /// The same memory as items of a type.
    ///
    /// # Errors
    /// The view itself, and why not.
    pub fn typed<T: Viewed, const NDIM: usize>(
        self,
    ) -> Result<View<'py, T, NDIM>, (Self, ViewError)> {
        self.narrowed()
    }

    /// What is held: as the memory of a cell, or to be sent to another thread.
    #[must_use]
    pub fn into_loan(self) -> Loan {
        self.into_inner()
    }
}

impl<T: Viewed, const NDIM: usize> Deref for View<'_, T, NDIM> {
    type Target = Items<T, NDIM>;

    #[inline]
    fn deref(&self) -> &Items<T, NDIM> {
        // SAFETY: `FITS`, by the invariant of the same name. `LENT`: the loan is the view's, which is borrowed, and stays on an attached
        // thread because of its `Python` token.
        unsafe { Items::of(self.loan.geometry()) }
    }
}

impl<T: Viewed, const NDIM: usize> Drop for View<'_, T, NDIM> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: dropped once, and not used afterwards.
        let loan = unsafe { ManuallyDrop::take(&mut self.loan) };
        loan.release(self.py);
    }
}

impl<T: Viewed, const NDIM: usize> fmt::Debug for View<'_, T, NDIM> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("format", &self.format())
            .field("items", &**self)
            .finish()
    }
}

impl<'py, T: Viewed, const NDIM: usize> FromPyObject<'_, 'py> for View<'py, T, NDIM> {
    type Error = ViewError;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, ViewError> {
        View::acquire(&object, Request::FULL_RO)
    }
}

/// A [`View`] that may be written to: as an argument it takes only exporters of writable memory.
///
/// ```no_run
/// use onloan::ViewMut;
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn clear(samples: ViewMut<'_, f64>) -> PyResult<()> {
///     Ok(samples.fill(0.0)?)
/// }
/// ```
///
/// Writing takes `&self`: others may look at the same memory and write to it, so exclusive access is nothing that anybody could have.
#[derive(Debug)]
pub struct ViewMut<'py, T: Viewed = Any, const NDIM: usize = DYNAMIC>(View<'py, T, NDIM>);

impl<'py, T: Viewed, const NDIM: usize> ViewMut<'py, T, NDIM> {
    /// Asks `object` for its memory, by a [`Request`] of the caller's; writable whatever that says.
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn acquire(object: &Bound<'py, PyAny>, request: Request) -> Result<Self, ViewError> {
        View::acquire(object, request.with(Request::WRITABLE)).map(ViewMut)
    }
}

impl<'py, T: Viewed, const NDIM: usize> Deref for ViewMut<'py, T, NDIM> {
    type Target = View<'py, T, NDIM>;

    #[inline]
    fn deref(&self) -> &View<'py, T, NDIM> {
        &self.0
    }
}

impl<'py, T: Viewed, const NDIM: usize> FromPyObject<'_, 'py> for ViewMut<'py, T, NDIM> {
    type Error = ViewError;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, ViewError> {
        View::acquire(&object, Request::FULL).map(ViewMut)
    }
}

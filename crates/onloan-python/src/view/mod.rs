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
mod native;
mod release;
mod show;
mod slots;
mod subscript;
mod value;

use std::ffi::c_int;
use std::sync::atomic::AtomicIsize;

use onloan::Loan;
use onloan::request::Request;
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple, PyType};

use access::{Access, Place};
use count::Count;
use geometry::{Geometry, Line};
use item::Item;
use iterate::ViewIterator;
use managed::ManagedLoan;

/// A view of the memory of any object that lends some, like memoryview, of which it is a superset.
///
/// Nothing is copied. Cuts (`m[1:3]`, `m[0]` and `m[..., 2]` of several dimensions), casts and `View(m)` share one loan of the memory, which is given back
/// when the last of them is released or gone.
#[pyclass(frozen, sequence, weakref, generic, module = "onloan")]
pub(crate) struct View {
    /// Invariant `LENT`: while the loan has users, from `address` on lie the items of `geometry`, writable unless `readonly`.
    managed: Py<ManagedLoan>,
    address: Address,
    geometry: Geometry,
    item: Item,
    readonly: bool,
    /// Exports of this view, and whether it is released. While it is not, the view is a user of the loan.
    state: Count,
    /// -1: not hashed yet.
    hash: AtomicIsize,
}

/// An address that may be known to any thread.
#[derive(Clone, Copy)]
struct Address(*mut u8);

// SAFETY: a number; what lies there is reached only through an `Access`.
unsafe impl Send for Address {}
// SAFETY: as above.
unsafe impl Sync for Address {}

impl View {
    /// Asks `object` for its memory.
    fn acquire(object: &Bound<'_, PyAny>, request: Request) -> PyResult<View> {
        if !Loan::possible(object) {
            let name = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "memoryview: a bytes-like object is required, not '{name}'"
            )));
        }
        let loan = match Loan::acquire(object, request) {
            Ok(loan) => loan,
            Err(error) => as_bytes(object, request, error)?,
        };
        let item = Item::of(loan.format(), loan.itemsize());
        Ok(View {
            address: Address(loan.address()),
            geometry: geometry_of(&loan),
            readonly: loan.readonly(),
            managed: Py::new(object.py(), ManagedLoan::new(loan))?,
            item,
            state: Count::new(0),
            hash: AtomicIsize::new(-1),
        })
    }

    /// Another view of memory that `access` holds.
    ///
    /// # Safety
    /// `LENT` holds for what is given, and the loan of `access` is that of this view.
    #[inline]
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
        View {
            managed: self.managed.clone_ref(py),
            address: Address(address),
            geometry,
            item,
            readonly,
            state: Count::new(0),
            hash: AtomicIsize::new(-1),
        }
    }

    /// The same items once more, read-only or as they are.
    fn again(&self, py: Python<'_>, readonly: bool) -> PyResult<View> {
        let access = self.enter()?;
        let readonly = readonly || self.readonly;
        // SAFETY: address and geometry are those of this view, and it is not more writable.
        Ok(unsafe {
            self.derive(
                py,
                &access,
                self.address.0,
                self.geometry.copy(),
                self.item.clone(),
                readonly,
            )
        })
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
        if self.is_released() {
            return Err(released());
        }
        // SAFETY: `LENT` of this view.
        let access = unsafe {
            Access::enter(
                self.managed.get(),
                self.address.0,
                &self.geometry,
                self.readonly,
            )
        };
        access.ok_or_else(released)
    }
}

/// Where the items of a loan lie.
#[inline]
fn geometry_of(loan: &Loan) -> Geometry {
    match loan.axis() {
        Some((extent, stride)) => Geometry::along(Line {
            extent,
            stride,
            itemsize: loan.itemsize(),
        }),
        None => Geometry::of(loan.layout().clone()),
    }
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

#[pymethods]
impl View {
    #[new]
    #[pyo3(signature = (object))]
    fn new(object: &Bound<'_, PyAny>) -> PyResult<View> {
        match object.cast_exact::<View>() {
            Ok(view) => view.get().again(object.py(), false),
            Err(_) => View::acquire(object, Request::FULL_RO),
        }
    }

    /// A view made by a request of one's own: `flags` as of `inspect.BufferFlags`. Without ND the memory is shown as bytes.
    #[classmethod]
    fn _from_flags(
        _class: &Bound<'_, PyType>,
        object: &Bound<'_, PyAny>,
        flags: c_int,
    ) -> PyResult<View> {
        View::acquire(object, Request::from_flags(flags))
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        subscript::get(slf, key)
    }

    fn __setitem__(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        assign::set(self, key, value)
    }

    fn __delitem__(&self, _key: &Bound<'_, PyAny>) -> PyResult<()> {
        let access = self.enter()?;
        Err(PyTypeError::new_err(if access.readonly() {
            "cannot modify read-only memory"
        } else {
            "cannot delete memory"
        }))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        facts::len(self, py)
    }

    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<ViewIterator> {
        ViewIterator::of(slf)
    }

    fn __contains__(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        iterate::contains(slf, value)
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        compare::rich(slf, other, op)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        facts::hash(self, py)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> String {
        let released = if slf.get().is_released() {
            "released "
        } else {
            ""
        };
        format!("<{released}memory at {:p}>", slf.as_ptr())
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        drop(slf.get().enter()?);
        Ok(slf.clone())
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.release()
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err("cannot pickle 'View' object"))
    }

    /// Gives the memory back, unless another view shares the loan. Afterwards the view can only be asked for its `repr` and
    /// compared with itself. Twice is as good as once.
    ///
    /// Raises `BufferError` while consumers have the memory from this view.
    fn release(&self) -> PyResult<()> {
        self.release_now()
    }

    /// All bytes, in the order of the items: 'C' (or None), 'F', or 'A' for that in which they lie.
    #[pyo3(signature = (order = Some("C")))]
    fn tobytes<'py>(&self, py: Python<'py>, order: Option<&str>) -> PyResult<Bound<'py, PyBytes>> {
        bytes::to_bytes(self, py, order)
    }

    /// The bytes as hexadecimal digits, as by `bytes.hex`.
    #[pyo3(signature = (*args, **kwargs))]
    #[pyo3(text_signature = "($self, sep=None, bytes_per_sep=1)")]
    fn hex<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, pyo3::types::PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        bytes::hex(self, py, args, kwargs)
    }

    /// The items as a list, of lists for several dimensions; without dimensions the item.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        lists::to_list(self, py)
    }

    /// The same memory as items of another format or in another shape.
    ///
    /// One of the two formats is of bytes ('B', 'b', 'c'), the other is a native letter, as for memoryview. With `order` or `strides` every format may become
    /// any other one, and extents may be 0.
    #[pyo3(signature = (format, shape = None, *, order = None, strides = None))]
    fn cast(
        &self,
        py: Python<'_>,
        format: &Bound<'_, PyAny>,
        shape: Option<&Bound<'_, PyAny>>,
        order: Option<&str>,
        strides: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<View> {
        cast::cast(self, py, format, shape, order, strides)
    }

    /// The same memory, not to be written to.
    fn toreadonly(&self, py: Python<'_>) -> PyResult<View> {
        self.again(py, true)
    }

    /// Whether the other object lends equal items in the same shape, whatever their formats are; also items that `==` never takes for
    /// equal, such as structures and text.
    fn equals(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        compare::equals(self, other)
    }

    /// How many items (of several dimensions: parts) are equal to `value`.
    fn count(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<usize> {
        iterate::count(slf, value)
    }

    /// The index of the first item (of several dimensions: part) that is equal to `value`. Raises `ValueError` if there is none.
    #[pyo3(signature = (value, start = 0, stop = isize::MAX, /))]
    fn index(
        slf: &Bound<'_, Self>,
        value: &Bound<'_, PyAny>,
        start: isize,
        stop: isize,
    ) -> PyResult<isize> {
        iterate::index(slf, value, start, stop)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        show::html(self, py)
    }

    /// The object that lends the memory.
    #[getter]
    fn obj<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        facts::obj(self, py)
    }

    /// The bytes of all items together.
    #[getter]
    fn nbytes(&self) -> PyResult<usize> {
        self.enter().map(|access| access.geometry().nbytes())
    }

    /// The bytes of one item.
    #[getter]
    fn itemsize(&self) -> PyResult<usize> {
        self.enter().map(|access| access.geometry().itemsize())
    }

    /// What an item is, as its exporter says it.
    #[getter]
    fn format<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        self.enter().map(|_| PyString::new(py, &self.item.name()))
    }

    /// The number of dimensions.
    #[getter]
    fn ndim(&self) -> PyResult<usize> {
        self.enter().map(|access| access.geometry().ndim())
    }

    /// The number of items along each dimension.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.enter()?.geometry().shape())
    }

    /// The bytes from one item to the next along each dimension.
    #[getter]
    fn strides<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.enter()?.geometry().strides())
    }

    /// For dimensions of pointers: what is added after following one. Empty without such dimensions.
    #[getter]
    fn suboffsets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.enter()?.geometry().suboffsets())
    }

    /// The memory may not be written to.
    #[getter]
    fn readonly(&self) -> PyResult<bool> {
        self.enter().map(|access| access.readonly())
    }

    /// The items lie without gaps, the last index varying fastest.
    #[getter]
    fn c_contiguous(&self) -> PyResult<bool> {
        self.enter()
            .map(|access| access.geometry().is_c_contiguous())
    }

    /// The items lie without gaps, the first index varying fastest.
    #[getter]
    fn f_contiguous(&self) -> PyResult<bool> {
        self.enter()
            .map(|access| access.geometry().is_f_contiguous())
    }

    /// The items lie without gaps in one of the two orders.
    #[getter]
    fn contiguous(&self) -> PyResult<bool> {
        self.enter().map(|access| {
            access.geometry().is_c_contiguous() || access.geometry().is_f_contiguous()
        })
    }

    /// The names of the fields of a structure; `m["name"]` is the view of one.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        drop(self.enter()?);
        PyTuple::new(py, field::names(self))
    }

    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        // SAFETY: as CPython calls the slot.
        unsafe { lend::getbuffer(slf, view, flags) }
    }

    unsafe fn __releasebuffer__(slf: &Bound<'_, Self>, _view: *mut ffi::Py_buffer) {
        slf.get().export_ended();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.managed)
    }

    fn __clear__(&self) {
        self.release_if_idle();
    }
}

/// Makes `View` known to Python: a sequence for `isinstance` and for pattern matching.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_class::<View>()?;
    slots::install(py);
    let sequence = py.import("collections.abc")?.getattr("Sequence")?;
    // CPython passes on Py_TPFLAGS_SEQUENCE, which `match` looks at.
    sequence.call_method1("register", (py.get_type::<View>(),))?;
    Ok(())
}

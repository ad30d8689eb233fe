//! What Python sees of a view: each method goes to the file that is about it.

use std::ffi::c_int;

use onloan::request::Request;
use pyo3::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple, PyType};

use super::iterate::{self, ViewIterator};
use super::{
    View, assign, bytes, cast, compare, facts, field, lend, lists, pickle, show, subscript,
};

#[pymethods]
impl View {
    #[new]
    #[pyo3(signature = (object))]
    fn new(object: &Bound<'_, PyAny>) -> PyResult<View> {
        View::of(object)
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

    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: i32) -> PyResult<Bound<'py, PyTuple>> {
        pickle::reduce(slf, protocol)
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
        kwargs: Option<&Bound<'py, PyDict>>,
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
        visit.call(&*self.managed)
    }

    fn __clear__(&self) {
        self.release_if_idle();
    }
}

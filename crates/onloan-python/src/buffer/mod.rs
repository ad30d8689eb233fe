//! `onloan.Buffer`: memory from Rust for people who write Python.
//!
//! ```text
//!   Buffer ──▶ Cell ──▶ Memory        own bytes, a mapping, what another exporter lends
//!     │ item: format, fixed            │
//!     │                                └─▶ shape and strides: known to the cell alone
//!     └─ every look inside is a loan of the Buffer itself, asked of the same slots that everybody asks
//! ```
//!
//! The cell is the only place that knows the shape and counts the exports; what the methods tell or copy they get by acquiring the `Buffer`
//! like any consumer, for a moment. So they work while others hold it, as reading a `bytearray` under a `memoryview` does, and see what the
//! others see.
//!
//! Whatever changes the memory's size or frees it goes through the cell's write guard, or takes the memory out: refused while anything is
//! out, with the number of what is out. Python code of arguments (`__index__`, iterators, `__fspath__`) has all run before a guard is
//! taken, so it cannot see the `Buffer` locked, and what it may have changed is looked at afterwards.
//!
//! A `Buffer` is equal to itself only, and hashable, as its contents may change: to compare contents, compare `memoryview`s of it.

mod create;
mod end;
mod grow;
mod lazy;
mod mapped;
mod memory;
mod pickle;
mod show;

use std::sync::atomic::{AtomicBool, Ordering};

use onloan::Loan;
use onloan::exporter;
use onloan::layout::Layout;
use onloan::request::Request;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use crate::errors;
use crate::item::Item;
use crate::nested;
use crate::shape;
use crate::values;

use lazy::Function;
use memory::Cell;
pub(crate) use pickle::rebuild;

/// Where the memory comes from, as far as methods need it.
enum Origin {
    Memory,
    File,
    /// POSIX shared memory: its name, without the slash.
    Shared(String),
    /// A function, and the layout of what it makes if that was said beforehand.
    Lazy(Function, Option<Box<Layout>>),
}

/// Typed, N-dimensional memory that is lent through the buffer protocol.
///
/// Buffer(data=b"", *, format=None, shape=None, readonly=False, align=64, registered=False)
///
/// A copy of data: of any object that lends a buffer (also strided or with
/// suboffsets; the copy is in C order), or of Python values in nested
/// sequences. format is a format string of PEP 3118, such as "d" or
/// "T{<I:id:<d:x:}". Without format and shape those of the data are taken
/// over; values need a format. Another format of other item size changes the
/// last extent, as long as the bytes come out even. align is a power of two.
///
/// While exports are out the memory stays where it is: resize, extend, append
/// and close raise `BufferError` and say how many exports stand in the way. If
/// registered, `exports()`, `holders()` and that error say who has them, since when,
/// acquired at which line, as while tracing is on.
///
/// Errors: `ValueError` for a format, shape or value that cannot be, `TypeError`
/// for data of another kind, `MemoryError`.
#[pyclass(frozen, weakref, module = "onloan")]
pub(crate) struct Buffer {
    cell: Cell,
    item: Item,
    origin: Origin,
    /// Closed for everybody, though the memory may still be lent.
    closed: AtomicBool,
}

impl Buffer {
    fn made(cell: Cell, item: Item, origin: Origin) -> Buffer {
        Buffer {
            cell,
            item,
            origin,
            closed: AtomicBool::new(false),
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire) || self.cell.is_taken()
    }

    fn check_open(&self) -> PyResult<()> {
        if self.is_closed() {
            Err(errors::closed())
        } else {
            Ok(())
        }
    }

    fn check_writable(&self) -> PyResult<()> {
        self.check_open()?;
        if self.cell.is_read_only() {
            Err(errors::read_only())
        } else {
            Ok(())
        }
    }

    /// The memory, held as by any consumer.
    fn loan(slf: &Bound<'_, Buffer>, request: Request) -> PyResult<Loan> {
        slf.get().check_open()?;
        Loan::acquire(slf.as_any(), request)
    }

    /// Where the items lie. A lazy `Buffer` without a shape makes its memory for this.
    fn layout(slf: &Bound<'_, Buffer>) -> PyResult<Layout> {
        slf.get().check_open()?;
        match &slf.get().origin {
            Origin::Lazy(_, Some(layout)) => Ok(Layout::clone(layout)),
            _ => Ok(Buffer::loan(slf, Request::STRIDES)?.layout().clone()),
        }
    }
}

#[exporter(cell)]
#[pymethods]
impl Buffer {
    #[new]
    #[pyo3(signature = (data=create::Data::Nothing, *, format=None, shape=None, readonly=false, align=None, registered=false), text_signature = "(data=b'', *, format=None, shape=None, readonly=False, align=64, registered=False)")]
    fn new(
        py: Python<'_>,
        data: create::Data<'_>,
        format: Option<&str>,
        shape: Option<&Bound<'_, PyAny>>,
        readonly: bool,
        align: Option<&Bound<'_, PyAny>>,
        registered: bool,
    ) -> PyResult<Buffer> {
        create::from_data(py, data, format, shape, readonly, align)?.registered(py, registered)
    }

    /// Zeros.
    ///
    /// shape is an integer or a tuple of them, () for a single item. The memory
    /// is aligned to align bytes, a power of two of at least 64; with `huge_pages`
    /// it lies on pages of 2 MiB where the system has them.
    ///
    /// Errors: `ValueError` for a shape or format that cannot be, `MemoryError`.
    #[classmethod]
    #[pyo3(signature = (shape, format="B", *, align=None, huge_pages=false, readonly=false, registered=false), text_signature = "($cls, shape, format='B', *, align=64, huge_pages=False, readonly=False, registered=False)")]
    fn zeros(
        _class: &Bound<'_, PyType>,
        shape: &Bound<'_, PyAny>,
        format: &str,
        align: Option<&Bound<'_, PyAny>>,
        huge_pages: bool,
        readonly: bool,
        registered: bool,
    ) -> PyResult<Buffer> {
        create::zeros(shape, format, align, huge_pages, readonly)?
            .registered(shape.py(), registered)
    }

    /// A file, mapped: its bytes are read as they are touched.
    ///
    /// mode is "r" to read, "r+" to read and write the file, "c" to read and
    /// write a private copy that is never stored. offset and length are bytes;
    /// the offset need not lie at a page. Without shape there is one axis of as
    /// many items as length, or the rest of the file, has.
    ///
    /// The file must not be truncated meanwhile: touching what is gone ends the
    /// process, as with the module mmap. The size cannot change.
    ///
    /// Errors: `OSError` such as `FileNotFoundError`, with the file name; `ValueError`
    /// if the file has not these bytes, or they are not a number of items.
    #[classmethod]
    #[pyo3(signature = (path, mode="r", *, format="B", shape=None, offset=None, length=None, registered=false), text_signature = "($cls, path, mode='r', *, format='B', shape=None, offset=0, length=None, registered=False)")]
    #[allow(clippy::too_many_arguments)]
    fn from_file(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        path: std::path::PathBuf,
        mode: &str,
        format: &str,
        shape: Option<&Bound<'_, PyAny>>,
        offset: Option<&Bound<'_, PyAny>>,
        length: Option<&Bound<'_, PyAny>>,
        registered: bool,
    ) -> PyResult<Buffer> {
        let item = Item::new(format, None)?;
        mapped::from_file(py, &path, mode, item, shape, [offset, length])?
            .registered(py, registered)
    }

    /// POSIX shared memory, the same that
    /// `multiprocessing.shared_memory.SharedMemory(name)` opens.
    ///
    /// With create a new segment of zeros for shape is made, under name or a name
    /// that nobody has; else the segment called name is opened, as one axis of
    /// all of its items unless shape says otherwise. It exists until `unlink()` and
    /// until the last process has closed it; nobody does that by himself.
    ///
    /// Errors: `FileExistsError`, `FileNotFoundError` and other `OSErrors`; `ValueError`
    /// for a name or a shape that cannot be; `NotImplementedError` on systems
    /// without POSIX shared memory.
    #[classmethod]
    #[pyo3(signature = (name=None, *, create=false, shape=None, format="B", readonly=false, registered=false))]
    #[allow(clippy::too_many_arguments)]
    fn shared(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        name: Option<&str>,
        create: bool,
        shape: Option<&Bound<'_, PyAny>>,
        format: &str,
        readonly: bool,
        registered: bool,
    ) -> PyResult<Buffer> {
        let item = Item::new(format, None)?;
        mapped::shared(py, name, create, shape, item, readonly)?.registered(py, registered)
    }

    /// Memory that exists only while it is used.
    ///
    /// `function()` is called when somebody asks for the memory and nobody has it
    /// yet; it returns any object that lends a buffer. What it returned is lent
    /// on, without a copy if it is C-contiguous, and dropped after the last
    /// release. Read-only. Without shape there is one axis of as many items as
    /// the result has; with it, shape is known without a call.
    ///
    /// Errors: `TypeError` if function cannot be called. What function raises
    /// reaches whoever asked for the memory, as does `ValueError` for a result of
    /// another size.
    #[classmethod]
    #[pyo3(signature = (function, *, format="B", shape=None, registered=false))]
    fn lazy(
        _class: &Bound<'_, PyType>,
        function: &Bound<'_, PyAny>,
        format: &str,
        shape: Option<&Bound<'_, PyAny>>,
        registered: bool,
    ) -> PyResult<Buffer> {
        lazy::lazy(function, format, shape)?.registered(function.py(), registered)
    }

    /// The format of an item, as memoryview.format.
    #[getter]
    fn format(&self) -> PyResult<&str> {
        self.check_open()?;
        Ok(self.item.text())
    }

    /// Bytes of an item, at least 1.
    #[getter]
    fn itemsize(&self) -> PyResult<usize> {
        self.check_open()?;
        Ok(self.item.size())
    }

    /// The extents, a tuple of integers, outermost first.
    #[getter]
    fn shape<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        shape::tuple(slf.py(), Buffer::layout(slf)?.shape())
    }

    /// Bytes from item to item along each axis, a tuple; always those of C order.
    #[getter]
    fn strides<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        shape::tuple(slf.py(), Buffer::layout(slf)?.strides())
    }

    /// The number of axes.
    #[getter]
    fn ndim(slf: &Bound<'_, Self>) -> PyResult<usize> {
        Ok(Buffer::layout(slf)?.ndim())
    }

    /// Bytes of all items together.
    #[getter]
    fn nbytes(slf: &Bound<'_, Self>) -> PyResult<usize> {
        Ok(Buffer::layout(slf)?.nbytes())
    }

    /// Consumers may not write.
    #[getter]
    fn readonly(&self) -> PyResult<bool> {
        self.check_open()?;
        Ok(self.cell.is_read_only())
    }

    /// The largest power of two, up to 2 MiB, that the address of the first item is
    /// a multiple of.
    #[getter]
    fn align(slf: &Bound<'_, Self>) -> PyResult<usize> {
        let address = Buffer::loan(slf, Request::SIMPLE)?.address().addr();
        Ok(1 << address.trailing_zeros().min(21))
    }

    /// The name of shared memory, else None.
    #[getter]
    fn name(&self) -> Option<&str> {
        match &self.origin {
            Origin::Shared(name) => Some(name),
            _ => None,
        }
    }

    /// How many exports are out now: acquired and not yet released.
    #[getter]
    pub(crate) fn exports(&self) -> u64 {
        self.cell.exports()
    }

    /// Who acquires an export is put down.
    #[getter(registered)]
    fn is_registered(&self) -> bool {
        self.cell.is_registered()
    }

    /// `close()` was called: the Buffer cannot be used any more.
    #[getter]
    fn closed(&self) -> bool {
        self.is_closed()
    }

    /// Changes the first extent, keeping the contents; new items are zero.
    ///
    /// shape is an integer, the new first extent, or a tuple of all extents, of
    /// which only the first may differ.
    ///
    /// Errors: `BufferError` while exports are out, `TypeError` if the memory is
    /// read-only, mapped or without axes, `ValueError` for a shape that cannot be,
    /// `MemoryError`. After an error all is as before.
    fn resize(slf: &Bound<'_, Self>, shape: &Bound<'_, PyAny>) -> PyResult<()> {
        grow::resize(slf, shape)
    }

    /// Adds data at the end of the first axis.
    ///
    /// data lends items of the same format, or bytes, or is an iterable of values.
    ///
    /// Errors: as resize and Buffer; `ValueError` also if the bytes are not a number
    /// of rows.
    fn extend(slf: &Bound<'_, Self>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        grow::extend(slf, data)
    }

    /// Adds one value at the end of the first axis: an item, or with more axes a
    /// nested sequence of them.
    ///
    /// Errors: as extend.
    fn append(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        grow::append(slf, value)
    }

    /// Writes value over every item, also while exports are out.
    ///
    /// Errors: `TypeError` if the memory is read-only or the value is of another
    /// type, `ValueError` if it does not fit.
    fn fill(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let buffer = slf.get();
        buffer.check_writable()?;
        let mut item = vec![0; buffer.item.size()];
        values::write(buffer.item.plan(), value, &mut item)?;
        Buffer::loan(slf, Request::RECORDS)?.fill(slf.py(), &item)
    }

    /// The bytes of all items, in C order.
    fn tobytes<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyBytes>> {
        let loan = Buffer::loan(slf, Request::RECORDS_RO)?;
        PyBytes::new_with(slf.py(), loan.layout().nbytes(), |out| {
            loan.copy_to(slf.py(), out).map_err(errors::value)
        })
    }

    /// The items as nested lists: structures as tuples, text as str; without axes
    /// the one item itself.
    ///
    /// Errors: `ValueError` for text of code units that are no characters.
    fn tolist<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let loan = Buffer::loan(slf, Request::RECORDS_RO)?;
        // What the items were at this moment; making the list may run other code.
        let bytes = memory::copy(py, &loan, memory::ALIGN)?;
        let layout = loan.layout().clone();
        drop(loan);
        nested::to_lists(py, slf.get().item.plan(), layout.shape(), &bytes)
    }

    /// Frees the memory now. Closing again does nothing.
    ///
    /// Errors: `BufferError` while exports are out.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        end::close(self, py)
    }

    /// Removes the name of shared memory, so that nobody can open it any more. It
    /// stays for those who have it open.
    ///
    /// Errors: `TypeError` if this is not shared memory, `FileNotFoundError` if
    /// somebody has removed the name already.
    fn unlink(&self, py: Python<'_>) -> PyResult<()> {
        match &self.origin {
            Origin::Shared(name) => mapped::unlink(py, name),
            _ => Err(PyTypeError::new_err("this Buffer is not shared memory")),
        }
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        slf.get().check_open()?;
        Ok(slf.clone())
    }

    /// Closes. An exception that is under way is not replaced by a refusal: it gets
    /// a note, and the memory is freed at the last release.
    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (kind, traceback);
        end::leave(self, py, error)
    }

    fn __len__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        let layout = Buffer::layout(slf)?;
        match layout.shape().first() {
            Some(extent) => Ok(extent.unsigned_abs()),
            None => Err(PyTypeError::new_err("a Buffer without axes has no length")),
        }
    }

    /// Bytes of the object and of the memory that it keeps; a lazy Buffer keeps none.
    fn __sizeof__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        let object = slf
            .get_type()
            .getattr("__basicsize__")?
            .extract::<usize>()?;
        let buffer = slf.get();
        let memory = match &buffer.origin {
            _ if buffer.is_closed() => 0,
            Origin::Lazy(..) => 0,
            _ => Buffer::layout(slf).map_or(0, |layout| layout.nbytes()),
        };
        Ok(object + memory)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> String {
        show::repr(slf)
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> String {
        show::html(slf)
    }

    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: i32) -> PyResult<Bound<'py, PyTuple>> {
        pickle::reduce(slf, protocol)
    }

    fn __copy__(slf: &Bound<'_, Self>) -> PyResult<Buffer> {
        pickle::copy(slf)
    }

    #[pyo3(signature = (memo, /))]
    fn __deepcopy__(slf: &Bound<'_, Self>, memo: &Bound<'_, PyAny>) -> PyResult<Buffer> {
        let _ = memo;
        pickle::copy(slf)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.origin {
            Origin::Lazy(function, _) => function.traverse(&visit),
            _ => Ok(()),
        }
    }

    fn __clear__(&self) {
        if let Origin::Lazy(function, _) = &self.origin {
            function.clear();
        }
    }
}

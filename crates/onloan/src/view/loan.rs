//! A loan that was taken: the memory of some exporter, acquired once, held, and given back once.
//!
//! # Ownership
//!
//! ```text
//!   PyObject_GetBuffer ──▶ Loan { struct, layout, format } ──▶ PyBuffer_Release, when dropped
//!                                   │ obj: one reference to the exporter, the loan's until then
//!                                   │ buf: memory that the exporter keeps in its place until then
//! ```
//!
//! The exporter's facts are taken over at once into a [`Layout`], in which missing arrays stand for what the documentation says they stand for,
//! and which holds together whatever the exporter says. Nothing is allocated up to eight dimensions.
//!
//! # What is promised
//!
//! The memory is given back exactly once, on every way out: dropped, released, refused, unwound; on any thread; with an exception pending,
//! which stays as it was. Where Python can no longer be entered (the interpreter is finished or finishing), the memory stays out
//! knowingly: its exporter may be gone, and with it the code that would take it back.
//!
//! # What is assumed of exporters
//!
//! - `exporter-bounds`: the items that shape, strides and suboffsets address lie in its memory until the release, and are really
//!   writable where it does not say read-only;
//! - `exporter-initialized`: they are initialised;
//! - `exporter-text`: the format is a C string that stays as it is until the release;
//! - `no-writer-meanwhile`: nobody writes the bytes while they are copied. Under a global lock that is so unless C code writes without it.
//!
//! No consumer can check these. Nothing here gives out a reference into the memory: it may change at any time.

use std::ffi::CStr;
use std::fmt;
use std::sync::OnceLock;

use onloan_core::copy::{CopyError, copy_raw};
use onloan_core::format::{Format, ParseError, Plan, SizeMismatch};
use onloan_core::layout::Layout;
use onloan_core::request::{Offer, Request};
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::answer::{self, Contradiction};
use super::held::Held;

/// The memory of an exporter, for as long as this lives.
///
/// As a [`Storage`](crate::Storage) it is lent on: what was made of it then counts as one export of the exporter.
///
/// CPython's counterpart is the managed buffer inside of a `memoryview`.
pub struct Loan {
    held: Held,
    layout: Layout,
    request: Request,
    known: OnceLock<Box<Known>>,
}

/// What the format says, worked out when it is asked for.
struct Known {
    format: Result<Format, ParseError>,
    plan: Result<Plan, FormatError>,
}

/// Why a format does not say what an item is. Bytes can be copied all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// It follows no grammar.
    Parse(ParseError),
    /// It is a format, but of items of another size.
    Size(SizeMismatch),
}

// SAFETY: the struct is written to only by who is attached and has the loan exclusively; what its pointers lead to is reached only with a
// `Python` token. Exporters must take releases on any thread: the API gives consumers no other choice (finalisers, executors).
unsafe impl Send for Loan {}
// SAFETY: as above; `&Loan` changes nothing of the struct, and `known` is a lock.
unsafe impl Sync for Loan {}

impl Loan {
    /// Asks `object` for its memory.
    ///
    /// Without [`Request::ND`] the items are bytes, whatever else the exporter says.
    ///
    /// # Errors
    /// `TypeError` if the object lends nothing; what it raises if it refuses; `BufferError` if its answer contradicts itself or the request, with
    /// the rule of the protocol that it breaks.
    #[inline]
    pub fn acquire(object: &Bound<'_, PyAny>, request: Request) -> PyResult<Loan> {
        let (held, layout) = Held::acquire(object, request, |buffer| {
            // SAFETY: still where the exporter filled it; arrays of `ndim` numbers are assumed of exporters (`exporter-bounds`).
            unsafe { answer::layout(buffer, request) }.map_err(|wrong| contradiction(object, wrong))
        })?;
        Ok(Loan {
            held,
            layout,
            request,
            known: OnceLock::new(),
        })
    }

    /// Whether `object` is an exporter at all; it may still refuse. CPython: `PyObject_CheckBuffer`.
    #[must_use]
    pub fn possible(object: &Bound<'_, PyAny>) -> bool {
        // SAFETY: an object, alive and attached.
        unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) != 0 }
    }

    /// Gives the memory back, now; the drop does so too.
    #[inline]
    pub fn release(mut self, py: Python<'_>) {
        self.held.release(py);
    }

    /// Where the items lie, from [`address`](Self::address) on.
    #[inline]
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What was asked for.
    #[inline]
    #[must_use]
    pub fn request(&self) -> Request {
        self.request
    }

    /// What requests the memory as it was lent can answer. The exporter may have more to offer: who was not asked for strides, or lent
    /// read-only for want of a better request, need not say so.
    #[must_use]
    pub fn offer(&self) -> Offer {
        Offer::of(&self.layout, self.readonly())
    }

    /// How an item is spelled; `B` if the exporter gave no format or was not asked for it.
    #[inline]
    #[must_use]
    pub fn format(&self) -> &CStr {
        let text = self.held.buffer().format;
        let given = self.request.wants(Request::FORMAT.with(Request::ND));
        if text.is_null() || !given {
            return c"B";
        }
        // SAFETY: a C string that stays until the release: assumed of exporters (`exporter-text`); not given back while borrowed (`HELD`).
        unsafe { CStr::from_ptr(text) }
    }

    /// The format, parsed; once, when first asked for.
    ///
    /// # Errors
    /// It is none. That is no reason not to copy bytes.
    pub fn parsed_format(&self) -> Result<&Format, &ParseError> {
        self.known().format.as_ref()
    }

    /// What an item consists of; worked out once, when first asked for.
    ///
    /// # Errors
    /// The format is none, or not one of [`itemsize`](Layout::itemsize) bytes.
    pub fn plan(&self) -> Result<&Plan, &FormatError> {
        self.known().plan.as_ref()
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(|| {
            let format = Format::parse_bytes(self.format().to_bytes());
            let plan = match &format {
                Ok(format) => format
                    .plan_for(self.layout.itemsize())
                    .map_err(FormatError::Size),
                Err(error) => Err(FormatError::Parse(*error)),
            };
            Box::new(Known { format, plan })
        })
    }

    /// The memory may not be written to.
    #[inline]
    #[must_use]
    pub fn readonly(&self) -> bool {
        self.held.buffer().readonly != 0
    }

    /// The address of item [0,…,0]; of the first table of pointers, if there are suboffsets. NULL only without bytes.
    #[inline]
    #[must_use]
    pub fn address(&self) -> *mut u8 {
        self.held.buffer().buf.cast()
    }

    /// Whom the memory is given back to: `Py_buffer.obj`, which need not be the object that was asked.
    #[must_use]
    pub fn exporter<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: NULL, or a reference that the loan holds (`HELD`).
        unsafe { Bound::from_borrowed_ptr_or_opt(py, self.held.object()) }
    }

    /// For the `__traverse__` of a class that has a loan: visits the reference that the loan holds. CPython: `mbuf_traverse`.
    ///
    /// # Errors
    /// As `visit`.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let object = self.held.object();
        // SAFETY: `Py` is transparent to a pointer that is not NULL, so that NULL is `None`; the reference is the loan's and stays so (`HELD`).
        let object = unsafe { &*(&raw const object).cast::<Option<Py<PyAny>>>() };
        visit.call(object)
    }

    /// Copies all items out, in C order, without gaps. CPython: `PyBuffer_ToContiguous`.
    ///
    /// # Errors
    /// `to` has not [`nbytes`](Layout::nbytes) bytes.
    pub fn copy_to(&self, _py: Python<'_>, to: &mut [u8]) -> Result<(), CopyError> {
        let gapless = self.gapless(to.len())?;
        // SAFETY:
        // readable, tables: assumed of exporters (`exporter-bounds`, `exporter-initialized`); not given back yet (`HELD`).
        // writable: as many bytes as `gapless` has (checked there).
        // apart: `to` is borrowed exclusively, and the exporter's memory is not Rust's to borrow.
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        unsafe { copy_raw(to.as_mut_ptr(), &gapless, self.address(), &self.layout) }
    }

    /// Writes all items, from bytes in C order without gaps. CPython: `PyBuffer_FromContiguous`.
    ///
    /// # Errors
    /// `TypeError` if the memory is read-only; `BufferError` if `from` has not [`nbytes`](Layout::nbytes) bytes.
    pub fn copy_from(&self, _py: Python<'_>, from: &[u8]) -> PyResult<()> {
        self.writable()?;
        let failed = |error: CopyError| PyBufferError::new_err(error.to_string());
        let gapless = self.gapless(from.len()).map_err(failed)?;
        // SAFETY:
        // readable: as many bytes as `gapless` has (checked there).
        // writable, tables: assumed of exporters (`exporter-bounds`), not read-only (checked above), not given back yet (`HELD`).
        // apart: `from` is borrowed from Rust, and the exporter's memory is not Rust's to lend.
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        unsafe { copy_raw(self.address(), &self.layout, from.as_ptr(), &gapless) }.map_err(failed)
    }

    /// Writes `item` over every item.
    ///
    /// # Errors
    /// `TypeError` if the memory is read-only; `BufferError` if `item` has not the size of one.
    pub fn fill(&self, _py: Python<'_>, item: &[u8]) -> PyResult<()> {
        self.writable()?;
        let failed = |error: &dyn fmt::Display| PyBufferError::new_err(error.to_string());
        // The one item repeated without a step, so that it is read at every index.
        let repeated = Layout::scalar(item.len())
            .and_then(|one| one.broadcast_to(self.layout.shape()))
            .map_err(|error| failed(&error))?;
        // SAFETY:
        // readable: every index of `repeated` leads to the start of `item`, which has as many bytes as one of its items.
        // writable, tables: assumed of exporters (`exporter-bounds`), not read-only (checked above), not given back yet (`HELD`).
        // apart: `item` is borrowed from Rust, and the exporter's memory is not Rust's to lend.
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        let copied = unsafe { copy_raw(self.address(), &self.layout, item.as_ptr(), &repeated) };
        copied.map_err(|error| failed(&error))
    }

    fn writable(&self) -> PyResult<()> {
        if self.readonly() {
            return Err(PyTypeError::new_err("cannot modify read-only memory"));
        }
        Ok(())
    }

    /// The same items without gaps, in C order, if these are `bytes`.
    fn gapless(&self, bytes: usize) -> Result<Layout, CopyError> {
        Layout::c_order(self.layout.shape(), self.layout.itemsize())
            .ok()
            .filter(|layout| layout.nbytes() == bytes)
            .ok_or(CopyError::ShapesDiffer)
    }
}

impl fmt::Debug for Loan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan")
            .field("layout", &self.layout)
            .field("format", &self.format())
            .field("readonly", &self.readonly())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::Parse(error) => error.fmt(f),
            FormatError::Size(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FormatError {}

#[cold]
fn contradiction(object: &Bound<'_, PyAny>, wrong: Contradiction) -> PyErr {
    let name = object
        .get_type()
        .name()
        .map_or_else(|_| "object".to_owned(), |name| name.to_string());
    PyBufferError::new_err(format!(
        "the buffer of '{name}' contradicts itself ({}): {wrong}",
        wrong.rule()
    ))
}

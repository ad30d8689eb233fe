//! A loan that was taken: the memory of some exporter, acquired once, held, and given back once.
//!
//! # Ownership
//!
//! ```text
//!   PyObject_GetBuffer ──▶ Loan ──▶ PyBuffer_Release, when dropped
//!                           │ obj: one reference to the exporter, the loan's until then
//!                           │ buf: memory that the exporter keeps in its place until then
//! ```
//!
//! The exporter's facts are taken over at once into a [`Layout`], in which missing arrays stand for what the documentation says they stand for,
//! and which holds together whatever the exporter says.
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
use std::mem;
use std::ptr::NonNull;

use onloan_core::format::{Format, ParseError, Plan, SizeMismatch};
use onloan_core::layout::Layout;
use onloan_core::request::{Offer, Request};
use pyo3::exceptions::{PyBufferError, PySystemError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use super::answer::{self, Contradiction};
use super::block::Block;
use super::geometry::Geometry;
use super::handover;
use crate::pending::Pending;

/// The memory of an exporter, for as long as this lives.
///
/// As a [`Storage`](crate::Storage) it is lent on: what was made of it then counts as one export of the exporter.
///
/// CPython's counterpart is the managed buffer inside of a `memoryview`.
pub struct Loan {
    /// Invariant `HELD`: this loan alone has the block, whose `buffer` was filled there by a successful `PyObject_GetBuffer` and not
    /// released: until then the exporter keeps its fields, and what they point to.
    block: NonNull<Block>,
}

/// What the format says, worked out when it is asked for.
pub(super) struct Known {
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

/// A loan of whose memory nothing is known yet.
pub(super) struct Asked(Loan);

impl Asked {
    /// Asks `object` for its memory.
    #[inline(always)]
    pub(super) fn ask(object: &Bound<'_, PyAny>, request: Request) -> Result<Asked, Box<PyErr>> {
        let py = object.py();
        let mut block = Block::take(py);
        // SAFETY: nobody else knows the block.
        let filled = unsafe { block.as_mut() };
        // SAFETY: an object, alive and attached, and a struct to be filled; what a failed request leaves in it is not looked at.
        let got =
            unsafe { handover::ask(object.as_ptr(), &raw mut filled.buffer, request.flags()) };
        if got != 0 {
            // SAFETY: taken above, and not used any more.
            return Err(unsafe { refused(py, block) });
        }
        filled.request = request;
        // From here on the drop gives it back.
        Ok(Asked(Loan { block }))
    }

    /// The loan, if the answer is of the [usual](answer::read_usual) kind, and items have the `likely` size. `request` is what was asked for,
    /// which the caller may know without looking.
    #[inline(always)]
    pub(super) fn usual(mut self, request: Request, likely: Option<usize>) -> Result<Loan, Asked> {
        // SAFETY: the loan's own (`HELD`).
        let filled = unsafe { self.0.block.as_mut() };
        let (answer, geometry) = (&filled.buffer, &mut filled.geometry);
        // SAFETY: arrays of `ndim` numbers: assumed of exporters (`exporter-bounds`).
        match unsafe { answer::read_usual(answer, request, likely, geometry) } {
            Some(()) => Ok(self.0),
            None => Err(self),
        }
    }

    /// The loan, whatever the answer is, unless it contradicts itself or the request.
    #[inline(never)]
    pub(super) fn read(
        mut self,
        object: &Bound<'_, PyAny>,
        request: Request,
    ) -> Result<Loan, Box<PyErr>> {
        // SAFETY: the loan's own (`HELD`).
        let filled = unsafe { self.0.block.as_mut() };
        // SAFETY: arrays of `ndim` numbers: assumed of exporters (`exporter-bounds`).
        match unsafe { answer::read(&filled.buffer, request, &mut filled.geometry) } {
            Ok(()) => Ok(self.0),
            Err(wrong) => Err(contradicted(object, self.0, wrong)),
        }
    }
}

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
        let loan = Asked::ask(object, request).and_then(|asked| {
            let usual = asked.usual(request, None);
            usual.or_else(|asked| asked.read(object, request))
        });
        loan.map_err(|error| *error)
    }

    /// Whether `object` is an exporter at all; it may still refuse. CPython: `PyObject_CheckBuffer`.
    #[must_use]
    pub fn possible(object: &Bound<'_, PyAny>) -> bool {
        // SAFETY: an object, alive and attached.
        unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) != 0 }
    }

    /// Gives the memory back, now; the drop does so too.
    #[inline]
    pub fn release(self, py: Python<'_>) {
        let block = self.block;
        mem::forget(self);
        // SAFETY: of the loan that was forgotten just now (`HELD`).
        unsafe { give_back(py, block) };
    }

    #[inline]
    fn block(&self) -> &Block {
        // SAFETY: the loan's own (`HELD`); nobody has it exclusively while the loan is borrowed.
        unsafe { self.block.as_ref() }
    }

    /// Counts the items of the same memory otherwise.
    pub(super) fn set_layout(&mut self, layout: Layout) {
        // SAFETY: the loan's own (`HELD`), borrowed exclusively.
        unsafe { self.block.as_mut() }.geometry.set(layout);
    }

    /// What the exporter filled in.
    pub(super) fn buffer(&self) -> &ffi::Py_buffer {
        &self.block().buffer
    }

    #[inline]
    pub(super) fn geometry(&self) -> &Geometry {
        &self.block().geometry
    }

    /// Where the items lie, from [`address`](Self::address) on.
    #[inline]
    #[must_use]
    pub fn layout(&self) -> &Layout {
        self.geometry().layout()
    }

    /// Shape and strides, if there are no pointers to be followed: what a [`Layout`] would say, without making one.
    #[inline]
    #[must_use]
    pub fn axes(&self) -> Option<(&[isize], &[isize])> {
        self.geometry().axes()
    }

    /// The size of an item in bytes.
    #[inline]
    #[must_use]
    pub fn itemsize(&self) -> usize {
        self.geometry().itemsize()
    }

    /// What was asked for.
    #[inline]
    #[must_use]
    pub fn request(&self) -> Request {
        self.block().request
    }

    /// What requests the memory as it was lent can answer. The exporter may have more to offer: who was not asked for strides, or lent
    /// read-only for want of a better request, need not say so.
    #[must_use]
    pub fn offer(&self) -> Offer {
        self.geometry().offer(self.readonly())
    }

    /// How an item is spelled; `B` if the exporter gave no format or was not asked for it.
    #[inline]
    #[must_use]
    pub fn format(&self) -> &CStr {
        let text = self.block().buffer.format;
        let given = self
            .block()
            .request
            .wants(Request::FORMAT.with(Request::ND));
        if text.is_null() || !given {
            return c"B";
        }
        // SAFETY: a C string that stays until the release: assumed of exporters (`exporter-text`); not given back while borrowed (`HELD`).
        unsafe { CStr::from_ptr(text) }
    }

    /// Whether the format is spelled exactly so. `request` is [that of the loan](Self::request), which the caller may know without looking.
    #[inline]
    pub(super) fn format_is(&self, text: &CStr, request: Request) -> bool {
        let given = self.block().buffer.format.cast::<u8>();
        let asked = request.wants(Request::FORMAT.with(Request::ND));
        if given.is_null() || !asked {
            return text == c"B";
        }
        let same = |(place, expected): (usize, &u8)| {
            // SAFETY: of a C string that stays until the release, assumed of exporters (`exporter-text`), held (`HELD`); not behind its end,
            // because `all` stops at the first difference, and `text` has a NUL only at its end.
            let byte = unsafe { given.wrapping_add(place).read() };
            byte == *expected
        };
        text.to_bytes_with_nul().iter().enumerate().all(same)
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
        self.block().known.get_or_init(|| {
            self.geometry().note_more();
            let format = Format::parse_bytes(self.format().to_bytes());
            let plan = match &format {
                Ok(format) => format
                    .plan_for(self.geometry().itemsize())
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
        self.block().buffer.readonly != 0
    }

    /// The address of item [0,…,0]; of the first table of pointers, if there are suboffsets. NULL only without bytes.
    #[inline]
    #[must_use]
    pub fn address(&self) -> *mut u8 {
        self.block().buffer.buf.cast()
    }

    /// Whom the memory is given back to: `Py_buffer.obj`, which need not be the object that was asked.
    #[must_use]
    pub fn exporter<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: NULL, or a reference that the loan holds (`HELD`).
        unsafe { Bound::from_borrowed_ptr_or_opt(py, self.block().buffer.obj) }
    }

    /// For the `__traverse__` of a class that has a loan: visits the reference that the loan holds. CPython: `mbuf_traverse`.
    ///
    /// # Errors
    /// As `visit`.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let object = self.block().buffer.obj;
        // SAFETY: `Py` is transparent to a pointer that is not NULL, so that NULL is `None`; the reference is the loan's and stays so (`HELD`).
        let object = unsafe { &*(&raw const object).cast::<Option<Py<PyAny>>>() };
        visit.call(object)
    }
}

impl Drop for Loan {
    /// On a thread without Python it attaches. Where that cannot be (the interpreter is finished or finishing, or the collector is at
    /// work in this very thread) the memory stays out: nobody could take it back.
    #[inline]
    fn drop(&mut self) {
        let block = self.block;
        // SAFETY: the loan's own (`HELD`), and dropped once.
        Python::try_attach(|py| unsafe { give_back(py, block) });
    }
}

/// Gives the memory back. CPython: `PyBuffer_Release`.
///
/// # Safety
/// `block` is that of a loan (`HELD`) which is not used any more.
#[inline]
unsafe fn give_back(py: Python<'_>, mut block: NonNull<Block>) {
    // SAFETY: granted by the caller.
    let filled = unsafe { block.as_mut() };
    // SAFETY: filled by a request that was granted, and given back once (granted by the caller).
    unsafe { handover::give_back(py, &raw mut filled.buffer) };
    // SAFETY: granted by the caller.
    unsafe { Block::put(py, block) };
}

impl fmt::Debug for Loan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan")
            .field("layout", self.layout())
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

/// # Safety
/// The block was taken, and is not used any more.
#[cold]
unsafe fn refused(py: Python<'_>, block: NonNull<Block>) -> Box<PyErr> {
    // SAFETY: granted by the caller.
    unsafe { Block::put(py, block) };
    Box::new(raised(py))
}

#[cold]
fn contradicted(object: &Bound<'_, PyAny>, loan: Loan, wrong: Contradiction) -> Box<PyErr> {
    loan.release(object.py());
    Box::new(PyBufferError::new_err(format!(
        "the buffer of '{}' contradicts itself ({}): {wrong}",
        type_name(object),
        wrong.rule()
    )))
}

/// The name of an exporter's type, for messages.
#[cold]
pub(super) fn type_name(object: &Bound<'_, PyAny>) -> String {
    let name = object.get_type().name();
    name.map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

/// What a failed call left; an exporter that left nothing is told so, as the interpreter would.
#[cold]
fn raised(py: Python<'_>) -> PyErr {
    if PyErr::occurred(py) {
        // Not `PyErr::take`, which unwinds when it meets a panic of the exporter's.
        return Pending::put_aside(py).into_error(py);
    }
    PySystemError::new_err("the exporter refused a buffer without setting an exception (E-05)")
}

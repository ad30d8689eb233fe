//! A loan that was taken: the memory of some exporter, acquired once, held, and given back once.
//!
//! # Ownership
//!
//! ```text
//!   PyObject_GetBuffer ──▶ Loan { view ──▶ Py_buffer, layout, format } ──▶ PyBuffer_Release, when dropped
//!                                  │ obj: one reference to the exporter, the loan's until then
//!                                  │ buf: memory that the exporter keeps in its place until then
//! ```
//!
//! The `Py_buffer` stays where it was filled, because exporters may point its arrays into itself (`PyBuffer_FillInfo` does). Its facts are
//! taken over at once into a [`Layout`], in which missing arrays stand for what the documentation says they stand for, and which holds
//! together whatever the exporter says.
//!
//! # What is assumed of exporters
//!
//! - `exporter-readable`: the items that shape, strides and suboffsets address lie in its memory until the release, are initialised, and are
//!   really writable where it does not say read-only.
//! - `no-writer-meanwhile`: nobody writes the bytes while they are copied. Under a global lock that is so unless C code writes without it.
//!
//! No consumer can check these. Nothing here gives out a reference into the memory: it may change at any time.

use std::ffi::{CStr, CString};
use std::fmt;
use std::ptr::NonNull;

use onloan_core::copy::{CopyError, copy_raw};
use onloan_core::layout::{Layout, LayoutError, MAX_NDIM};
use onloan_core::request::Request;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::storage::{FormatText, Region, Storage, StorageMut};

/// The memory of an exporter, for as long as this lives.
///
/// As a [`Storage`] it is lent on: what was made of it then counts as one export of the exporter.
///
/// CPython's counterpart is the managed buffer inside of a `memoryview`.
pub struct Loan {
    /// Invariant `HELD`: filled by a successful `PyObject_GetBuffer`, at this place, and not released before the drop.
    view: NonNull<ffi::Py_buffer>,
    layout: Layout,
    format: CString,
}

// SAFETY: what is behind the pointers is reached only with a `Python` token, and released only by who is attached; exporters must take
// releases on any thread.
unsafe impl Send for Loan {}
// SAFETY: as above; `&Loan` changes nothing of the `Py_buffer`.
unsafe impl Sync for Loan {}

impl Loan {
    /// Asks `object` for its memory.
    ///
    /// Without [`Request::ND`] the items are bytes, whatever else the exporter says.
    ///
    /// # Errors
    /// `TypeError` if the object lends nothing; what it raises if it refuses; `BufferError` if its answer contradicts itself.
    pub fn acquire(object: &Bound<'_, PyAny>, request: Request) -> PyResult<Loan> {
        let py = object.py();
        let view = Box::new(ffi::Py_buffer::new());
        let view = NonNull::from(Box::leak(view));
        // SAFETY: an object, alive and attached, and a struct to be filled.
        let got =
            unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view.as_ptr(), request.flags()) };
        if got != 0 {
            // SAFETY: leaked above; nobody else has it, and what a failed request left in it is not looked at.
            drop(unsafe { Box::from_raw(view.as_ptr()) });
            return Err(PyErr::fetch(py));
        }
        // From here on the drop releases it.
        let mut loan = Loan {
            view,
            layout: Layout::vector(0, 1).map_err(|error| contradiction(object, &error))?,
            format: c"B".to_owned(),
        };
        let answer = loan.view();
        if request.wants(Request::ND) {
            let (layout, format) = read(answer).map_err(|error| contradiction(object, &error))?;
            (loan.layout, loan.format) = (layout, format);
        } else {
            let bytes = usize::try_from(answer.len)
                .map_err(|_| contradiction(object, &"its length is negative"))?;
            loan.layout =
                Layout::vector(bytes, 1).map_err(|error| contradiction(object, &error))?;
        }
        if loan.layout.nbytes() > 0 && loan.address().is_null() {
            return Err(contradiction(object, &"it has bytes but no address"));
        }
        Ok(loan)
    }

    /// Whether `object` is an exporter at all; it may still refuse. CPython: `PyObject_CheckBuffer`.
    #[must_use]
    pub fn possible(object: &Bound<'_, PyAny>) -> bool {
        // SAFETY: an object, alive and attached.
        unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) != 0 }
    }

    fn view(&self) -> &ffi::Py_buffer {
        // SAFETY: `HELD`; nobody writes to the struct before the drop.
        unsafe { self.view.as_ref() }
    }

    /// Where the items lie, from [`address`](Self::address) on.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How an item is spelled; `B` if the exporter gave no format or was not asked for it.
    #[must_use]
    pub fn format(&self) -> &CStr {
        &self.format
    }

    /// The memory may not be written to.
    #[must_use]
    pub fn readonly(&self) -> bool {
        self.view().readonly != 0
    }

    /// The address of item [0,…,0]; of the first table of pointers, if there are suboffsets. NULL only without bytes.
    #[must_use]
    pub fn address(&self) -> *mut u8 {
        self.view().buf.cast()
    }

    /// Whom the memory is given back to: `Py_buffer.obj`, which need not be the object that was asked.
    #[must_use]
    pub fn exporter<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: NULL, or a reference that the loan holds (`HELD`).
        unsafe { Bound::from_borrowed_ptr_or_opt(py, self.view().obj) }
    }

    /// Copies all items out, in C order, without gaps. CPython: `PyBuffer_ToContiguous`.
    ///
    /// # Errors
    /// `to` has not [`nbytes`](Layout::nbytes) bytes.
    pub fn copy_to(&self, _py: Python<'_>, to: &mut [u8]) -> Result<(), CopyError> {
        if to.len() != self.layout.nbytes() {
            return Err(CopyError::ShapesDiffer);
        }
        let gapless = self.gapless()?;
        // SAFETY:
        // readable, tables: assumed of exporters (`exporter-readable`); not given back yet (`HELD`).
        // writable: as many bytes as `gapless` has (checked above).
        // apart: `to` is borrowed exclusively, and the exporter's memory is not Rust's to borrow.
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        unsafe { copy_raw(to.as_mut_ptr(), &gapless, self.address(), &self.layout) }
    }

    /// Writes `item` over every item.
    ///
    /// # Errors
    /// `TypeError` if the memory is read-only; `BufferError` if `item` has not the size of one.
    pub fn fill(&self, _py: Python<'_>, item: &[u8]) -> PyResult<()> {
        if self.readonly() {
            return Err(PyTypeError::new_err("cannot modify read-only memory"));
        }
        let failed = |error: &dyn fmt::Display| PyBufferError::new_err(error.to_string());
        // The one item repeated without a step, so that it is read at every index.
        let repeated = Layout::scalar(item.len())
            .and_then(|one| one.broadcast_to(self.layout.shape()))
            .map_err(|error| failed(&error))?;
        // SAFETY:
        // readable: every index of `repeated` leads to the start of `item`, which has as many bytes as one of its items.
        // writable, tables: assumed of exporters (`exporter-readable`), not read-only (checked above), not given back yet (`HELD`).
        // apart: `item` is borrowed from Rust, and the exporter's memory is not Rust's to lend.
        // unraced: assumed of all who can reach the memory (`no-writer-meanwhile`).
        let copied = unsafe { copy_raw(self.address(), &self.layout, item.as_ptr(), &repeated) };
        copied.map_err(|error| failed(&error))
    }

    /// The same items without gaps, in C order.
    fn gapless(&self) -> Result<Layout, CopyError> {
        Layout::c_order(self.layout.shape(), self.layout.itemsize())
            .map_err(|_| CopyError::ShapesDiffer)
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // Without an interpreter there is nobody to give it back to, and the struct stays with whom it points to.
        let _ = Python::try_attach(|_| {
            // SAFETY: `HELD`, and dropped once; attached.
            unsafe { ffi::PyBuffer_Release(self.view.as_ptr()) };
            // SAFETY: leaked when it was acquired; released, so that no exporter looks at it.
            drop(unsafe { Box::from_raw(self.view.as_ptr()) });
        });
    }
}

impl fmt::Debug for Loan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan")
            .field("layout", &self.layout)
            .field("format", &self.format)
            .field("readonly", &self.readonly())
            .finish_non_exhaustive()
    }
}

/// Layout and format of an answer to a request with `ND`. What is missing stands for the default, though it was asked for: ctypes gives no
/// strides.
fn read(view: &ffi::Py_buffer) -> Result<(Layout, CString), Wrong> {
    let ndim = usize::try_from(view.ndim)
        .ok()
        .filter(|ndim| *ndim <= MAX_NDIM)
        .ok_or(Wrong::Ndim(view.ndim))?;
    let itemsize = usize::try_from(view.itemsize).map_err(|_| Wrong::Itemsize(view.itemsize))?;
    let of_length = [view.len.checked_div(view.itemsize).unwrap_or(0)];
    // SAFETY: an answer's array is NULL or has `ndim` numbers that live until the release: assumed of exporters (`exporter-readable`).
    let array = |start: *mut isize| unsafe { numbers(start, ndim) };
    let shape = match array(view.shape) {
        Some(shape) => shape,
        None if ndim == 0 => &[],
        None if ndim == 1 => &of_length,
        None => return Err(Wrong::NoShape(ndim)),
    };
    let layout = match (array(view.strides), array(view.suboffsets)) {
        (None, None) => Layout::c_order(shape, itemsize),
        (Some(strides), None) => Layout::strided(shape, strides, itemsize),
        (Some(strides), Some(suboffsets)) => Layout::indirect(shape, strides, suboffsets, itemsize),
        (None, Some(_)) => return Err(Wrong::NoStrides),
    };
    let layout = layout.map_err(Wrong::Layout)?;
    if usize::try_from(view.len) != Ok(layout.nbytes()) {
        return Err(Wrong::Length {
            len: view.len,
            items: layout.nbytes(),
        });
    }
    let format = if view.format.is_null() {
        c"B".to_owned()
    } else {
        // SAFETY: a C string that lives until the release: assumed of exporters (`exporter-readable`).
        unsafe { CStr::from_ptr(view.format) }.to_owned()
    };
    Ok((layout, format))
}

/// # Safety
/// `start` is NULL, or leads to `count` numbers that live as long as the reference is used.
unsafe fn numbers<'view>(start: *mut isize, count: usize) -> Option<&'view [isize]> {
    if start.is_null() || count == 0 {
        return None;
    }
    // SAFETY: granted by the caller.
    Some(unsafe { std::slice::from_raw_parts(start, count) })
}

/// What an answer says that cannot be.
enum Wrong {
    Ndim(i32),
    Itemsize(isize),
    NoShape(usize),
    NoStrides,
    Layout(LayoutError),
    Length { len: isize, items: usize },
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Ndim(ndim) => write!(f, "it has {ndim} dimensions"),
            Wrong::Itemsize(itemsize) => write!(f, "its items have {itemsize} bytes"),
            Wrong::NoShape(ndim) => write!(f, "it has {ndim} dimensions but no shape"),
            Wrong::NoStrides => f.write_str("it has suboffsets but no strides"),
            Wrong::Layout(error) => error.fmt(f),
            Wrong::Length { len, items } => {
                write!(f, "its length is {len}, but its items have {items} bytes")
            }
        }
    }
}

#[cold]
fn contradiction(object: &Bound<'_, PyAny>, what: &dyn fmt::Display) -> PyErr {
    let name = object
        .get_type()
        .name()
        .map_or_else(|_| "object".to_owned(), |name| name.to_string());
    PyBufferError::new_err(format!("the buffer of '{name}' contradicts itself: {what}"))
}

impl Storage for Loan {
    fn region(&self) -> Region<'_> {
        let extent = self.layout.extent().unwrap_or_default();
        let start = self.address().wrapping_offset(extent.start);
        // SAFETY: the items, and the tables on the way there, lie in the exporter's memory: assumed of exporters (`exporter-readable`),
        // not given back while borrowed (`HELD`). Rust has no reference into it, and none to it is given out.
        let region = unsafe {
            Region::from_raw::<u8>(
                NonNull::new(start).unwrap_or(NonNull::dangling()),
                (extent.end - extent.start).unsigned_abs(),
                -extent.start,
                self.layout.clone(),
            )
        };
        region.spelled(FormatText::Owned(self.format.clone()))
    }
}

/// Of read-only memory nothing is shown.
impl StorageMut for Loan {
    fn region_mut(&mut self) -> Region<'_> {
        if self.readonly() {
            Region::of_mut::<u8>(&mut [])
        } else {
            self.region()
        }
    }
}

//! One request, made through the raw C API into poisoned memory, and everything that came back.
//!
//! A `Py_buffer` that was zeroed beforehand hides fields which the exporter never writes. Here every byte of it holds a poison that the caller
//! chooses, and what still holds it afterwards is reported, not followed.
//!
//! # Safety of what is read
//!
//! The struct is ours. Pointers in it are followed only if the exporter granted the request and did not leave the poison there: that what it
//! filled in is then true is the one thing that cannot be checked (`granted-truthful`). Judging an exporter that lies belongs into a child process.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr;

use onloan::layout::MAX_NDIM;
use onloan::request::{Offer, Refusal, Request, negotiate};
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::shape;

/// Makes one request and releases what it got. A dict of what happened.
///
/// Every byte of the `Py_buffer` holds poison beforehand. Always there: granted;
/// poisoned, the names of fields that still hold the poison; obj, one of "self",
/// "other", "null" and "poison". If refused: error, the exception's type name,
/// and message. If granted: owner, the object that obj names or None, buf, len,
/// itemsize, readonly, ndim, and format, shape, strides and suboffsets, None
/// where NULL; a field that holds the poison is None too.
///
/// The flags are given to the exporter as they are. Errors: `ValueError` for a
/// poison that is no byte.
#[pyfunction]
#[pyo3(signature = (object, flags, /, *, poison=0xA5))]
pub(crate) fn request<'py>(
    object: &Bound<'py, PyAny>,
    flags: i32,
    poison: u32,
) -> PyResult<Bound<'py, PyDict>> {
    let py = object.py();
    let poison = u8::try_from(poison).map_err(|_| PyValueError::new_err("poison is a byte"))?;
    let mut view = Poisoned::new(poison);
    // SAFETY: an object, alive and attached, and a struct of the right size and alignment, all of whose bytes are initialised.
    let answer = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view.as_mut_ptr(), flags) };
    let facts = PyDict::new(py);
    facts.set_item("granted", answer == 0)?;
    facts.set_item("obj", view.owner_kind(object))?;
    facts.set_item("poisoned", view.survivors(py)?)?;
    if answer != 0 {
        let error = PyErr::fetch(py);
        facts.set_item("error", error.get_type(py).name()?)?;
        facts.set_item("message", error.value(py).str()?)?;
        return Ok(facts);
    }
    let read = view.read_granted(py, &facts);
    if view.holds_poison(Field::Obj) {
        // Nobody can be given this back to.
        view.forget_owner();
    }
    // SAFETY: granted above, released once; `obj` is NULL or what the exporter put there.
    unsafe { ffi::PyBuffer_Release(view.as_mut_ptr()) };
    read.map(|()| facts)
}

/// The fields of a `Py_buffer`, in their order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Buf,
    Obj,
    Len,
    Itemsize,
    Readonly,
    Ndim,
    Format,
    Shape,
    Strides,
    Suboffsets,
    Internal,
}

impl Field {
    const ALL: [Field; 11] = [
        Field::Buf,
        Field::Obj,
        Field::Len,
        Field::Itemsize,
        Field::Readonly,
        Field::Ndim,
        Field::Format,
        Field::Shape,
        Field::Strides,
        Field::Suboffsets,
        Field::Internal,
    ];

    /// Name, first byte and number of bytes.
    fn place(self) -> (&'static str, usize, usize) {
        macro_rules! at {
            ($name:ident) => {
                (
                    stringify!($name),
                    std::mem::offset_of!(ffi::Py_buffer, $name),
                    {
                        const fn size<T>(_: fn(&ffi::Py_buffer) -> &T) -> usize {
                            size_of::<T>()
                        }
                        size(|view| &view.$name)
                    },
                )
            };
        }
        match self {
            Field::Buf => at!(buf),
            Field::Obj => at!(obj),
            Field::Len => at!(len),
            Field::Itemsize => at!(itemsize),
            Field::Readonly => at!(readonly),
            Field::Ndim => at!(ndim),
            Field::Format => at!(format),
            Field::Shape => at!(shape),
            Field::Strides => at!(strides),
            Field::Suboffsets => at!(suboffsets),
            Field::Internal => at!(internal),
        }
    }
}

/// A `Py_buffer` with poison in it. All of its bytes are initialised, whatever the exporter does.
struct Poisoned {
    view: Box<MaybeUninit<ffi::Py_buffer>>,
    poison: u8,
}

impl Poisoned {
    fn new(poison: u8) -> Poisoned {
        let mut view = Box::new(MaybeUninit::<ffi::Py_buffer>::uninit());
        // SAFETY: the box has the bytes of one `Py_buffer`.
        unsafe {
            view.as_mut_ptr()
                .cast::<u8>()
                .write_bytes(poison, size_of::<ffi::Py_buffer>());
        };
        Poisoned { view, poison }
    }

    fn as_mut_ptr(&mut self) -> *mut ffi::Py_buffer {
        self.view.as_mut_ptr()
    }

    fn fields(&self) -> &ffi::Py_buffer {
        // SAFETY: every byte was initialised by `new`, and every bit pattern is a value of pointers and integers.
        unsafe { self.view.assume_init_ref() }
    }

    fn holds_poison(&self, field: Field) -> bool {
        // A poison of zero cannot be told from an honest NULL, but from what is not NULL.
        let (_, start, size) = field.place();
        let bytes = self.view.as_ptr().cast::<u8>();
        let byte = |at: usize| {
            let byte = bytes.wrapping_add(at);
            // SAFETY: inside of the struct, whose fields `place` knows; initialised.
            unsafe { byte.read() }
        };
        self.poison != 0 && (start..start + size).all(|at| byte(at) == self.poison)
    }

    fn survivors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let names = Field::ALL
            .into_iter()
            .filter(|field| self.holds_poison(*field))
            .map(|field| field.place().0);
        PyList::new(py, names.collect::<Vec<_>>())
    }

    fn owner_kind(&self, object: &Bound<'_, PyAny>) -> &'static str {
        let owner = self.fields().obj;
        if self.holds_poison(Field::Obj) {
            "poison"
        } else if owner.is_null() {
            "null"
        } else if owner == object.as_ptr() {
            "self"
        } else {
            "other"
        }
    }

    fn forget_owner(&mut self) {
        // SAFETY: every byte was initialised by `new`, and every bit pattern is a value of pointers and integers.
        unsafe { self.view.assume_init_mut() }.obj = ptr::null_mut();
    }

    /// What a granted request filled in.
    fn read_granted(&self, py: Python<'_>, facts: &Bound<'_, PyDict>) -> PyResult<()> {
        let view = self.fields();
        let written = |field| !self.holds_poison(field);
        let owner = if written(Field::Obj) {
            // SAFETY: NULL or an object that the struct holds a reference to (`granted-truthful`).
            unsafe { Bound::from_borrowed_ptr_or_opt(py, view.obj) }
        } else {
            None
        };
        facts.set_item("owner", owner)?;
        facts.set_item("buf", written(Field::Buf).then(|| view.buf.addr()))?;
        facts.set_item("len", written(Field::Len).then_some(view.len))?;
        facts.set_item(
            "itemsize",
            written(Field::Itemsize).then_some(view.itemsize),
        )?;
        facts.set_item(
            "readonly",
            written(Field::Readonly).then_some(view.readonly),
        )?;
        facts.set_item("ndim", written(Field::Ndim).then_some(view.ndim))?;
        let format = if written(Field::Format) && !view.format.is_null() {
            // SAFETY: a C string until the release (`granted-truthful`).
            let text = unsafe { CStr::from_ptr(view.format) };
            Some(text.to_string_lossy().into_owned())
        } else {
            None
        };
        facts.set_item("format", format)?;
        facts.set_item("shape", self.array(py, Field::Shape, view.shape)?)?;
        facts.set_item("strides", self.array(py, Field::Strides, view.strides)?)?;
        facts.set_item(
            "suboffsets",
            self.array(py, Field::Suboffsets, view.suboffsets)?,
        )
    }

    /// An array of `ndim` numbers; `None` where there is none, or no saying how many.
    fn array<'py>(
        &self,
        py: Python<'py>,
        field: Field,
        start: *mut isize,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let ndim = usize::try_from(self.fields().ndim).ok();
        let Some(ndim) = ndim.filter(|ndim| *ndim <= MAX_NDIM) else {
            return Ok(None);
        };
        if start.is_null() || self.holds_poison(field) || self.holds_poison(Field::Ndim) {
            return Ok(None);
        }
        // SAFETY: `ndim` numbers until the release (`granted-truthful`).
        let numbers = unsafe { std::slice::from_raw_parts(start, ndim) };
        shape::tuple(py, numbers).map(Some)
    }
}

/// What memory of a kind answers to a request: None if it is granted, else
/// (code, message) of the refusal.
#[pyfunction]
#[pyo3(signature = (readonly, c_contiguous, f_contiguous, indirect, flags, /))]
pub(crate) fn expected(
    readonly: bool,
    c_contiguous: bool,
    f_contiguous: bool,
    indirect: bool,
    flags: i32,
) -> Option<(&'static str, String)> {
    let offer = Offer::new(readonly, c_contiguous, f_contiguous, indirect);
    let request = Request::from_flags(flags);
    let clause = negotiate(offer, request).err()?;
    let message = Refusal::new(offer, request)
        .map_or_else(|| clause.to_string(), |refusal| refusal.to_string());
    Some((clause.code(), message))
}

/// All 72 requests that there are, as a list of (name, flags).
#[pyfunction]
pub(crate) fn requests() -> Vec<(String, i32)> {
    Request::all()
        .map(|request| (request.to_string(), request.flags()))
        .collect()
}

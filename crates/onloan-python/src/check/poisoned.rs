//! The one poisoned `Py_buffer`: every byte of it holds a poison that the caller chooses, and what still holds it afterwards is reported, not
//! followed. A struct that was zeroed beforehand hides fields which the exporter never writes.
//!
//! # Safety of what is read
//!
//! The struct is ours. Pointers in it are followed only if the exporter granted the request and did not leave the poison there: that what it
//! filled in is then true is the one thing that cannot be checked (`granted-truthful`). Judging an exporter that lies belongs into a child process.

use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::ptr;

use onloan::layout::MAX_NDIM;
use pyo3::exceptions::{PyBufferError, PyMemoryError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;

/// The fields of a `Py_buffer`, in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Field {
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

    pub(crate) fn name(self) -> &'static str {
        self.place().0
    }

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

/// What is in `obj` after a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    Exporter,
    Other,
    Null,
    Poison,
}

impl Owner {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Owner::Exporter => "self",
            Owner::Other => "other",
            Owner::Null => "null",
            Owner::Poison => "poison",
        }
    }
}

/// The classes of exceptions that the protocol tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    Buffer,
    Value,
    Memory,
    Other,
}

/// An exception, without anything that keeps objects alive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Raised {
    pub(crate) class: Class,
    pub(crate) name: String,
    pub(crate) message: String,
}

impl Raised {
    /// Takes the exception that is set, if one is, and drops it with its traceback.
    pub(crate) fn take(py: Python<'_>) -> Option<Raised> {
        let error = PyErr::take(py)?;
        let class = if error.is_instance_of::<PyBufferError>(py) {
            Class::Buffer
        } else if error.is_instance_of::<PyMemoryError>(py) {
            Class::Memory
        } else if error.is_instance_of::<PyValueError>(py) {
            Class::Value
        } else {
            Class::Other
        };
        let name = error
            .get_type(py)
            .name()
            .map_or_else(|_| "an exception".to_owned(), |name| name.to_string());
        let message = error.value(py).str().map_or_else(
            |_| String::new(),
            |text| text.to_string_lossy().into_owned(),
        );
        Some(Raised {
            class,
            name,
            message,
        })
    }
}

/// What a granted request filled in, copied out. `None` for what still held the poison; of `format` and the arrays also where NULL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Filled {
    pub(crate) buf: Option<usize>,
    pub(crate) len: Option<isize>,
    pub(crate) itemsize: Option<isize>,
    pub(crate) readonly: Option<c_int>,
    pub(crate) ndim: Option<c_int>,
    pub(crate) format: Option<Vec<u8>>,
    pub(crate) shape: Option<Vec<isize>>,
    pub(crate) strides: Option<Vec<isize>>,
    pub(crate) suboffsets: Option<Vec<isize>>,
}

/// A `Py_buffer` with poison in it. All of its bytes are initialised, whatever the exporter does.
pub(crate) struct Poisoned {
    view: Box<MaybeUninit<ffi::Py_buffer>>,
    poison: u8,
}

impl Poisoned {
    pub(crate) fn new(poison: u8) -> Poisoned {
        let mut view = Box::new(MaybeUninit::<ffi::Py_buffer>::uninit());
        // SAFETY: the box has the bytes of one `Py_buffer`.
        unsafe {
            view.as_mut_ptr()
                .cast::<u8>()
                .write_bytes(poison, size_of::<ffi::Py_buffer>());
        };
        Poisoned { view, poison }
    }

    /// Asks `object`, with the flags as they are; whether it granted. An exception may be set afterwards.
    pub(crate) fn ask(&mut self, object: &Bound<'_, PyAny>, flags: c_int) -> bool {
        // SAFETY: an object, alive and attached, and a struct of the right size and alignment, all of whose bytes are initialised.
        let answer = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), self.as_mut_ptr(), flags) };
        answer == 0
    }

    /// Gives back what was granted. Where `obj` still holds the poison there is nobody to give it to.
    ///
    /// To be called once, after [`ask`](Self::ask) said true.
    pub(crate) fn release(&mut self, _py: Python<'_>) {
        if self.holds_poison(Field::Obj) {
            self.fields_mut().obj = ptr::null_mut();
        }
        // SAFETY: granted (the caller); `obj` is NULL or what the exporter put there.
        unsafe { ffi::PyBuffer_Release(self.as_mut_ptr()) };
    }

    /// Gives back a copy of the struct, the original being overwritten with 0xDD. Nobody looks at what is returned but to free it: arrays
    /// may lie inside of the original.
    pub(crate) fn release_copy(mut self, py: Python<'_>) -> [Poisoned; 2] {
        let mut copy = Poisoned::new(self.poison);
        // SAFETY: two structs of their own.
        unsafe { ptr::copy_nonoverlapping(self.as_mut_ptr(), copy.as_mut_ptr(), 1) };
        // SAFETY: a struct of ours; every bit pattern is a value of its fields.
        unsafe { self.as_mut_ptr().write_bytes(0xDD, 1) };
        copy.release(py);
        [self, copy]
    }

    fn as_mut_ptr(&mut self) -> *mut ffi::Py_buffer {
        self.view.as_mut_ptr()
    }

    pub(crate) fn fields(&self) -> &ffi::Py_buffer {
        // SAFETY: every byte was initialised by `new`, and every bit pattern is a value of pointers and integers.
        unsafe { self.view.assume_init_ref() }
    }

    fn fields_mut(&mut self) -> &mut ffi::Py_buffer {
        // SAFETY: every byte was initialised by `new`, and every bit pattern is a value of pointers and integers.
        unsafe { self.view.assume_init_mut() }
    }

    pub(crate) fn holds_poison(&self, field: Field) -> bool {
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

    /// The fields that still hold the poison.
    pub(crate) fn survivors(&self) -> Vec<Field> {
        Field::ALL
            .into_iter()
            .filter(|field| self.holds_poison(*field))
            .collect()
    }

    pub(crate) fn owner_kind(&self, object: &Bound<'_, PyAny>) -> Owner {
        let owner = self.fields().obj;
        if self.holds_poison(Field::Obj) {
            Owner::Poison
        } else if owner.is_null() {
            Owner::Null
        } else if owner == object.as_ptr() {
            Owner::Exporter
        } else {
            Owner::Other
        }
    }

    /// What `obj` names. Of a granted request only.
    pub(crate) fn owner<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        if self.holds_poison(Field::Obj) {
            return None;
        }
        // SAFETY: NULL or an object that the struct holds a reference to (`granted-truthful`).
        unsafe { Bound::from_borrowed_ptr_or_opt(py, self.fields().obj) }
    }

    /// What was filled in. Of a granted request only.
    pub(crate) fn filled(&self) -> Filled {
        let view = self.fields();
        let written = |field| !self.holds_poison(field);
        let format = if written(Field::Format) && !view.format.is_null() {
            // SAFETY: a C string until the release (`granted-truthful`).
            let text = unsafe { CStr::from_ptr(view.format) };
            Some(text.to_bytes().to_vec())
        } else {
            None
        };
        Filled {
            buf: written(Field::Buf).then(|| view.buf.addr()),
            len: written(Field::Len).then_some(view.len),
            itemsize: written(Field::Itemsize).then_some(view.itemsize),
            readonly: written(Field::Readonly).then_some(view.readonly),
            ndim: written(Field::Ndim).then_some(view.ndim),
            format,
            shape: self.array(Field::Shape, view.shape),
            strides: self.array(Field::Strides, view.strides),
            suboffsets: self.array(Field::Suboffsets, view.suboffsets),
        }
    }

    /// An array of `ndim` numbers; `None` where there is none, or no saying how many.
    fn array(&self, field: Field, start: *mut isize) -> Option<Vec<isize>> {
        let ndim = usize::try_from(self.fields().ndim).ok()?;
        if ndim > MAX_NDIM
            || start.is_null()
            || self.holds_poison(field)
            || self.holds_poison(Field::Ndim)
        {
            return None;
        }
        if ndim == 0 {
            return Some(Vec::new());
        }
        // SAFETY: `ndim` numbers until the release (`granted-truthful`).
        let numbers = unsafe { std::slice::from_raw_parts(start, ndim) };
        Some(numbers.to_vec())
    }
}

//! Methods that are called as often as items are read: put in place of PyO3's, which do everything that these leave.
//!
//! A method is an object in the dictionary of its class. The new ones are made by CPython from a `PyMethodDef`, with the name, the
//! signature and the text of the old ones; the old ones stay for the calls that are not plain.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::Borrowed;
use pyo3::ffi::{self, PyMethodDefPointer};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple, PyType};

use super::super::geometry::{AXES, Geometry};
use super::super::item::Item;
use super::super::{View, bytes, cast, pool};
use super::item::index_of;
use super::search;
use super::{at_length, guarded, made_of, raise, returned, value};

/// PyO3's method, for everything else.
pub(super) struct Plain(AtomicPtr<ffi::PyObject>);

static CAST: Plain = Plain::new();
pub(super) static INDEX: Plain = Plain::new();
static TOBYTES: Plain = Plain::new();

impl Plain {
    const fn new() -> Plain {
        Plain(AtomicPtr::new(ptr::null_mut()))
    }

    /// Calls it.
    ///
    /// # Safety
    /// As CPython calls a `METH_FASTCALL | METH_KEYWORDS`.
    #[cold]
    pub(super) unsafe fn call(
        &self,
        object: *mut ffi::PyObject,
        arguments: *const *mut ffi::PyObject,
        count: isize,
        names: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject {
        let call = |py: Python<'_>| {
            // SAFETY: an object that the caller keeps alive.
            let object = unsafe { Bound::from_borrowed_ptr(py, object) };
            let count = count.unsigned_abs();
            // SAFETY: granted by the caller.
            let (all, named) = unsafe { at_length(py, Some(object), arguments, count, names) }?;
            // SAFETY: an object that is never given back.
            let method = unsafe { Borrowed::from_ptr(py, self.0.load(Ordering::Acquire)) };
            let result = method.call(all, named.as_ref())?;
            Ok(result.unbind())
        };
        let result = guarded(|| Python::attach(call));
        result.map_or(ptr::null_mut(), Py::into_ptr)
    }
}

/// Puts the short ways in.
///
/// # Errors
/// There is no memory for them.
pub(super) fn install(class: &Bound<'_, PyType>) -> PyResult<()> {
    let without = |function| PyMethodDefPointer {
        PyCFunction: function,
    };
    let with = |function| PyMethodDefPointer {
        PyCFunctionFastWithKeywords: function,
    };
    let keywords = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;
    replace(class, c"release", without(release), ffi::METH_NOARGS, None)?;
    replace(class, c"__enter__", without(enter), ffi::METH_NOARGS, None)?;
    replace(
        class,
        c"toreadonly",
        without(to_readonly),
        ffi::METH_NOARGS,
        None,
    )?;
    let exit_function = PyMethodDefPointer {
        PyCFunctionFast: exit,
    };
    replace(class, c"__exit__", exit_function, ffi::METH_FASTCALL, None)?;
    let one = without(search::count);
    replace(class, c"count", one, ffi::METH_O, None)?;
    let search = with(search::index);
    replace(class, c"index", search, keywords, Some(&INDEX))?;
    replace(class, c"cast", with(cast), keywords, Some(&CAST))?;
    replace(class, c"tobytes", with(to_bytes), keywords, Some(&TOBYTES))
}

fn replace(
    class: &Bound<'_, PyType>,
    name: &'static CStr,
    function: PyMethodDefPointer,
    flags: c_int,
    plain: Option<&Plain>,
) -> PyResult<()> {
    let text = name.to_str().map_err(crate::errors::value)?;
    let old = class.getattr(text)?;
    let signature: Option<String> = old.getattr("__text_signature__")?.extract()?;
    let words: Option<String> = old.getattr("__doc__")?.extract()?;
    let signature = signature.unwrap_or_else(|| "($self, *exception)".to_owned());
    let words = words.unwrap_or_default();
    let doc = format!("{text}{signature}\n--\n\n{words}");
    // As all of a class, for as long as the process lives.
    let doc: &'static CStr = Box::leak(
        CString::new(doc)
            .map_err(crate::errors::value)?
            .into_boxed_c_str(),
    );
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: function,
        ml_flags: flags,
        ml_doc: doc.as_ptr().cast::<c_char>(),
    }));
    // SAFETY: a type, alive and attached, and a definition that stays, with a function as its flags say.
    let new = unsafe { ffi::PyDescr_NewMethod(class.as_type_ptr(), definition) };
    // SAFETY: NULL with an exception set, or a new reference.
    let new = unsafe { Bound::from_owned_ptr_or_err(class.py(), new) }?;
    if let Some(plain) = plain {
        plain.0.store(old.into_ptr(), Ordering::Release);
    }
    class.setattr(text, new)
}

unsafe extern "C" fn release(
    object: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls methods attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    released(view)
}

unsafe extern "C" fn exit(
    object: *mut ffi::PyObject,
    _: *mut *mut ffi::PyObject,
    _: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls methods attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    released(view)
}

#[inline]
fn released(view: &View) -> *mut ffi::PyObject {
    match view.release_now() {
        // SAFETY: called from methods only.
        Ok(()) => unsafe { Python::assume_attached() }.None().into_ptr(),
        Err(error) => {
            raise(error);
            ptr::null_mut()
        }
    }
}

unsafe extern "C" fn enter(
    object: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls methods attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    if view.is_released() {
        raise(super::super::released());
        return ptr::null_mut();
    }
    // SAFETY: alive and attached, as above.
    unsafe { ffi::Py_NewRef(object) }
}

unsafe extern "C" fn to_readonly(
    object: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls methods attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    // SAFETY: as above.
    let py = unsafe { Python::assume_attached() };
    let Some(access) = view.try_enter() else {
        raise(super::super::released());
        return ptr::null_mut();
    };
    // SAFETY: the access is of this view.
    let made = || unsafe { view.copied(py, &access, true) };
    made_of(py, made)
}

unsafe extern "C" fn to_bytes(
    object: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    if count != 0 || !names.is_null() {
        // SAFETY: as CPython called this.
        return unsafe { TOBYTES.call(object, arguments, count, names) };
    }
    // SAFETY: CPython calls methods attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    // SAFETY: as above.
    let py = unsafe { Python::assume_attached() };
    returned(guarded(|| bytes::to_bytes(view, py, None)))
}

unsafe extern "C" fn cast(
    object: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    if !(1..=2).contains(&count) || !names.is_null() {
        // SAFETY: as CPython called this.
        return unsafe { CAST.call(object, arguments, count, names) };
    }
    // SAFETY: CPython calls methods attached, with an instance that it keeps alive.
    let view: &View = unsafe { value(object) };
    // SAFETY: as above.
    let py = unsafe { Python::assume_attached() };
    let argument = |index: usize| {
        // SAFETY: one of the arguments, as counted by the caller.
        let argument = unsafe { arguments.wrapping_add(index).read() };
        // SAFETY: an object that CPython keeps alive.
        unsafe { Borrowed::from_ptr(py, argument) }
    };
    let format: &Bound<'_, PyAny> = &argument(0);
    let text = format
        .cast_exact::<PyString>()
        .ok()
        .and_then(|text| text.to_str().ok());
    if count == 1
        && let Some(text) = text
        && let Some((native, line)) = cast::quick_row(view, text)
        && let Some(access) = view.try_enter()
    {
        let item = Item::Native(native);
        let (address, readonly) = (access.address(), view.readonly);
        // SAFETY: as many bytes as the view has, which has no gaps.
        let made =
            || unsafe { view.derive(py, &access, address, Geometry::along(line), item, readonly) };
        return made_of(py, made);
    }
    let shape = (count == 2).then(|| argument(1));
    let shape = shape.as_deref().filter(|shape| !shape.is_none());
    if let Some(shape) = shape
        && let Some(text) = text
        && let Some(extents) = extents(shape)
        && let Some((native, geometry)) = cast::quick_shape(view, text, extents.as_slice())
        && let Some(access) = view.try_enter()
    {
        let item = Item::Native(native);
        let (address, readonly) = (access.address(), view.readonly);
        // SAFETY: as many bytes as the view has, which has no gaps.
        let made = || unsafe { view.derive(py, &access, address, geometry, item, readonly) };
        return made_of(py, made);
    }
    returned(guarded(|| {
        let made = cast::cast(view, py, format, shape, None, None)?;
        pool::make(py, || made)
    }))
}

/// A few numbers.
struct Extents {
    numbers: [isize; AXES],
    count: usize,
}

impl Extents {
    #[inline]
    fn as_slice(&self) -> &[isize] {
        self.numbers.get(..self.count).unwrap_or_default()
    }
}

/// The numbers of a list or a tuple with a few `int`; `None` for everything else.
#[inline]
fn extents(sequence: &Bound<'_, PyAny>) -> Option<Extents> {
    let mut extents = Extents {
        numbers: [0; AXES],
        count: 0,
    };
    type Get = unsafe extern "C" fn(*mut ffi::PyObject, isize) -> *mut ffi::PyObject;
    let (count, get): (usize, Get) = if let Ok(list) = sequence.cast_exact::<PyList>() {
        (list.len(), ffi::PyList_GetItem)
    } else if let Ok(tuple) = sequence.cast_exact::<PyTuple>() {
        (tuple.len(), ffi::PyTuple_GetItem)
    } else {
        return None;
    };
    extents.count = count;
    for (index, number) in extents.numbers.get_mut(..count)?.iter_mut().enumerate() {
        // SAFETY: a list or a tuple, alive and attached, with so many items; the reference is its own, and no code runs meanwhile.
        *number = index_of(unsafe { get(sequence.as_ptr(), index.cast_signed()) })?;
    }
    (extents.count > 0).then_some(extents)
}

//! Names of types, threads, lines and keys. Nothing here runs code of the program.

use std::ffi::{CStr, c_ulong};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyString, PyTuple, PyType};

/// The longest text of a key.
const LONGEST: usize = 60;

/// `module.qualname` of a type, without the module if it is `builtins`.
pub(super) fn type_name(class: &Bound<'_, PyAny>) -> String {
    let py = class.py();
    // Asked of `type` itself: a metaclass may have its own ideas.
    let ask = |name: &str| -> Option<String> {
        let getter = py
            .get_type::<PyType>()
            .getattr("__dict__")
            .ok()?
            .get_item(name)
            .ok()?;
        let value = getter.call_method1("__get__", (class,)).ok()?;
        value
            .cast_exact::<PyString>()
            .ok()?
            .to_str()
            .ok()
            .map(str::to_owned)
    };
    let name = ask("__qualname__").unwrap_or_else(|| "?".to_owned());
    match ask("__module__") {
        Some(module) if module != "builtins" => format!("{module}.{name}"),
        _ => name,
    }
}

/// The `__mro__` of a type.
pub(super) fn order<'py>(class: &Bound<'py, PyType>) -> Option<Bound<'py, PyTuple>> {
    let py = class.py();
    let getter = py
        .get_type::<PyType>()
        .getattr("__dict__")
        .ok()?
        .get_item("__mro__")
        .ok()?;
    getter
        .call_method1("__get__", (class,))
        .ok()?
        .cast_into::<PyTuple>()
        .ok()
}

/// `tp_name` as it stands there.
///
/// # Safety
/// NULL or the `tp_name` of a type that lives.
pub(super) unsafe fn c_name(label: usize) -> String {
    if label == 0 {
        return "?".to_owned();
    }
    // SAFETY: granted by the caller.
    let name = unsafe { CStr::from_ptr(std::ptr::with_exposed_provenance(label)) };
    let name = name.to_string_lossy();
    name.strip_prefix("builtins.").unwrap_or(&name).to_owned()
}

/// What `sys` has under a name. The interpreter is asked for it: an `import` calls what the program may have put in its place.
pub(super) fn of_sys<'py>(py: Python<'py>, name: &CStr) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: attached; a name that ends with NUL.
    let found = unsafe { pyo3::ffi::PySys_GetObject(name.as_ptr()) };
    // SAFETY: borrowed from `sys`, or NULL.
    let found = unsafe { Bound::from_borrowed_ptr_or_opt(py, found) };
    found.ok_or_else(|| PyRuntimeError::new_err(format!("sys has no {}", name.to_string_lossy())))
}

/// The name of a thread, as `threading` knows it: `None` if it does not.
pub(super) fn thread_name(py: Python<'_>, ident: c_ulong) -> Option<String> {
    let modules = of_sys(py, c"modules").ok()?;
    let modules = modules.cast_into::<PyDict>().ok()?;
    let threading = modules.get_item("threading").ok()?;
    // Imported by nobody: there is one thread, or those that C code made.
    let Some(threading) = threading else {
        return Some("MainThread".to_owned());
    };
    let active = threading
        .getattr("_active")
        .ok()?
        .cast_into::<PyDict>()
        .ok()?;
    let thread = active.get_item(ident).ok()??;
    let name = attributes(&thread)?.get_item("_name").ok()??;
    name.cast_exact::<PyString>()
        .ok()?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// The `__dict__` of an instance, if it has one, whatever its class makes of attributes.
pub(super) fn attributes<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyDict>> {
    let py = object.py();
    // SAFETY: attached; an object and no context.
    let found =
        unsafe { pyo3::ffi::PyObject_GenericGetDict(object.as_ptr(), std::ptr::null_mut()) };
    // SAFETY: a new reference, or NULL and an exception.
    match unsafe { Bound::from_owned_ptr_or_err(py, found) } {
        Ok(found) => found.cast_into::<PyDict>().ok(),
        Err(_) => None,
    }
}

/// The line of an instruction, by its offset in bytes.
pub(super) fn line(code: &Bound<'_, PyAny>, offset: isize) -> Option<u32> {
    for range in code.call_method0("co_lines").ok()?.try_iter().ok()? {
        let (start, end, line): (isize, isize, Option<u32>) = range.ok()?.extract().ok()?;
        if (start..end).contains(&offset) {
            return line;
        }
    }
    None
}

/// File and function of a code object.
pub(super) fn place(code: &Bound<'_, PyAny>) -> (String, String) {
    let ask = |name: &str| -> String {
        let text = code.getattr(name).ok();
        let text = text.and_then(|text| text.cast_into::<PyString>().ok());
        text.map_or_else(
            || "?".to_owned(),
            |text| text.to_string_lossy().into_owned(),
        )
    };
    (ask("co_filename"), ask("co_name"))
}

/// A key as one would write it, if it is of a type whose repr is CPython's own; else its type.
pub(super) fn key(key: &Bound<'_, PyAny>) -> String {
    let plain = key.is_none()
        || key.is_exact_instance_of::<PyString>()
        || key.is_exact_instance_of::<PyInt>()
        || key.is_exact_instance_of::<PyBool>()
        || key.is_exact_instance_of::<PyFloat>()
        || key.is_exact_instance_of::<PyBytes>();
    let text = if plain {
        key.repr()
            .ok()
            .map(|text| text.to_string_lossy().into_owned())
    } else if let Ok(tuple) = key.cast_exact::<PyTuple>() {
        let items: Vec<String> = tuple.iter().take(4).map(|item| self::key(&item)).collect();
        Some(format!("({})", items.join(", ")))
    } else {
        None
    };
    let text = text.unwrap_or_else(|| format!("<{}>", type_name(key.get_type().as_any())));
    if text.chars().count() <= LONGEST {
        return text;
    }
    let cut: String = text.chars().take(LONGEST).collect();
    format!("{cut}…")
}

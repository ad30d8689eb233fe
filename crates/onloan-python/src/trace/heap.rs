//! All objects that the collector knows, looked at while nothing else runs.
//!
//! The list of them holds a reference to each, so nothing may run that could drop another one meanwhile: no bytecode, and no collection.

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyList;

use super::hash::Map;
use super::layout::{Layout, MANAGED_EXPORTS, MANAGED_VIEW, WORD, address, word};

/// Flag of a managed buffer: its memory was given back.
const RELEASED: usize = 1;

/// While it lives the collector does not run by itself.
pub(super) struct Quiet<'py> {
    resume: bool,
    py: PhantomData<Python<'py>>,
}

impl<'py> Quiet<'py> {
    pub(super) fn new(_py: Python<'py>) -> Quiet<'py> {
        Quiet {
            // SAFETY: attached.
            resume: unsafe { ffi::PyGC_Disable() } != 0,
            py: PhantomData,
        }
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        if self.resume {
            // SAFETY: attached: it was made with a token, and does not outlive it.
            unsafe { ffi::PyGC_Enable() };
        }
    }
}

/// The objects.
pub(super) struct Heap<'py> {
    list: Bound<'py, PyList>,
    pub(super) objects: Vec<usize>,
    /// Dropped after the list.
    _quiet: Quiet<'py>,
}

/// A managed buffer that holds an export.
pub(super) struct Managed {
    pub(super) object: usize,
    /// The address of its `Py_buffer`.
    pub(super) view: usize,
    pub(super) exporter: usize,
    pub(super) len: usize,
    pub(super) buf: usize,
    pub(super) internal: usize,
    pub(super) ndim: i32,
}

impl<'py> Heap<'py> {
    pub(super) fn new(py: Python<'py>) -> PyResult<Heap<'py>> {
        let quiet = Quiet::new(py);
        let list = get_objects(py)?.call0()?.cast_into::<PyList>()?;
        let objects = (0..list.len())
            .map(|index| {
                // SAFETY: inside of a list that nobody else knows; borrowed from it.
                let item = unsafe { ffi::PyList_GetItem(list.as_ptr(), index as isize) };
                item.expose_provenance()
            })
            .collect();
        Ok(Heap {
            list,
            objects,
            _quiet: quiet,
        })
    }

    /// The address of the list itself, which holds everything.
    pub(super) fn list(&self) -> usize {
        address(&self.list)
    }

    /// Whether an object is in the list.
    pub(super) fn knows(&self, object: usize) -> bool {
        let pointer = std::ptr::with_exposed_provenance_mut(object);
        // SAFETY: asked of objects of the list, and of those that such ones refer to.
        unsafe { ffi::PyObject_GC_IsTracked(pointer) != 0 }
    }

    /// The type of an object.
    ///
    /// # Safety
    /// The object is alive: one of these, or referred to by one.
    #[inline]
    pub(super) unsafe fn type_of(object: usize) -> usize {
        let object = std::ptr::with_exposed_provenance_mut(object);
        // SAFETY: granted by the caller.
        unsafe { ffi::Py_TYPE(object) }.expose_provenance()
    }

    /// The managed buffers that hold an export.
    pub(super) fn managed<'h>(
        &'h self,
        layout: &'h Layout,
    ) -> impl Iterator<Item = Managed> + use<'h, 'py> {
        self.objects.iter().filter_map(|object| {
            // SAFETY: an object of the list.
            let kind = unsafe { Heap::type_of(*object) };
            if kind != layout.managed {
                return None;
            }
            // SAFETY: a managed buffer, whose fields were verified at the start.
            let flags = unsafe { word(*object, 2 * WORD) };
            // SAFETY: as above.
            let exports = unsafe { word(*object, MANAGED_EXPORTS) };
            let view = *object + MANAGED_VIEW;
            let place = std::ptr::with_exposed_provenance::<ffi::Py_buffer>(view);
            // SAFETY: as above; nobody writes to it meanwhile.
            let buffer = unsafe { &*place };
            if flags & RELEASED != 0 || exports == 0 || buffer.obj.is_null() {
                return None;
            }
            Some(Managed {
                object: *object,
                view,
                exporter: buffer.obj.expose_provenance(),
                len: usize::try_from(buffer.len).unwrap_or(0),
                buf: buffer.buf.addr(),
                internal: buffer.internal.addr(),
                ndim: buffer.ndim,
            })
        })
    }
}

/// `gc.get_objects`, as it was when it was first needed; programs put functions of their own there.
pub(super) fn get_objects(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static FOUND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let found = FOUND.get_or_try_init(py, || {
        py.import("gc")?.getattr("get_objects").map(Bound::unbind)
    })?;
    Ok(found.bind(py))
}

/// `tp_traverse` of types, looked up once each.
#[derive(Default)]
pub(super) struct Traversals(Map<usize, usize>);

type Traverse = unsafe extern "C" fn(*mut ffi::PyObject, ffi::visitproc, *mut c_void) -> c_int;

impl Traversals {
    /// Calls `visit` for each object that an object refers to.
    ///
    /// # Safety
    /// The object is alive and known to the collector, or an exact dict or tuple.
    pub(super) unsafe fn traverse<F: FnMut(usize)>(&mut self, object: usize, visit: &mut F) {
        // SAFETY: granted by the caller.
        let kind = unsafe { Heap::type_of(object) };
        let slot = *self.0.entry(kind).or_insert_with(|| {
            let kind = std::ptr::with_exposed_provenance_mut(kind);
            // SAFETY: the type of a live object; attached, as whoever has a heap is.
            unsafe { ffi::PyType_GetSlot(kind, ffi::Py_tp_traverse) }.expose_provenance()
        });
        if slot == 0 {
            return;
        }
        // SAFETY: CPython told that this is the type's `tp_traverse`.
        let traverse = unsafe { std::mem::transmute::<usize, Traverse>(slot) };
        let context = (&raw mut *visit).cast();
        let object = std::ptr::with_exposed_provenance_mut(object);
        // SAFETY: the collector calls it in this way (granted by the caller); `visited` takes the context for what it is.
        unsafe { traverse(object, visited::<F>, context) };
    }
}

/// # Safety
/// The context is an exclusive pointer to the function.
unsafe extern "C" fn visited<F: FnMut(usize)>(
    object: *mut ffi::PyObject,
    context: *mut c_void,
) -> c_int {
    // SAFETY: granted by `traverse`, which is not left meanwhile.
    let visit = unsafe { &mut *context.cast::<F>() };
    if !object.is_null() {
        visit(object.expose_provenance());
    }
    0
}

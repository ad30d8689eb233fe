//! Where CPython keeps what no public function tells: slots, managed buffers, frames.
//!
//! Everything here is a number that was read in CPython's headers, and is believed only after the running interpreter has been held against it: slots
//! against `PyType_GetSlot`, descriptors against the slots of their types, a managed buffer against the memoryview it belongs to, frames against
//! the public interface of frame objects. Where slots or managed buffers do not fit, tracing is refused; where frames do not, the public
//! interface is used, which is slower.

use std::ffi::c_int;
use std::sync::OnceLock;
use std::sync::atomic::AtomicPtr;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyDict, PyList, PyMemoryView, PyTuple, PyType};

use super::frames::FrameLayout;

/// Bytes of a pointer.
pub(super) const WORD: usize = size_of::<usize>();

/// Offsets in a `PyTypeObject` of builds with a global lock.
pub(super) const TP_NAME: usize = 3 * WORD;
pub(super) const TP_AS_BUFFER: usize = 20 * WORD;
pub(super) const TP_INIT: usize = 37 * WORD;
pub(super) const TP_VECTORCALL: usize = 50 * WORD;

/// Offsets in a `PyWrapperDescrObject`.
pub(super) const D_TYPE: usize = 2 * WORD;
pub(super) const D_WRAPPED: usize = 6 * WORD;

/// Offsets in a `_PyManagedBufferObject`.
pub(super) const MANAGED_EXPORTS: usize = 3 * WORD;
pub(super) const MANAGED_VIEW: usize = 4 * WORD;

/// What was found out about the interpreter.
pub(super) struct Layout {
    /// `None`: by the public interface.
    pub(super) frames: Option<FrameLayout>,
    /// The type of managed buffers.
    pub(super) managed: usize,
    /// The slots that CPython gives to classes with `__buffer__` and `__release_buffer__`; 0 before 3.12.
    pub(super) python_get: usize,
    pub(super) python_release: usize,
    /// The interpreter that was asked.
    pub(super) interpreter: usize,
    /// Thread states say in their third word whose they are.
    says_whose: bool,
}

/// In a thread state: its interpreter.
const INTERPRETER: usize = 2 * WORD;

impl Layout {
    /// Whether a thread is one of the interpreter's that was asked.
    ///
    /// # Safety
    /// The thread state of the calling thread, which is attached.
    #[inline]
    pub(super) unsafe fn is_own(&self, thread: *mut ffi::PyThreadState) -> bool {
        let interpreter = if self.says_whose {
            // SAFETY: granted by the caller; a thread state is longer than this offset.
            unsafe { word(thread.expose_provenance(), INTERPRETER) }
        } else {
            // SAFETY: granted by the caller.
            unsafe { ffi::PyThreadState_GetInterpreter(thread) }.addr()
        };
        interpreter == self.interpreter
    }
}

static LAYOUT: OnceLock<Layout> = OnceLock::new();

/// The layout, once it is verified.
#[inline]
pub(super) fn layout() -> Option<&'static Layout> {
    LAYOUT.get()
}

/// Reads a word of memory.
///
/// # Safety
/// From `address + offset` on lie the bytes of a pointer, initialised and aligned.
#[inline]
pub(super) unsafe fn word(address: usize, offset: usize) -> usize {
    let place = std::ptr::with_exposed_provenance::<usize>(address + offset);
    // SAFETY: granted by the caller.
    unsafe { place.read() }
}

/// A word of memory that others may exchange.
///
/// # Safety
/// As for [`word`], for as long as `'m`; it may be written to.
pub(super) unsafe fn pointer<'m>(address: usize, offset: usize) -> &'m AtomicPtr<()> {
    let place = std::ptr::with_exposed_provenance_mut::<*mut ()>(address + offset);
    // SAFETY: granted by the caller.
    unsafe { AtomicPtr::from_ptr(place) }
}

/// The address of an object.
pub(super) fn address<T>(object: &Bound<'_, T>) -> usize {
    object.as_ptr().expose_provenance()
}

/// A slot, by the public interface.
pub(super) fn slot(class: &Bound<'_, PyType>, slot: c_int) -> usize {
    // SAFETY: a type, alive and attached; `slot` is one of those that CPython knows.
    let slot = unsafe { ffi::PyType_GetSlot(class.as_type_ptr(), slot) };
    slot.expose_provenance()
}

/// The two buffer slots of a type; 0 where there is none.
#[derive(Clone, Copy)]
pub(super) struct BufferSlots {
    pub(super) get: usize,
    pub(super) release: usize,
}

/// The buffer slots of a type, if it has any: what the public interface tells must be what lies there.
pub(super) fn buffer_slots(class: &Bound<'_, PyType>) -> Option<BufferSlots> {
    let (get, release) = (
        slot(class, ffi::Py_bf_getbuffer),
        slot(class, ffi::Py_bf_releasebuffer),
    );
    if get == 0 && release == 0 {
        return None;
    }
    // SAFETY: a type object of CPython is longer than this offset.
    let table = unsafe { word(address(class), TP_AS_BUFFER) };
    if table == 0 || !table.is_multiple_of(WORD) {
        return None;
    }
    // SAFETY: the public interface has just read the slots there, as the start has verified.
    let found = (unsafe { word(table, 0) }, unsafe { word(table, WORD) });
    (found == (get, release)).then_some(BufferSlots { get, release })
}

/// Verifies the interpreter, once. The error is a sentence that says what did not fit.
pub(super) fn verify(py: Python<'_>) -> Result<&'static Layout, String> {
    if let Some(layout) = LAYOUT.get() {
        return Ok(layout);
    }
    let layout = examine(py).map_err(|error| {
        error.unwrap_or_else(|error| format!("onloan cannot examine this interpreter: {error}"))
    })?;
    Ok(LAYOUT.get_or_init(|| layout))
}

type Reason = Result<String, PyErr>;

fn examine(py: Python<'_>) -> Result<Layout, Reason> {
    let unknown = |error: PyErr| Err(error);
    let sys = py.import("sys").map_err(unknown)?;
    let name: String = sys
        .getattr("implementation")
        .and_then(|it| it.getattr("name"))
        .and_then(|it| it.extract())
        .map_err(unknown)?;
    if name != "cpython" {
        return Err(Ok(format!("tracing knows CPython only, this is {name}")));
    }
    let flags: String = sys
        .getattr("abiflags")
        .and_then(|it| it.extract())
        .unwrap_or_default();
    if flags.contains('t') || cfg!(Py_GIL_DISABLED) {
        return Err(Ok(
            "tracing is not built for free-threaded interpreters: its hooks rely on the global lock".to_owned(),
        ));
    }
    if size_of::<usize>() != 8 {
        return Err(Ok("tracing knows 64-bit interpreters only".to_owned()));
    }
    for class in [
        py.get_type::<pyo3::types::PyBytes>(),
        py.get_type::<PyByteArray>(),
        py.get_type::<PyMemoryView>(),
    ] {
        if buffer_slots(&class).is_none() {
            return Err(Ok(
                "the buffer slots are not where this version of onloan knows them to be".to_owned(),
            ));
        }
    }
    let (python_get, python_release) = python_slots(py).map_err(unknown)?;
    check_descriptors(py).map_err(unknown)?.ok_or_else(|| {
        Ok("wrapper descriptors are not laid out as this version of onloan knows them".to_owned())
    })?;
    let managed = managed_type(py).map_err(unknown)?.ok_or_else(|| {
        Ok("managed buffers are not laid out as this version of onloan knows them".to_owned())
    })?;
    // SAFETY: attached.
    let interpreter = unsafe { ffi::PyInterpreterState_Get() };
    // SAFETY: attached.
    let thread = unsafe { ffi::PyThreadState_Get() };
    // SAFETY: a thread state is longer than this offset.
    let whose = unsafe { word(thread.expose_provenance(), INTERPRETER) };
    let frames = FrameLayout::verified(py).map_err(unknown)?;
    Ok(Layout {
        frames,
        managed,
        python_get,
        python_release,
        says_whose: whose == interpreter.addr(),
        interpreter: interpreter.expose_provenance(),
    })
}

/// The slots of a class that has `__buffer__` and `__release_buffer__`.
fn python_slots(py: Python<'_>) -> PyResult<(usize, usize)> {
    let namespace = PyDict::new(py);
    let nothing = py.None();
    namespace.set_item("__buffer__", &nothing)?;
    namespace.set_item("__release_buffer__", &nothing)?;
    let bases = PyTuple::empty(py);
    let probe = py.get_type::<PyType>().call1(("probe", bases, namespace))?;
    let probe = probe.cast_into::<PyType>().map_err(PyErr::from)?;
    Ok((
        slot(&probe, ffi::Py_bf_getbuffer),
        slot(&probe, ffi::Py_bf_releasebuffer),
    ))
}

/// From 3.12 on: the descriptors of bytearray hold its slots.
fn check_descriptors(py: Python<'_>) -> PyResult<Option<()>> {
    if py.version_info() < (3, 12) {
        return Ok(Some(()));
    }
    let class = py.get_type::<PyByteArray>();
    let Some(slots) = buffer_slots(&class) else {
        return Ok(None);
    };
    let namespace = class.getattr("__dict__")?;
    for (name, slot) in [
        ("__buffer__", slots.get),
        ("__release_buffer__", slots.release),
    ] {
        let descriptor = namespace.get_item(name)?;
        let size: usize = descriptor.get_type().getattr("__basicsize__")?.extract()?;
        if size < D_WRAPPED + WORD {
            return Ok(None);
        }
        let start = address(&descriptor);
        // SAFETY: inside of the object, whose size was looked at.
        let owner = unsafe { word(start, D_TYPE) };
        // SAFETY: as above.
        let wrapped = unsafe { word(start, D_WRAPPED) };
        if owner != address(&class) || wrapped != slot {
            return Ok(None);
        }
    }
    Ok(Some(()))
}

/// The type of managed buffers, if one of them looks as it should.
fn managed_type(py: Python<'_>) -> PyResult<Option<usize>> {
    let exporter = PyByteArray::new(py, b"onloan");
    let view = PyMemoryView::from(exporter.as_any())?;
    let referents = py.import("gc")?.call_method1("get_referents", (&view,))?;
    for managed in referents.cast::<PyList>().map_err(PyErr::from)? {
        let class = managed.get_type();
        if class.name()? != "managedbuffer" {
            continue;
        }
        let size: usize = class.getattr("__basicsize__")?.extract()?;
        if size != MANAGED_VIEW + size_of::<ffi::Py_buffer>() {
            continue;
        }
        let start = address(&managed);
        // SAFETY: inside of the object, whose size was looked at.
        let exports = unsafe { word(start, MANAGED_EXPORTS) };
        // SAFETY: as above; a `Py_buffer` begins with `buf` and `obj`.
        let object = unsafe { word(start, MANAGED_VIEW + WORD) };
        // SAFETY: as above; `len` is the third.
        let length = unsafe { word(start, MANAGED_VIEW + 2 * WORD) };
        if (exports, object, length) == (1, address(&exporter), 6) {
            return Ok(Some(address(&class)));
        }
    }
    Ok(None)
}

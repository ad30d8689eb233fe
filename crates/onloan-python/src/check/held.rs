//! A buffer that is held from Python, looked at again, and released in every way there is.

use std::ffi::c_int;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::thread;

use onloan_core::kernel::visit_bytes_raw;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::answer::{Answer, quoted, shown};
use super::poisoned::{Field, Filled, Poisoned, Raised};

/// How many bytes there are, and where the first one that differs is, with what it is.
type Walked = (usize, Option<(usize, u8)>);

/// How many bytes are kept and compared; all are read once.
const KEPT: usize = 1 << 20;

/// How many bytes are read one after the other: a stride of zero makes more of them than there is memory.
const READ: usize = 1 << 28;

/// The bytes of the items in C order, the first [`KEPT`] of them; `None` if the answer does not hold together.
///
/// Reading them kills the process if there is no memory, which is what it is for.
pub(super) fn contents(filled: &Filled) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    visit(filled, |piece| {
        let room = KEPT - bytes.len();
        bytes.extend_from_slice(&piece[..piece.len().min(room)]);
        if bytes.len() == KEPT {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .then_some(bytes)
}

/// Shows the bytes of all items in C order, piece by piece, until `look` breaks; false if the answer does not hold together.
fn visit(filled: &Filled, mut look: impl FnMut(&[u8]) -> ControlFlow<()>) -> bool {
    let Some(layout) = filled.layout() else {
        return false;
    };
    let Some(from) = filled.buf.filter(|buf| *buf != 0 || layout.nbytes() == 0) else {
        return false;
    };
    let from = std::ptr::with_exposed_provenance(from);
    // SAFETY:
    // readable, tables: assumed of exporters (`granted-truthful`), in a child process; the buffer is held by the caller.
    // unraced: assumed of all who can reach the memory. `look` writes to nothing of it.
    let _ = unsafe { visit_bytes_raw(from, &layout, &mut look) };
    true
}

/// The first field that differs.
pub(super) struct Difference<'a>(pub(super) &'a Filled, pub(super) &'a Filled);

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (self.0, self.1);
        for (name, before, after) in [
            ("shape", &before.shape, &after.shape),
            ("strides", &before.strides, &after.strides),
            ("suboffsets", &before.suboffsets, &after.suboffsets),
        ] {
            if before != after {
                let (before, after) = (shown(before.as_deref()), shown(after.as_deref()));
                return write!(f, "{name} was {before} and is {after}");
            }
        }
        if before.format != after.format {
            let (before, after) = (
                quoted(before.format.as_deref()),
                quoted(after.format.as_deref()),
            );
            return write!(f, "format was {before} and is {after}");
        }
        f.write_str("the struct changed")
    }
}

/// A buffer that is out until it is released; it holds no reference to the exporter but `obj`.
#[pyclass(frozen, module = "onloan._onloan")]
pub(crate) struct _Held {
    view: Mutex<Option<Poisoned>>,
    /// What was filled in at first.
    before: Filled,
    bytes: Option<Vec<u8>>,
}

// SAFETY: the struct belongs to this object alone; only attached threads use it, and the mutex lets one at a time.
unsafe impl Send for Poisoned {}

impl _Held {
    /// Reads the lowest and the highest byte that is addressed, where that is known.
    fn touch_ends(&self) {
        let layout = self.before.layout().filter(|layout| !layout.is_indirect());
        let (Some(extent), Some(buf)) =
            (layout.and_then(|layout| layout.extent()), self.before.buf)
        else {
            return;
        };
        if extent.is_empty() {
            return;
        }
        let start = std::ptr::with_exposed_provenance::<u8>(buf);
        for offset in [extent.start, extent.end - 1] {
            let place = start.wrapping_offset(offset);
            // SAFETY: assumed of exporters (`granted-truthful`): a byte of an item.
            std::hint::black_box(unsafe { place.read_volatile() });
        }
    }

    fn take(&self) -> PyResult<Poisoned> {
        self.view
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .ok_or_else(|| PyValueError::new_err("released already"))
    }

    /// Takes the struct out while it is looked at: nothing runs under the lock.
    fn with<R>(&self, run: impl FnOnce(&Poisoned) -> R) -> PyResult<R> {
        let view = self.take()?;
        let result = run(&view);
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = Some(view);
        Ok(result)
    }
}

/// Asks for a buffer and holds it; None if it is refused. Its bytes are looked at if they are to be read.
#[pyfunction]
#[pyo3(signature = (object, flags, read, /))]
pub(crate) fn _hold(object: &Bound<'_, PyAny>, flags: c_int, read: bool) -> Option<_Held> {
    let (answer, view) = Answer::hold(object, flags, 0xA5);
    let before = answer.filled?;
    let bytes = if read { contents(&before) } else { None };
    let view = Mutex::new(view);
    Some(_Held {
        view,
        before,
        bytes,
    })
}

#[pymethods]
impl _Held {
    /// Address of the first item, number of bytes, whether they may be written.
    #[getter]
    fn block(&self) -> (usize, isize, bool) {
        (
            self.before.buf.unwrap_or(0),
            self.before.len.unwrap_or(0),
            self.before.readonly == Some(0),
        )
    }

    /// Whether obj is NULL.
    #[getter]
    fn unowned(&self) -> PyResult<bool> {
        self.with(|view| view.holds_poison(Field::Obj) || view.fields().obj.is_null())
    }

    /// What obj names.
    #[getter]
    fn owner<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.with(|view| view.owner(py))
    }

    /// What of the struct is no longer as it was, in words; None if all is.
    fn difference(&self) -> PyResult<Option<String>> {
        self.with(|view| {
            let after = view.filled();
            (after != self.before).then(|| Difference(&self.before, &after).to_string())
        })
    }

    /// The bytes of the items in C order when the buffer was acquired, a million of them at most; None if the answer does not hold together.
    #[getter]
    fn contents<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.bytes.as_deref().map(|bytes| PyBytes::new(py, bytes))
    }

    /// The bytes that are there now, where the struct said at first; None where they were not read then.
    fn read<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        if self.bytes.is_none() {
            return Ok(None);
        }
        self.with(|_| contents(&self.before).map(|bytes| PyBytes::new(py, &bytes)))
    }

    /// Reads every byte once, and compares it with those that are `expected`; of very many the first ones, and the two ends.
    ///
    /// (how many bytes there are, where the first one differs and what it is); None if the answer does not hold together.
    #[pyo3(signature = (expected=None, /))]
    fn walk(&self, expected: Option<&[u8]>) -> PyResult<Option<Walked>> {
        self.with(|_| {
            let mut seen = 0;
            let mut differs = None;
            let done = visit(&self.before, |piece| {
                // So that nobody leaves the reading out.
                std::hint::black_box(piece.iter().fold(0_u8, |all, byte| all ^ byte));
                if let (Some(expected), None) = (expected, differs) {
                    let rest = expected.get(seen..).unwrap_or_default();
                    differs = piece
                        .iter()
                        .zip(rest)
                        .position(|(byte, other)| byte != other)
                        .map(|at| (seen + at, piece[at]));
                }
                seen += piece.len();
                if seen < READ || expected.is_some_and(|expected| seen < expected.len()) {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
            if !done {
                return None;
            }
            if seen < self.before.layout()?.nbytes() {
                self.touch_ends();
                seen = self.before.layout()?.nbytes();
            }
            Some((seen, differs))
        })
    }

    /// What `PyBuffer_ToContiguous` makes of it; None if it refuses.
    fn contiguous<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let len = self.before.len.unwrap_or(0);
        let Ok(size) = usize::try_from(len) else {
            return Ok(None);
        };
        // CPython follows what the exporter left as it was.
        if size > KEPT || self.with(|view| !view.survivors().is_empty())? {
            return Ok(None);
        }
        let mut bytes = vec![0; size];
        let done = self.with(|view| {
            // SAFETY: a filled struct that is held, and memory of `len` bytes.
            unsafe {
                ffi::PyBuffer_ToContiguous(
                    bytes.as_mut_ptr().cast(),
                    view.fields(),
                    len,
                    b'C'.cast_signed() as _,
                )
            }
        })?;
        let raised = Raised::take(py);
        Ok((done == 0 && raised.is_none()).then(|| PyBytes::new(py, &bytes)))
    }

    /// Writes the bytes that are there, where they are. Only if the struct says that this may be done and the items lie without gaps.
    fn write_back(&self) -> PyResult<bool> {
        let gapless = self
            .before
            .layout()
            .is_some_and(|layout| layout.is_contiguous());
        let (Some(buf), Some(0), Ok(len), true) = (
            self.before.buf,
            self.before.readonly,
            usize::try_from(self.before.len.unwrap_or(0)),
            gapless,
        ) else {
            return Ok(false);
        };
        self.with(|_| {
            let start = std::ptr::with_exposed_provenance_mut::<u8>(buf);
            for at in 0..len {
                let place = start.wrapping_add(at);
                // SAFETY: assumed of exporters (`granted-truthful`): `len` bytes without gaps.
                let byte = unsafe { place.read_volatile() };
                // SAFETY: as above, and the exporter says that it may be written.
                unsafe { place.write_volatile(byte) };
            }
            true
        })
    }

    /// Gives the buffer back: "plain", through a "copy" of the struct, on another "thread", or with an "exception" set.
    ///
    /// What is wrong about exceptions afterwards, in words; None if nothing is.
    fn release(&self, py: Python<'_>, way: &str) -> PyResult<Option<String>> {
        match way {
            "plain" => {
                self.take()?.release(py);
                Ok(Raised::take(py)
                    .map(|raised| format!("{} is set: {}", raised.name, raised.message)))
            }
            "copy" => {
                drop(self.take()?.release_copy(py));
                Ok(Raised::take(py)
                    .map(|raised| format!("{} is set: {}", raised.name, raised.message)))
            }
            "thread" => {
                let mut view = self.take()?;
                let released = py.detach(move || {
                    thread::spawn(move || {
                        Python::attach(|py| {
                            view.release(py);
                            Raised::take(py)
                        })
                    })
                    .join()
                });
                let raised = released.map_err(|_| PyValueError::new_err("the thread panicked"))?;
                Ok(raised.map(|raised| format!("{} is set: {}", raised.name, raised.message)))
            }
            "exception" => {
                let mut view = self.take()?;
                let error = PyKeyError::new_err("set before the release");
                let value = error.value(py).clone();
                error.restore(py);
                view.release(py);
                Ok(match PyErr::take(py) {
                    None => Some("the exception is gone".to_owned()),
                    Some(now) if now.value(py).is(&value) => None,
                    Some(now) => Some(format!("it became {}", now.get_type(py).name()?)),
                })
            }
            _ => Err(PyValueError::new_err("plain, copy, thread or exception")),
        }
    }
}

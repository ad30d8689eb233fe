//! Loans of exporters of every manner, in an interpreter of our own: built with the whole API, where the slots are called from here.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use onloan_core::request::Request;
use pyo3::exceptions::{PyLookupError, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::{ExportCell, Loan, View, exporter};

#[pyclass(frozen)]
struct Own {
    data: ExportCell<Vec<u8>>,
}

#[exporter(data)]
#[pymethods]
impl Own {}

/// Lends eight bytes.
unsafe extern "C" fn lend(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    let bytes = b"lent out".as_ptr().cast_mut().cast();
    // SAFETY: as CPython calls it.
    unsafe { ffi::PyBuffer_FillInfo(view, object, bytes, 8, 1, flags) }
}

/// Leaves an exception behind.
unsafe extern "C" fn release_with_an_exception(_: *mut ffi::PyObject, _: *mut ffi::Py_buffer) {
    // SAFETY: attached; exceptions live as long as the interpreter.
    let class = unsafe { ffi::PyExc_LookupError };
    // SAFETY: attached.
    unsafe { ffi::PyErr_SetString(class, c"left behind".as_ptr()) };
}

/// Forgets whatever exception is pending.
unsafe extern "C" fn release_and_forget(_: *mut ffi::PyObject, _: *mut ffi::Py_buffer) {
    // SAFETY: attached.
    unsafe { ffi::PyErr_Clear() };
}

/// An exporter in the manner of C, with that release slot.
fn rude<'py>(
    py: Python<'py>,
    name: &'static CStr,
    release: ffi::releasebufferproc,
) -> Bound<'py, PyAny> {
    let slot = |slot, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_bf_getbuffer, lend as *mut c_void),
        slot(ffi::Py_bf_releasebuffer, release as *mut c_void),
        slot(0, ptr::null_mut()),
    ];
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: 0,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: attached; a spec of slots that end with 0, whose functions have the signatures of their slots.
    let class = unsafe { ffi::PyType_FromSpec(&raw mut spec) };
    // SAFETY: a new reference, or NULL with an exception set.
    let class = unsafe { Bound::from_owned_ptr_or_err(py, class) };
    class.and_then(|class| class.call0()).expect("an object")
}

/// One test at a time: the hooks of the interpreter belong to all of them.
fn attached(test: impl FnOnce(Python<'_>)) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    Python::initialize();
    Python::attach(test);
}

/// What is lent in ordinary life: without a release slot, with one that counts, with onloan's, behind another object.
fn ordinary(py: Python<'_>) -> Vec<Bound<'_, PyAny>> {
    let made = [
        c"b'lent out'",
        c"bytearray(b'lent out')",
        c"__import__('array').array('B', b'lent out')",
        c"memoryview(b'lent out')",
        c"__import__('pickle').PickleBuffer(bytearray(b'lent out'))",
        c"__import__('mmap').mmap(-1, 8)",
    ];
    let mut exporters: Vec<_> = made
        .into_iter()
        .map(|code| py.eval(code, None, None).expect("an exporter"))
        .collect();
    let own = Own {
        data: ExportCell::writable(b"lent out".to_vec()),
    };
    exporters.push(Bound::new(py, own).expect("an object").into_any());
    exporters
}

/// Takes and gives back, as a loan and as a view.
fn lend_and_give_back(exporter: &Bound<'_, PyAny>, meanwhile: impl Fn()) {
    let loan = Loan::acquire(exporter, Request::FULL_RO).expect("a loan");
    meanwhile();
    drop(loan);
    let view = View::<u8>::acquire(exporter, Request::FULL_RO).expect("a view");
    assert_eq!(view.len(), 8);
    meanwhile();
    drop(view);
}

fn pending() -> PyErr {
    PyRuntimeError::new_err("pending")
}

/// What is told to `sys.unraisablehook` meanwhile.
fn told(py: Python<'_>, work: impl FnOnce()) -> Vec<Bound<'_, PyAny>> {
    let names = PyDict::new(py);
    let hook = c"import sys
told = []
sys.unraisablehook, before = lambda report: told.append(report.exc_value), sys.unraisablehook";
    py.run(hook, Some(&names), None).expect("a hook");
    work();
    py.run(c"sys.unraisablehook = before", Some(&names), None)
        .expect("the hook of before");
    let told = names.get_item("told").expect("a list").expect("a list");
    told.cast::<PyList>().expect("a list").iter().collect()
}

#[test]
fn every_reference_is_given_back() {
    attached(|py| {
        for exporter in ordinary(py) {
            // SAFETY: alive and attached.
            let count = || unsafe { ffi::Py_REFCNT(exporter.as_ptr()) };
            let before = count();
            for _ in 0..10 {
                lend_and_give_back(&exporter, || {});
            }
            assert_eq!(count(), before, "{exporter}");
        }
    });
}

#[test]
fn memory_that_was_given_back_can_be_resized() {
    attached(|py| {
        for code in [
            c"bytearray(b'lent out')",
            c"__import__('array').array('B', b'lent out')",
        ] {
            let exporter = py.eval(code, None, None).expect("an exporter");
            let loan = Loan::acquire(&exporter, Request::FULL_RO).expect("a loan");
            assert!(exporter.call_method1("append", (1,)).is_err(), "{exporter}");
            drop(loan);
            assert!(exporter.call_method1("append", (1,)).is_ok(), "{exporter}");
        }
    });
}

#[test]
fn the_last_reference_is_given_back_too() {
    attached(|py| {
        let weak = |code| {
            let exporter = py.eval(code, None, None).expect("an exporter");
            let weak = py.import("weakref").expect("a module");
            let weak = weak.call_method1("ref", (&exporter,)).expect("a reference");
            (
                Loan::acquire(&exporter, Request::FULL_RO).expect("a loan"),
                weak,
            )
        };
        for code in [
            c"__import__('array').array('B', b'lent out')",
            c"type('Bytes', (bytearray,), {})(b'lent out')",
            c"(__import__('ctypes').c_ubyte * 8)()",
        ] {
            let (loan, weak) = weak(code);
            assert!(!weak.call0().expect("a call").is_none());
            drop(loan);
            assert!(weak.call0().expect("a call").is_none());
        }
    });
}

#[test]
fn an_exception_that_is_pending_stays() {
    attached(|py| {
        let mut exporters = ordinary(py);
        exporters.push(rude(py, c"tests.Clearing", release_and_forget));
        for exporter in exporters {
            let told = told(py, || {
                lend_and_give_back(&exporter, || pending().restore(py));
                let left = PyErr::take(py).expect("the exception");
                assert!(left.is_instance_of::<PyRuntimeError>(py), "{exporter}");
            });
            assert!(told.is_empty(), "{exporter}");
        }
    });
}

#[test]
fn an_exception_that_a_release_leaves_is_told_and_not_raised() {
    attached(|py| {
        // The second has the name of an array, and is none.
        for name in [c"tests.Raising", c"array.array"] {
            let exporter = rude(py, name, release_with_an_exception);
            for before in ordinary(py) {
                lend_and_give_back(&before, || {});
                is_told(&exporter);
            }
        }
    });
}

fn is_told(exporter: &Bound<'_, PyAny>) {
    let py = exporter.py();
    let told = told(py, || {
        lend_and_give_back(exporter, || {});
        assert!(!PyErr::occurred(py));
    });
    assert_eq!(told.len(), 2);
    assert!(
        told.iter()
            .all(PyAnyMethods::is_instance_of::<PyLookupError>)
    );
}

#[test]
fn of_two_exceptions_the_one_that_was_pending_stays() {
    attached(|py| {
        let exporter = rude(py, c"tests.Raising", release_with_an_exception);
        let told = told(py, || {
            let view = View::<u8>::acquire(&exporter, Request::FULL_RO).expect("a view");
            pending().restore(py);
            drop(view);
            let left = PyErr::take(py).expect("the exception");
            assert!(left.is_instance_of::<PyRuntimeError>(py));
        });
        assert_eq!(told.len(), 1);
    });
}

#[test]
fn what_lends_nothing_is_a_type_error() {
    attached(|py| {
        let error = Loan::acquire(&py.None().into_bound(py), Request::FULL_RO);
        let error = error.expect_err("a refusal");
        assert!(error.to_string().contains("bytes-like"), "{error}");
    });
}

#[test]
fn many_loans_at_once_have_a_struct_each() {
    attached(|py| {
        for exporter in ordinary(py) {
            let loans: Vec<Loan> = (0..100)
                .map(|_| Loan::acquire(&exporter, Request::FULL_RO).expect("a loan"))
                .collect();
            for loan in &loans {
                let strides = loan.layout().strides();
                assert_eq!(
                    (loan.axes(), strides),
                    (Some((&[8][..], &[1][..])), &[1][..])
                );
            }
            for loan in loans {
                drop(loan);
            }
            lend_and_give_back(&exporter, || {});
        }
    });
}

//! New types come with new modules: a scan after each extension or built-in module that is executed.
//!
//! importlib calls four functions of `_imp` for that, by their names there. They are replaced by functions that call them and then scan: built-in
//! ones, so that no traceback shows a frame more. Types that an extension makes later, when they are first used, are met by the next scan.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use super::control;
use super::patch::{EXECUTORS, imp};

/// Under this name the replaced functions are kept in the namespace of the replacing one's module.
const KEPT: &str = "_onloan_originals";

/// Replaces them, unless they are.
pub(super) fn watch(py: Python<'_>) -> PyResult<()> {
    let namespace = imp(py)?;
    if namespace.contains(KEPT)? {
        return Ok(());
    }
    let kept = PyDict::new(py);
    for name in EXECUTORS {
        let text = name.to_string_lossy();
        let Some(original) = namespace.get_item(&*text)? else {
            continue;
        };
        let chained = original.clone().unbind();
        let function = move |arguments: &Bound<'_, PyTuple>, named: Option<&Bound<'_, PyDict>>| {
            let py = arguments.py();
            let answer = chained.bind(py).call(arguments, named)?;
            control::rescan(py);
            PyResult::Ok(answer.unbind())
        };
        let replacement = PyCFunction::new_closure(py, Some(name), None, function)?;
        kept.set_item(&*text, (original, &replacement))?;
        namespace.set_item(&*text, replacement)?;
    }
    namespace.set_item(KEPT, kept)
}

/// Puts them back, where nobody else has put something in their place.
pub(super) fn unwatch(py: Python<'_>) -> PyResult<()> {
    let namespace = imp(py)?;
    let Some(kept) = namespace.get_item(KEPT)? else {
        return Ok(());
    };
    for (name, pair) in kept.cast::<PyDict>()? {
        let (original, replacement): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
        if namespace
            .get_item(&name)?
            .is_some_and(|held| held.is(&replacement))
        {
            namespace.set_item(&name, original)?;
        }
    }
    namespace.del_item(KEPT)
}

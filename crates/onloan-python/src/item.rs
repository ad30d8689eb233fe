//! What the items of a `Buffer` are: a format, parsed and worked out once.

use std::ffi::CString;

use onloan::format::{Format, Kind, Plan, Reading};
use pyo3::prelude::*;

use crate::errors;

/// The format of a `Buffer`, which never changes.
pub(crate) struct Item {
    /// As consumers see it.
    text: String,
    plan: Plan,
}

impl Item {
    /// Reads a format. With `itemsize` it must have that size in one of the two readings of trailing padding; without, it has the size that
    /// `struct.calcsize` gives.
    ///
    /// Where readers of formats disagree about trailing padding, it is written out: `ib` becomes `^ib`, for 5 bytes, or `ib3x`, for 8.
    ///
    /// # Errors
    /// `ValueError`: not a format; a format of another size, of no bytes, or with references to Python objects in it.
    pub(crate) fn new(text: &str, itemsize: Option<usize>) -> PyResult<Item> {
        let wrong =
            |error: &dyn std::fmt::Display| errors::value(format!("format {text:?}: {error}"));
        let format = Format::parse(text).map_err(|error| wrong(&error))?;
        let reading = match itemsize {
            Some(itemsize) => format.fit(itemsize).map_err(|error| wrong(&error))?,
            None => Reading::Unpadded,
        };
        let plan = format.plan(reading);
        if plan.size() == 0 {
            // CPython's own memoryview divides by the item size.
            return Err(wrong(&"items of no bytes cannot be lent"));
        }
        if plan
            .fields()
            .iter()
            .any(|field| field.scalar.kind() == Kind::Object)
        {
            return Err(wrong(
                &"a Buffer cannot hold references to Python objects: nobody would count them",
            ));
        }
        let text = if format.is_ambiguous() {
            format.with_explicit_padding(reading).to_string()
        } else {
            text.to_owned()
        };
        CString::new(text.as_str()).map_err(|_| wrong(&"it has a NUL in it"))?;
        Ok(Item { text, plan })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The size of an item in bytes, at least 1.
    pub(crate) fn size(&self) -> usize {
        self.plan.size()
    }
}

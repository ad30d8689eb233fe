//! What NumPy's arrays refer to: the collector does not know them, and they do not tell it.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyTuple, PyType};

use super::layout::{WORD, address, word};

/// Offsets in a `PyArrayObject_fields`.
const DATA: usize = 2 * WORD;
const AXES: usize = 3 * WORD;
const SHAPE: usize = 4 * WORD;
pub(super) const BASE: usize = 6 * WORD;
const DTYPE: usize = 7 * WORD;

/// Offset of `kind` in a `PyArray_Descr`.
const KIND: usize = 3 * WORD;

/// Of a longer array the items are not looked at.
const LONGEST: usize = 100_000;

/// Whether arrays have these fields where they are known to be.
pub(super) fn are_laid_out(array: &Bound<'_, PyType>) -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| compared(array).unwrap_or(false))
}

fn compared(array: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = array.py();
    let size: usize = array.getattr("__basicsize__")?.extract()?;
    if size < DTYPE + WORD {
        return Ok(false);
    }
    let memory = PyByteArray::new(py, b"onloan");
    let lent = array.call1((PyTuple::new(py, [6])?, "u1", &memory))?;
    let own = array.call1((PyTuple::new(py, [2, 3])?, "O"))?;
    own.set_item((1, 2), &memory)?;
    // SAFETY: inside of the object, whose size was looked at.
    let base = unsafe { word(address(&lent), BASE) };
    // SAFETY: as above.
    let dtype = unsafe { word(address(&own), DTYPE) };
    if base != address(&lent.getattr("base")?) || dtype != address(&own.getattr("dtype")?) {
        return Ok(false);
    }
    // SAFETY: as above.
    let axes = unsafe { word(address(&own), AXES) } as u32;
    // SAFETY: as above.
    let shape = unsafe { word(address(&own), SHAPE) };
    if axes != 2 || shape == 0 {
        return Ok(false);
    }
    // SAFETY: of two axes, which the public interface has made.
    let rows = unsafe { word(shape, 0) };
    // SAFETY: as above.
    let columns = unsafe { word(shape, WORD) };
    // SAFETY: an array, whose fields are where they are looked for.
    let last = unsafe { items(address(&own)) }.last();
    Ok((rows, columns) == (2, 3) && last == Some(address(&memory)))
}

/// The objects in an array that has memory of its own: that is one block of all of them. None of an array of anything else.
///
/// # Safety
/// A live array, whose fields were found to be where they are looked for.
pub(super) unsafe fn items(array: usize) -> impl DoubleEndedIterator<Item = usize> {
    // SAFETY: granted by the caller.
    let dtype = unsafe { word(array, DTYPE) };
    // SAFETY: an array keeps its dtype alive, which is longer than this offset.
    let kind = unsafe { word(dtype, KIND) }.to_ne_bytes()[0];
    // SAFETY: granted by the caller.
    let base = unsafe { word(array, BASE) };
    let mut count = usize::from(kind == b'O' && base == 0);
    if count != 0 {
        // SAFETY: granted by the caller.
        let axes = unsafe { word(array, AXES) } as u32 as usize;
        // SAFETY: granted by the caller.
        let shape = unsafe { word(array, SHAPE) };
        for axis in 0..axes {
            // SAFETY: the shape has a number for each axis.
            count = count.saturating_mul(unsafe { word(shape, axis * WORD) });
        }
    }
    // SAFETY: granted by the caller.
    let data = unsafe { word(array, DATA) };
    let count = if count > LONGEST { 0 } else { count };
    (0..count)
        // SAFETY: the block has so many pointers.
        .map(move |place| unsafe { word(data, place * WORD) })
        .filter(|item| *item != 0)
}

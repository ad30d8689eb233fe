//! What can be had by a promise only.

use ndarray::ArrayViewD;
use onloan::View;

/// The items in place; nobody writes meanwhile.
pub(crate) fn array_of<'view>(view: &'view View<'_, u16>) -> Option<ArrayViewD<'view, u16>> {
    // SAFETY: the tests write to nothing that they look at, and have one thread.
    unsafe { view.as_ndarray_unchecked() }
}

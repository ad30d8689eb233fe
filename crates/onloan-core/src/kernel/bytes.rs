//! The bytes of all items in C order: what `tobytes`, hashes, digests and files take.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::blocks::{Way, each_block};
use super::copy::{CopyError, copy_raw};
use crate::layout::Layout;

/// The bytes of all items in C order: the memory itself where it has that order, else a copy.
/// `memoryview.tobytes`, and what its hash is made of.
///
/// # Errors
///
/// [`CopyError::OutOfMemory`] if there is no memory for the copy.
///
/// # Safety
///
/// The clauses `readable`, `tables` and `unraced` of [the module](super), for as long as the result
/// lives.
pub unsafe fn bytes_raw<'m>(buf: *const u8, layout: &Layout) -> Result<Cow<'m, [u8]>, CopyError> {
    let nbytes = layout.nbytes();
    if nbytes == 0 {
        return Ok(Cow::Borrowed(&[]));
    }
    if layout.is_c_contiguous() {
        // SAFETY: in bounds, initialized: contiguous, so the items are these bytes: `readable`.
        // alive, unraced: as long as the result lives, promised by the caller.
        let bytes = unsafe { core::slice::from_raw_parts(buf, nbytes) };
        return Ok(Cow::Borrowed(bytes));
    }
    let no_memory = CopyError::OutOfMemory { nbytes };
    let gapless = Layout::c_order(layout.shape(), layout.itemsize()).map_err(|_| no_memory)?;
    let mut bytes: Vec<u8> = Vec::new();
    bytes.try_reserve_exact(nbytes).map_err(|_| no_memory)?;
    // SAFETY: `readable`, `tables`, `unraced`, promised by the caller; `bytes` are new and reserved.
    unsafe { copy_raw(bytes.as_mut_ptr(), &gapless, buf, layout)? };
    // SAFETY: reserved, and all of it written.
    unsafe { bytes.set_len(nbytes) };
    Ok(Cow::Owned(bytes))
}

/// Calls `visit` with the bytes of all items in C order, many at a time, until it breaks: for what takes
/// them one piece after another, such as a digest or a file. No more than a block is copied at once.
///
/// # Safety
///
/// The clauses `readable`, `tables` and `unraced` of [the module](super). `visit` does not write to the
/// memory.
pub unsafe fn visit_bytes_raw(
    buf: *const u8,
    layout: &Layout,
    visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if layout.nbytes() == 0 {
        return ControlFlow::Continue(());
    }
    let mut visit = |_: usize, [bytes]: [&[u8]; 1]| visit(bytes);
    // SAFETY: promised by the caller.
    unsafe { each_block([layout], [buf], Way::InC, &mut visit) }
}

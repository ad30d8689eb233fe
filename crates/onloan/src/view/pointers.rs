//! Following the pointers of suboffsets.

use onloan_core::layout::Memory;

/// Memory in this process, with pointers that may be followed.
///
/// Invariant `FOLLOWED`: one exists only while every pointer that it is asked to follow may be read. It is asked by walks over layouts of
/// held loans, and only for what those address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pointers(());

impl Pointers {
    /// # Safety
    /// Every pointer that is addressed by a layout with which this is used may be read, and leads to where the next axes start, less the
    /// suboffset.
    #[inline]
    pub(super) const unsafe fn promised() -> Pointers {
        Pointers(())
    }
}

impl Memory for Pointers {
    type Address = *mut u8;

    #[inline]
    fn offset(&mut self, address: *mut u8, bytes: isize) -> *mut u8 {
        address.wrapping_offset(bytes)
    }

    #[inline]
    fn follow(&mut self, address: *mut u8) -> *mut u8 {
        // SAFETY: in bounds, initialized: `FOLLOWED`. Alignment is not needed.
        unsafe { address.cast::<*mut u8>().read_unaligned() }
    }
}

//! One line of blocks from one place to another: the inner loops of every copy.
//!
//! ```text
//!   from   │0│░░│1│░░│2│░░│3│░░       a gather: the target has no gaps
//!           ▼    ╱    ╱    ╱
//!   to     │0│1│2│3│
//! ```
//!
//! Which loop serves a line is decided once, by [`in_order`] or [`gather`], from the size of a block
//! and the strides; the loop itself then is plain code that the compiler can unroll or turn into
//! vector instructions. On x86-64 the loops that profit are compiled twice, the second time for AVX2,
//! which is used where the machine has it (with the feature `std`).

use super::fill;
use super::swap::Unit;
use super::vector;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
use super::vector::Isa;

/// Moves `count` blocks of `block` bytes, the first from `from` to `to`, and `strides` bytes further
/// each time (`to` first).
///
/// # Safety
///
/// - `readable`: the blocks at `from`, and `writable`: those at `to`.
/// - The duties that the function which chose the line names.
pub(super) type Line =
    unsafe fn(to: *mut u8, from: *const u8, count: usize, strides: [isize; 2], block: usize);

/// A block that is moved at once.
trait Block: Copy {
    /// With its bytes in the other order.
    fn swapped(self) -> Self;
}

macro_rules! blocks {
    ($($block:ty)*) => {$(
        impl Block for $block {
            #[inline(always)]
            fn swapped(self) -> Self {
                self.swap_bytes()
            }
        }
    )*};
}
blocks!(u8 u16 u32 u64 u128);

impl<const SIZE: usize> Block for [u8; SIZE] {
    #[inline(always)]
    fn swapped(mut self) -> Self {
        self.reverse();
        self
    }
}

/// Reads a block.
///
/// # Safety
/// `readable`: a `T` at `from + bytes`, in the same memory as `from`.
#[inline(always)]
unsafe fn load<T: Copy>(from: *const u8, bytes: isize) -> T {
    // SAFETY: in bounds: `readable`, passed on to the caller.
    let place = unsafe { from.offset(bytes) };
    // SAFETY: in bounds, initialized: `readable`, passed on. Alignment is not needed.
    unsafe { place.cast::<T>().read_unaligned() }
}

/// Writes a block.
///
/// # Safety
/// `writable`: a `T` at `to + bytes`, in the same memory as `to`.
#[inline(always)]
unsafe fn store<T: Copy>(to: *mut u8, bytes: isize, block: T) {
    // SAFETY: in bounds: `writable`, passed on to the caller.
    let place = unsafe { to.offset(bytes) };
    // SAFETY: in bounds: `writable`, passed on. Alignment is not needed.
    unsafe { place.cast::<T>().write_unaligned(block) };
}

/// The line for any strides, which moves one block after the other.
///
/// So blocks that lie on each other are well defined: of those written to one place the last stays,
/// and what has been written is not read before its turn.
pub(super) fn in_order(block: usize) -> Line {
    macro_rules! sizes {
        ($($size:literal)*) => {
            match block {
                1 => each::<u8, false>,
                2 => each::<u16, false>,
                4 => each::<u32, false>,
                8 => each::<u64, false>,
                16 => each::<u128, false>,
                $($size => each::<[u8; $size], false>,)*
                _ => each_of_size,
            }
        };
    }
    sizes!(3 5 6 7 9 10 11 12 13 14 15 20 24 28 32 40 48 64)
}

/// The line for any strides, which moves one unit after the other and turns its bytes around.
pub(super) fn swapped_in_order(unit: Unit) -> Line {
    match unit {
        Unit::Two => each::<u16, true>,
        Unit::Four => each::<u32, true>,
        Unit::Eight => each::<u64, true>,
        Unit::Sixteen => each::<u128, true>,
    }
}

/// # Safety
/// Those of [`Line`]; `block` is the size of `T`.
unsafe fn each<T: Block, const SWAP: bool>(
    to: *mut u8,
    from: *const u8,
    count: usize,
    [to_stride, from_stride]: [isize; 2],
    _block: usize,
) {
    let (mut at, mut to_at, mut from_at) = (0, 0_isize, 0_isize);
    while at < count {
        // SAFETY: one of `count` blocks: `readable`.
        let block: T = unsafe { load(from, from_at) };
        let block = if SWAP { block.swapped() } else { block };
        // SAFETY: one of `count` blocks: `writable`.
        unsafe { store(to, to_at, block) };
        at += 1;
        to_at = to_at.wrapping_add(to_stride);
        from_at = from_at.wrapping_add(from_stride);
    }
}

/// # Safety
/// Those of [`Line`].
unsafe fn each_of_size(
    to: *mut u8,
    from: *const u8,
    count: usize,
    [to_stride, from_stride]: [isize; 2],
    block: usize,
) {
    for at in 0..count as isize {
        let to = to.wrapping_offset(at.wrapping_mul(to_stride));
        let from = from.wrapping_offset(at.wrapping_mul(from_stride));
        // SAFETY: one of `count` blocks on either side: `readable`, `writable`. They may overlap.
        unsafe { from.copy_to(to, block) };
    }
}

/// The fastest line for these strides.
///
/// # Duties
///
/// - `apart`: no byte that is written is one that is read.
/// - `spread`: blocks of the target do not lie on each other.
pub(super) fn gather(block: usize, [to_stride, from_stride]: [isize; 2]) -> Line {
    let size = block as isize;
    if to_stride != size {
        return in_order(block);
    }
    if from_stride == 0 {
        return fill::line(block);
    }
    if from_stride == size {
        return whole;
    }
    let steps = if from_stride % size == 0 {
        from_stride / size
    } else {
        0
    };
    match block {
        1 => steps_of::<u8, false>(steps).unwrap_or(each::<u8, false>),
        2 => steps_of::<u16, false>(steps).unwrap_or(each::<u16, false>),
        4 => steps_of::<u32, false>(steps).unwrap_or(each::<u32, false>),
        8 => steps_of::<u64, false>(steps).unwrap_or(each::<u64, false>),
        _ => in_order(block),
    }
}

/// The fastest line for these strides that turns the bytes of each unit around.
///
/// # Duties
///
/// As [`gather`].
pub(super) fn swapped(unit: Unit, [to_stride, from_stride]: [isize; 2]) -> Line {
    let size = unit.bytes() as isize;
    let steps = if to_stride == size && from_stride % size == 0 {
        from_stride / size
    } else {
        0
    };
    let constant = match unit {
        Unit::Two => steps_of::<u16, true>(steps),
        Unit::Four => steps_of::<u32, true>(steps),
        Unit::Eight => steps_of::<u64, true>(steps),
        Unit::Sixteen => None,
    };
    constant.unwrap_or(swapped_in_order(unit))
}

/// The line of a constant stride of `steps` blocks, if there is one.
fn steps_of<T: Block, const SWAP: bool>(steps: isize) -> Option<Line> {
    macro_rules! constant {
        ($($steps:literal)*) => {
            match (steps, vector::isa()) {
                $(
                    #[cfg(all(feature = "std", target_arch = "x86_64"))]
                    ($steps, Isa::Avx2) => Some(avx2::<T, $steps, SWAP>),
                    ($steps, _) => Some(every::<T, $steps, SWAP>),
                )*
                _ => None,
            }
        };
    }
    constant!(-8 -7 -6 -5 -4 -3 -2 -1 1 2 3 4 5 6 7 8)
}

/// # Safety
/// Those of [`Line`] and [`gather`]; the strides are the size of `T` and `STEPS` times that.
#[inline(always)]
unsafe fn every<T: Block, const STEPS: isize, const SWAP: bool>(
    to: *mut u8,
    from: *const u8,
    count: usize,
    _strides: [isize; 2],
    _block: usize,
) {
    let size = size_of::<T>() as isize;
    for at in 0..count as isize {
        // SAFETY: one of `count` blocks: `readable`.
        let block: T = unsafe { load(from, at * STEPS * size) };
        let block = if SWAP { block.swapped() } else { block };
        // SAFETY: one of `count` blocks: `writable`.
        unsafe { store(to, at * size, block) };
    }
}

/// # Safety
/// As [`every`]; the processor has AVX2.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
unsafe fn avx2<T: Block, const STEPS: isize, const SWAP: bool>(
    to: *mut u8,
    from: *const u8,
    count: usize,
    strides: [isize; 2],
    block: usize,
) {
    // SAFETY: the same duties, passed on to the caller.
    unsafe { every::<T, STEPS, SWAP>(to, from, count, strides, block) };
}

/// No gaps on either side.
///
/// # Safety
/// Those of [`Line`] and [`gather`]; both strides are `block`.
unsafe fn whole(to: *mut u8, from: *const u8, count: usize, _strides: [isize; 2], block: usize) {
    // SAFETY: in bounds: `count` blocks without gaps: `readable`, `writable`. Disjoint: `apart`.
    unsafe { from.copy_to_nonoverlapping(to, count * block) };
}

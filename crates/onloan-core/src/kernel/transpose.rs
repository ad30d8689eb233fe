//! Two axes whose order in memory differs: what is a row on one side is a column on the other.
//!
//! Line by line such a copy would take one item of each cache line it touches, and find the line gone
//! when it comes back for the next. So it goes tile by tile, a cache line wide on either side:
//!
//! ```text
//!   from                                to
//!   ├──────── q, near ────────▶        ├──────── p, near ────────▶
//!   │ ┌────┬────┐                      │ ┌────┬────┐
//!   p │ a b│    │                      q │ a c│    │
//!   │ │ c d│    │                      │ │ b d│    │
//!   ▼ ├────┼────┤                      ▼ ├────┼────┤
//! ```
//!
//! Blocks of 1, 2, 4 and 8 bytes without gaps are turned in registers: `N` registers of `N` blocks
//! each, 16 bytes. [`Register::zip`] takes the first halves of two registers and lays their blocks
//! alternately, then the second halves. Number the blocks by *row, place* in binary: one round of
//! zipping row `i` with row `i + N/2` rotates that number by one bit, so log₂ `N` rounds exchange row
//! and place.
//!
//! Where bytes are to be turned around, that is done in the registers too.
//!
//! Blocks of other sizes, or with gaps, are moved by short lines within a tile.

use super::line::{self, Line};
use super::order::Axis;
use super::swap::Unit;
use super::{FROM, TO};

/// The bytes of a cache line, or near enough.
const LINE: usize = 64;

/// How many lines of the source a tile crosses: as many as stay in the second cache.
const LONG: usize = 256;

/// How few blocks an axis may have so that the other one is better to walk along.
const SHORT: usize = 16;

/// Two axes, and how to walk over them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    along: Axis<2>,
    across: Axis<2>,
    block: usize,
    way: Way,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    /// In registers.
    Turn(Turn),
    /// By lines along the first axis; the sides of a tile.
    Lines(Line, [usize; 2]),
}

type Turn = unsafe fn(*mut u8, *const u8, Axis<2>, Axis<2>);

impl Grid {
    /// `p` is the axis along which the target is nearest, `q` that of the source. With the grid is
    /// given back what has to be added on each side to start.
    ///
    /// # Duties
    ///
    /// `apart` and `spread`.
    ///
    /// With `swap` blocks are units, and their bytes are turned around.
    pub(super) fn new(
        mut p: Axis<2>,
        mut q: Axis<2>,
        block: usize,
        swap: Option<Unit>,
    ) -> (Self, [isize; 2]) {
        let size = block as isize;
        let start = if p.strides[TO] == size && q.strides[FROM] == -size {
            q.turn()
        } else {
            [0; 2]
        };
        let gapless = p.strides[TO] == size && q.strides[FROM] == size;
        let square = |n: usize| gapless && p.extent >= n && q.extent >= n;
        let line = |axis: &Axis<2>| match swap {
            None => line::gather(block, axis.strides),
            Some(unit) => line::swapped(unit, axis.strides),
        };
        let way = match (block, swap) {
            (1, None) if square(16) => Way::Turn(turn::<Best, 1, 16, false>),
            (2, None) if square(8) => Way::Turn(turn::<Best, 2, 8, false>),
            (2, Some(_)) if square(8) => Way::Turn(turn::<Best, 2, 8, true>),
            (4, None) if square(4) => Way::Turn(turn::<Best, 4, 4, false>),
            (4, Some(_)) if square(4) => Way::Turn(turn::<Best, 4, 4, true>),
            (8, None) if square(2) => Way::Turn(turn::<Best, 8, 2, false>),
            (8, Some(_)) if square(2) => Way::Turn(turn::<Best, 8, 2, true>),
            _ if p.extent < SHORT && q.extent > p.extent => {
                core::mem::swap(&mut p, &mut q);
                Way::Lines(line(&p), [LONG, SHORT])
            }
            _ => {
                let near = q.strides[FROM].unsigned_abs().max(1);
                let tile = [8 * LONG, LINE.div_ceil(near)];
                Way::Lines(line(&p), tile)
            }
        };
        let grid = Self {
            along: p,
            across: q,
            block,
            way,
        };
        (grid, start)
    }

    /// # Safety
    ///
    /// `readable` and `writable` for all blocks, the first of which are at `to` and `from`; the duties
    /// of [`Grid::new`].
    pub(super) unsafe fn run(&self, to: *mut u8, from: *const u8) {
        let (along, across) = (self.along, self.across);
        let (line, tile) = match self.way {
            Way::Turn(turn) => {
                // SAFETY: the same blocks; `new` has checked what `turn` demands of the axes.
                unsafe { turn(to, from, along, across) };
                return;
            }
            Way::Lines(line, tile) => (line, tile),
        };
        for along_tile in (0..along.extent).step_by(tile[0]) {
            let count = tile[0].min(along.extent - along_tile);
            for across_tile in (0..across.extent).step_by(tile[1]) {
                for step in across_tile..across.extent.min(across_tile + tile[1]) {
                    let at = [along_tile, step];
                    let to = place(to.cast_const(), [along, across], at, TO);
                    let from = place(from, [along, across], at, FROM);
                    // SAFETY: a part of a line of the grid: as promised by the caller.
                    unsafe { line(to.cast_mut(), from, count, along.strides, self.block) };
                }
            }
        }
    }
}

/// The place `at` steps along each axis.
#[inline(always)]
fn place(base: *const u8, axes: [Axis<2>; 2], at: [usize; 2], side: usize) -> *const u8 {
    let way = |axis: usize| (at[axis] as isize).wrapping_mul(axes[axis].strides[side]);
    base.wrapping_offset(way(0)).wrapping_offset(way(1))
}

/// Sixteen bytes at once.
pub(super) trait Register: Copy {
    /// # Safety
    /// `readable`: 16 bytes.
    unsafe fn load(from: *const u8) -> Self;

    /// # Safety
    /// `writable`: 16 bytes.
    unsafe fn store(self, to: *mut u8);

    /// The blocks of `SIZE` bytes of `self` and `other` alternately: first half, second half.
    fn zip<const SIZE: usize>(self, other: Self) -> [Self; 2];

    /// The bytes of each block of `SIZE` bytes in the other order.
    fn swap<const SIZE: usize>(self) -> Self;
}

/// Plain code, for every target.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[derive(Clone, Copy)]
pub(super) struct Plain([u8; 16]);

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Register for Plain {
    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: in bounds, initialized: `readable`. Alignment is not needed.
        Self(unsafe { from.cast::<[u8; 16]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: in bounds: `writable`. Alignment is not needed.
        unsafe { to.cast::<[u8; 16]>().write_unaligned(self.0) };
    }

    #[inline(always)]
    fn zip<const SIZE: usize>(self, other: Self) -> [Self; 2] {
        let half = |half: usize| {
            Self(core::array::from_fn(|at| {
                let from = 8 * half + at / (2 * SIZE) * SIZE + at % SIZE;
                if (at / SIZE).is_multiple_of(2) {
                    self.0[from]
                } else {
                    other.0[from]
                }
            }))
        };
        [half(0), half(1)]
    }

    #[inline(always)]
    fn swap<const SIZE: usize>(self) -> Self {
        Self(core::array::from_fn(|at| {
            self.0[at / SIZE * SIZE + SIZE - 1 - at % SIZE]
        }))
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) use Plain as Best;
#[cfg(target_arch = "x86_64")]
pub(super) use sse2::Sse2 as Best;

#[cfg(target_arch = "x86_64")]
mod sse2 {
    //! Every x86-64 has SSE2.
    use core::arch::x86_64::{
        __m128i, _mm_loadu_si128, _mm_or_si128, _mm_shufflehi_epi16, _mm_shufflelo_epi16,
        _mm_slli_epi16, _mm_srli_epi16, _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpackhi_epi16,
        _mm_unpackhi_epi32, _mm_unpackhi_epi64, _mm_unpacklo_epi8, _mm_unpacklo_epi16,
        _mm_unpacklo_epi32, _mm_unpacklo_epi64,
    };

    #[derive(Clone, Copy)]
    pub(in crate::kernel) struct Sse2(__m128i);

    impl super::Register for Sse2 {
        #[inline(always)]
        unsafe fn load(from: *const u8) -> Self {
            // SAFETY: in bounds, initialized: `readable`. The instruction needs no alignment.
            Self(unsafe { _mm_loadu_si128(from.cast()) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut u8) {
            // SAFETY: in bounds: `writable`. The instruction needs no alignment.
            unsafe { _mm_storeu_si128(to.cast(), self.0) };
        }

        #[inline(always)]
        fn zip<const SIZE: usize>(self, other: Self) -> [Self; 2] {
            // SAFETY: the processor has SSE2.
            unsafe { zip::<SIZE>(self.0, other.0) }.map(Self)
        }

        #[inline(always)]
        fn swap<const SIZE: usize>(self) -> Self {
            // SAFETY: the processor has SSE2.
            Self(unsafe { swap::<SIZE>(self.0) })
        }
    }

    /// Each half of 16 bits is turned around, then the halves of a block change places.
    #[inline]
    #[target_feature(enable = "sse2")]
    fn swap<const SIZE: usize>(a: __m128i) -> __m128i {
        let halves = _mm_or_si128(_mm_slli_epi16::<8>(a), _mm_srli_epi16::<8>(a));
        match SIZE {
            1 => a,
            2 => halves,
            4 => _mm_shufflehi_epi16::<0b10_11_00_01>(_mm_shufflelo_epi16::<0b10_11_00_01>(halves)),
            _ => _mm_shufflehi_epi16::<0b00_01_10_11>(_mm_shufflelo_epi16::<0b00_01_10_11>(halves)),
        }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn zip<const SIZE: usize>(a: __m128i, b: __m128i) -> [__m128i; 2] {
        match SIZE {
            1 => [_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b)],
            2 => [_mm_unpacklo_epi16(a, b), _mm_unpackhi_epi16(a, b)],
            4 => [_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b)],
            _ => [_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b)],
        }
    }
}

/// Rows become columns.
#[inline(always)]
pub(super) fn exchange<R: Register, const SIZE: usize, const N: usize>(mut rows: [R; N]) -> [R; N] {
    for _ in 0..N.ilog2() {
        let mut zipped = rows;
        for row in 0..N / 2 {
            let [first, second] = rows[row].zip::<SIZE>(rows[row + N / 2]);
            zipped[2 * row] = first;
            zipped[2 * row + 1] = second;
        }
        rows = zipped;
    }
    rows
}

/// Turns the whole grid, square by square. The last squares of a row or a column lie over the ones
/// before, and write the same bytes again.
///
/// # Safety
///
/// As [`Grid::run`]; blocks have `SIZE` bytes, `N` is `16 / SIZE`, both axes have at least `N` blocks,
/// and `SIZE` is the stride of `p` in the target and that of `q` in the source.
unsafe fn turn<R: Register, const SIZE: usize, const N: usize, const SWAP: bool>(
    to: *mut u8,
    from: *const u8,
    p: Axis<2>,
    q: Axis<2>,
) {
    let width = LINE / SIZE;
    for p_tile in (0..p.extent).step_by(LONG) {
        let p_end = p.extent.min(p_tile + LONG);
        for q_tile in (0..q.extent).step_by(width) {
            let q_end = q.extent.min(q_tile + width);
            for q_at in (q_tile..q_end).step_by(N) {
                let q_at = q_at.min(q.extent - N);
                for p_at in (p_tile..p_end).step_by(N) {
                    let p_at = p_at.min(p.extent - N);
                    let source = place(from, [p, q], [p_at, q_at], FROM);
                    let target = place(to.cast_const(), [p, q], [p_at, q_at], TO).cast_mut();
                    let rows = core::array::from_fn(|row| {
                        let row = source.wrapping_offset(row as isize * p.strides[FROM]);
                        // SAFETY: `N` blocks of the grid without gaps: `readable`.
                        unsafe { R::load(row) }
                    });
                    let columns = exchange::<R, SIZE, N>(rows);
                    for (column, register) in columns.into_iter().enumerate() {
                        let column = target.wrapping_offset(column as isize * q.strides[TO]);
                        let register = if SWAP {
                            register.swap::<SIZE>()
                        } else {
                            register
                        };
                        // SAFETY: `N` blocks of the grid without gaps: `writable`.
                        unsafe { register.store(column) };
                    }
                }
            }
        }
    }
}

//! Bytes as text: two hexadecimal digits each, with a separator between groups.
//!
//! ```text
//!   b9 01 ef 20 5a    every  2    b9:01ef:205a     groups are counted from the right
//!                     every -2    b901:ef20:5a     and from the left
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem::MaybeUninit;
use core::ops::ControlFlow;

use super::bytes::visit_bytes_raw;
use super::vector::widest;
use crate::layout::Layout;

/// What stands between groups of bytes.
///
/// Invariant `ASCII`: so is the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Separator {
    byte: u8,
    every: isize,
}

impl Separator {
    /// An ASCII character after every so many bytes: counted from the right, or if negative from the
    /// left; 0 is never. `None` for another character. The arguments of `bytes.hex`.
    #[must_use]
    pub fn new(character: char, bytes_per_sep: isize) -> Option<Self> {
        let byte = u8::try_from(character).ok().filter(u8::is_ascii)?;
        Some(Self {
            byte,
            every: bytes_per_sep,
        })
    }
}

/// The text would be larger than memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextTooLarge {
    /// How many bytes were to be written as text.
    pub nbytes: usize,
}

impl fmt::Display for TextTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nbytes } = self;
        write!(f, "no memory for {nbytes} bytes as hexadecimal text")
    }
}

impl core::error::Error for TextTooLarge {}

/// The bytes of all items in C order as hexadecimal text. `bytes.hex`, `memoryview.hex`.
///
/// # Errors
///
/// There is no memory for the text.
///
/// # Safety
///
/// The clauses `readable`, `tables` and `unraced` of [the module](super).
pub unsafe fn hex_raw(
    buf: *const u8,
    layout: &Layout,
    separator: Option<Separator>,
) -> Result<String, TextTooLarge> {
    let nbytes = layout.nbytes();
    let separator = separator.filter(|separator| {
        let group = separator.every.unsigned_abs();
        group != 0 && group < nbytes
    });
    let (group, byte) = match separator {
        Some(Separator { byte, every }) => (every.unsigned_abs(), byte),
        None => (nbytes.max(1), b' '),
    };
    let first = match separator {
        Some(Separator { every, .. }) if every > 0 && !nbytes.is_multiple_of(group) => {
            nbytes % group
        }
        _ => group,
    };
    let too_large = TextTooLarge { nbytes };
    let separators = nbytes.saturating_sub(1) / group;
    let length = nbytes
        .checked_mul(2)
        .and_then(|digits| digits.checked_add(separators));
    let length = length.ok_or(too_large)?;
    let mut text = Text {
        room: Vec::new(),
        written: 0,
        group,
        separator: byte,
        left: first,
    };
    let reserved = text.room.try_reserve_exact(length.saturating_add(SLACK));
    reserved.map_err(|_| too_large)?;
    let mut near = [0; 2 * NEAR + SLACK];
    let mut visit = |bytes: &[u8]| {
        for bytes in bytes.chunks(NEAR) {
            digits(bytes, &mut near);
            text.push(&near, 2 * bytes.len());
        }
        ControlFlow::Continue(())
    };
    // SAFETY: promised by the caller.
    let _ = unsafe { visit_bytes_raw(buf, layout, &mut visit) };
    let Text { mut room, .. } = text;
    // SAFETY: initialized: by `WRITTEN`, since every byte of the layout has been pushed.
    unsafe { room.set_len(length) };
    // SAFETY: ASCII, and so UTF-8: digits, and the separator by `ASCII`.
    Ok(unsafe { String::from_utf8_unchecked(room) })
}

/// Writes the bytes of all items in C order as hexadecimal text to a place for it.
///
/// # Safety
///
/// The clauses `readable`, `tables` and `unraced` of [the module](super). `to` has two bytes for each, initialized, that
/// are not among those that are read, and which nobody else looks at during the call.
pub unsafe fn write_hex_raw(buf: *const u8, layout: &Layout, to: *mut u8) {
    let mut at = to;
    let mut visit = |bytes: &[u8]| {
        // SAFETY: two bytes for each (promised by the caller), of which so many were not written yet.
        let out = unsafe { core::slice::from_raw_parts_mut(at, 2 * bytes.len()) };
        digits(bytes, out);
        at = at.wrapping_add(2 * bytes.len());
        ControlFlow::Continue(())
    };
    // SAFETY: promised by the caller.
    let _ = unsafe { visit_bytes_raw(buf, layout, &mut visit) };
}

/// Bytes that are turned into digits at once: so many that the first digits have arrived in the cache
/// when they are read again. What is still on its way cannot be read across two writes without waiting.
const NEAR: usize = 4096;

/// Bytes behind the text that are written and taken away again: the separator behind the last group, and what is
/// written at once.
const SLACK: usize = 1 + WORD;

/// The most bytes that are written at once.
const WORD: usize = 64;

/// Text that is being written.
///
/// Invariant `WRITTEN`: so many bytes of the room are initialized. It grows by what [`put`](Text::put) and
/// [`push_groups`](Text::push_groups) write, and all bytes of a text are written by one of them.
struct Text {
    room: Vec<u8>,
    written: usize,
    group: usize,
    separator: u8,
    /// Bytes until the group is complete, at least 1.
    left: usize,
}

impl Text {
    /// Adds the digits before `end`, which are those of whole bytes, and a separator behind each group that is
    /// complete. Behind them there is [`SLACK`].
    fn push(&mut self, digits: &[u8], end: usize) {
        let mut at = 0;
        while at < end {
            let groups = (end - at) / 2 / self.group;
            if self.left == self.group && groups > 0 {
                self.push_groups(&digits[at..], groups);
                at += groups * self.group * 2;
                continue;
            }
            let next = end.min(at + 2 * self.left.min(NEAR));
            self.put(&digits[at..next]);
            self.left -= (next - at) / 2;
            at = next;
            if self.left == 0 {
                self.put(&[self.separator]);
                self.left = self.group;
            }
        }
    }

    /// Room for what comes next.
    fn next(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.room.spare_capacity_mut()[self.written..]
    }

    fn put(&mut self, text: &[u8]) {
        for (room, byte) in self.next()[..text.len()].iter_mut().zip(text) {
            room.write(*byte);
        }
        self.written += text.len();
    }

    /// Adds the digits of whole groups, with a separator behind each. Small groups are written with some
    /// bytes too many, over which the next group is written; `digits` and the room have [`SLACK`] for it.
    fn push_groups(&mut self, digits: &[u8], groups: usize) {
        let (group, separator) = (self.group, self.separator);
        let out = self.next();
        match group {
            1 => pairs(digits, out, groups, separator),
            2 => narrow(digits, out, 4, groups, separator),
            3 => narrow(digits, out, 6, groups, separator),
            4..8 => wide(digits, out, 2 * group, groups, separator),
            8..=16 => wider::<32>(digits, out, 2 * group, groups, separator),
            17..=32 => wider::<64>(digits, out, 2 * group, groups, separator),
            _ => {
                for digits in digits.chunks_exact(2 * group).take(groups) {
                    self.put(digits);
                    self.put(&[separator]);
                }
                return;
            }
        }
        self.written += groups * (2 * group + 1);
    }
}

/// Groups of one byte, two at a time: `b9:01:` of the digits `b901`.
fn pairs(digits: &[u8], out: &mut [MaybeUninit<u8>], groups: usize, separator: u8) {
    let separators = u64::from(separator) << 16 | u64::from(separator) << 40;
    each(
        digits,
        out,
        groups.div_ceil(2),
        [4, 6],
        |digits: [u8; 8]| {
            let digits = u64::from_le_bytes(digits);
            let text = digits & 0xffff | (digits & 0xffff_0000) << 8 | separators;
            text.to_le_bytes()
        },
    );
}

/// Groups of fewer than 8 digits.
fn narrow(digits: &[u8], out: &mut [MaybeUninit<u8>], size: usize, groups: usize, separator: u8) {
    let (kept, separator) = ((1 << (8 * size)) - 1, u64::from(separator) << (8 * size));
    each(digits, out, groups, [size, size + 1], |digits| {
        (u64::from_le_bytes(digits) & kept | separator).to_le_bytes()
    });
}

/// Groups of fewer than 16 digits.
fn wide(digits: &[u8], out: &mut [MaybeUninit<u8>], size: usize, groups: usize, separator: u8) {
    let (kept, separator) = ((1 << (8 * size)) - 1, u128::from(separator) << (8 * size));
    each(digits, out, groups, [size, size + 1], |digits| {
        (u128::from_le_bytes(digits) & kept | separator).to_le_bytes()
    });
}

/// Groups of up to `SIZE` digits; the separators are written when all digits are.
fn wider<const SIZE: usize>(
    digits: &[u8],
    out: &mut [MaybeUninit<u8>],
    size: usize,
    groups: usize,
    separator: u8,
) {
    each::<SIZE>(digits, out, groups, [size, size + 1], |digits| digits);
    for last in out.iter_mut().skip(size).step_by(size + 1).take(groups) {
        last.write(separator);
    }
}

/// Turns `SIZE` digits into as much text at a time, `steps[0]` digits and `steps[1]` characters further
/// each time; nothing if there is no room for that.
#[inline(always)]
fn each<const SIZE: usize>(
    digits: &[u8],
    out: &mut [MaybeUninit<u8>],
    times: usize,
    steps: [usize; 2],
    text: impl Fn([u8; SIZE]) -> [u8; SIZE],
) {
    let reach = |step: usize| times * step - step + SIZE;
    if times == 0 || reach(steps[0]) > digits.len() || reach(steps[1]) > out.len() {
        return;
    }
    for at in 0..times {
        // SAFETY: in bounds: `reach`, checked above.
        let from = unsafe { digits.as_ptr().add(at * steps[0]) };
        // SAFETY: in bounds: `reach`, checked above.
        let to = unsafe { out.as_mut_ptr().add(at * steps[1]) };
        // SAFETY: in bounds, initialized: `SIZE` bytes of `digits`.
        let digits = unsafe { from.cast::<[u8; SIZE]>().read() };
        // SAFETY: in bounds: `SIZE` bytes of `out`.
        unsafe { to.cast::<[u8; SIZE]>().write(text(digits)) };
    }
}

widest! {
    /// Two digits for each byte; `out` has room.
    fn digits(bytes: &[u8], out: &mut [u8]) {
        for (out, byte) in out.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
            *out = [digit(byte >> 4), digit(byte & 15)];
        }
    }
}

#[inline(always)]
fn digit(nibble: u8) -> u8 {
    // `a` is 39 behind what would follow `9`.
    nibble + b'0' + 39 * u8::from(nibble > 9)
}

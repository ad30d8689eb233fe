//! Bytes as text: two hexadecimal digits each, with a separator between groups.
//!
//! ```text
//!   b9 01 ef 20 5a    every  2    b9:01ef:205a     groups are counted from the right
//!                     every -2    b901:ef20:5a     and from the left
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
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
        written: Vec::new(),
        group,
        separator: byte,
        left: first,
    };
    // One more for the separator behind the last group, which is taken away again.
    let reserved = text.written.try_reserve_exact(length.saturating_add(1));
    reserved.map_err(|_| too_large)?;
    let mut visit = |bytes: &[u8]| {
        bytes.chunks(NEAR).for_each(|bytes| text.push(bytes));
        ControlFlow::Continue(())
    };
    // SAFETY: promised by the caller.
    let _ = unsafe { visit_bytes_raw(buf, layout, &mut visit) };
    text.written.truncate(length);
    // SAFETY: ASCII, and so UTF-8: digits, and the separator by `ASCII`.
    Ok(unsafe { String::from_utf8_unchecked(text.written) })
}

/// Bytes that are turned into digits at once.
const NEAR: usize = 512;

/// Text that is being written.
struct Text {
    written: Vec<u8>,
    group: usize,
    separator: u8,
    /// Bytes until the group is complete, at least 1.
    left: usize,
}

impl Text {
    /// Adds up to [`NEAR`] bytes, and a separator behind each group that is complete.
    fn push(&mut self, bytes: &[u8]) {
        let mut near = [0; 2 * NEAR];
        digits(bytes, &mut near);
        let mut rest = &near[..2 * bytes.len()];
        while !rest.is_empty() {
            let groups = rest.len() / 2 / self.group;
            if self.left == self.group && groups > 0 {
                let (now, later) = rest.split_at(groups * self.group * 2);
                self.push_groups(now);
                rest = later;
                continue;
            }
            let (now, later) = rest.split_at(rest.len().min(2 * self.left));
            self.written.extend_from_slice(now);
            self.left -= now.len() / 2;
            if self.left == 0 {
                self.written.push(self.separator);
                self.left = self.group;
            }
            rest = later;
        }
    }

    /// Adds the digits of whole groups.
    fn push_groups(&mut self, digits: &[u8]) {
        let Some(separate) = SMALL.get(self.group) else {
            for digits in digits.chunks_exact(2 * self.group) {
                self.written.extend_from_slice(digits);
                self.written.push(self.separator);
            }
            return;
        };
        // At most half as long again: groups of one byte.
        let mut separated = [0; 3 * NEAR];
        separate(digits, &mut separated, self.separator);
        let length = digits.len() + digits.len() / 2 / self.group;
        self.written.extend_from_slice(&separated[..length]);
    }
}

/// Puts a separator behind each group of digits.
type Separate = fn(&[u8], &mut [u8], u8);

/// By the bytes of a group, of which there is at least one.
const SMALL: [Separate; 17] = [
    |_, _, _| {},
    separate::<2>,
    separate::<4>,
    separate::<6>,
    separate::<8>,
    separate::<10>,
    separate::<12>,
    separate::<14>,
    separate::<16>,
    separate::<18>,
    separate::<20>,
    separate::<22>,
    separate::<24>,
    separate::<26>,
    separate::<28>,
    separate::<30>,
    separate::<32>,
];

fn separate<const DIGITS: usize>(digits: &[u8], out: &mut [u8], separator: u8) {
    let groups = digits.as_chunks::<DIGITS>().0;
    for (out, digits) in out.chunks_exact_mut(DIGITS + 1).zip(groups) {
        if let Some((last, group)) = out.split_last_mut() {
            group.copy_from_slice(digits);
            *last = separator;
        }
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

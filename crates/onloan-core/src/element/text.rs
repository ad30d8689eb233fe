//! Format strings put together while the author's crate is compiled.
//!
//! The format of `[T; N]` depends on `T`, so its length is not known where its constant is written, and an array type of that length
//! cannot be named in generic code. A text is therefore measured first and then stored in the smallest of a few capacities that has
//! room for it and for the NUL.

use core::ffi::CStr;
use core::marker::PhantomData;

use super::structure::Field;

/// What a composed format consists of.
pub(super) enum Spelling {
    /// `(2,3)` before one item.
    SubArray {
        shape: &'static [usize],
        item: &'static str,
    },
    /// A count before a code, unless it is one: `8s`, `s`.
    Counted { count: usize, code: &'static str },
    /// `T{…}`, its fields named.
    Struct { fields: &'static [Field] },
}

/// A type that stands for one composed format.
pub(super) trait Spelled {
    const SPELLING: Spelling;
}

/// The composed format of `S`, in static memory.
pub(super) struct Composed<S>(PhantomData<S>);

impl<S: Spelled> Composed<S> {
    /// Bytes without the NUL.
    const LEN: usize = Text::<0>::spell(&S::SPELLING).len;

    pub(super) const C_STR: &'static CStr = match Self::LEN {
        0..16 => Stored::<S, 16>::TEXT.as_c_str(),
        16..32 => Stored::<S, 32>::TEXT.as_c_str(),
        32..64 => Stored::<S, 64>::TEXT.as_c_str(),
        64..128 => Stored::<S, 128>::TEXT.as_c_str(),
        128..256 => Stored::<S, 256>::TEXT.as_c_str(),
        256..512 => Stored::<S, 512>::TEXT.as_c_str(),
        512..1024 => Stored::<S, 1024>::TEXT.as_c_str(),
        1024..2048 => Stored::<S, 2048>::TEXT.as_c_str(),
        2048..4096 => Stored::<S, 4096>::TEXT.as_c_str(),
        4096..16384 => Stored::<S, 16384>::TEXT.as_c_str(),
        16384..65536 => Stored::<S, 65536>::TEXT.as_c_str(),
        _ => panic!("the format of this element has more than 65535 bytes"),
    };

    pub(super) const STR: &'static str = utf8(Self::C_STR.to_bytes());
}

struct Stored<S, const CAPACITY: usize>(PhantomData<S>);

impl<S: Spelled, const CAPACITY: usize> Stored<S, CAPACITY> {
    const TEXT: &'static Text<CAPACITY> = &Text::spell(&S::SPELLING);
}

/// Text of at most `CAPACITY` bytes. What does not fit is counted, but not kept.
pub(super) struct Text<const CAPACITY: usize> {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl<const CAPACITY: usize> Text<CAPACITY> {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            len: 0,
        }
    }

    const fn spell(spelling: &Spelling) -> Self {
        let mut text = Self::new();
        match spelling {
            Spelling::SubArray { shape, item } => {
                text.push("(");
                let mut axis = 0;
                while axis < shape.len() {
                    if axis > 0 {
                        text.push(",");
                    }
                    text.push_number(shape[axis]);
                    axis += 1;
                }
                text.push(")");
                text.push(item);
            }
            Spelling::Counted { count, code } => {
                if *count != 1 {
                    text.push_number(*count);
                }
                text.push(code);
            }
            Spelling::Struct { fields } => {
                text.push("T{");
                let mut index = 0;
                while index < fields.len() {
                    let field = &fields[index];
                    text.push(field.format);
                    if !field.is_padding() {
                        text.push(":");
                        text.push(field.name);
                        text.push(":");
                    }
                    index += 1;
                }
                text.push("}");
            }
        }
        text
    }

    pub(super) const fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            if self.len < CAPACITY {
                self.bytes[self.len] = bytes[index];
            }
            self.len += 1;
            index += 1;
        }
    }

    pub(super) const fn push_number(&mut self, number: usize) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        let (_, digit) = b"0123456789".split_at(number % 10);
        self.push(utf8(digit.split_at(1).0));
    }

    /// The text with its NUL; there is room for it, for `CAPACITY` was chosen after measuring.
    const fn as_c_str(&self) -> &CStr {
        if self.len >= CAPACITY {
            // Measured and found too long for this capacity: another one is used.
            return c"";
        }
        match CStr::from_bytes_with_nul(self.bytes.split_at(self.len + 1).0) {
            Ok(text) => text,
            Err(_) => panic!("a name in the format of this element has a NUL"),
        }
    }

    /// The text, as far as it was kept.
    pub(super) const fn as_str(&self) -> &str {
        let len = if self.len < CAPACITY {
            self.len
        } else {
            CAPACITY
        };
        utf8(self.bytes.split_at(len).0)
    }
}

pub(super) const fn utf8(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("cut inside a character"),
    }
}

/// `format`, where an item of type `T` has bytes to lend: `[u32; 0]` has none, and who goes through memory in steps of an item would
/// not get on.
#[track_caller]
pub(super) const fn of_some_bytes<T>(format: &'static CStr) -> &'static CStr {
    assert!(size_of::<T>() > 0, "an item without bytes cannot be lent");
    format
}

/// `text`, which ends with a NUL, as a C string.
pub(super) const fn c_str(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("not one NUL, at the end"),
    }
}

//! What `#[derive(Element)]` builds upon: the fields of a struct as data, their format, and the checks that nothing lies between them.
//!
//! The macro sees tokens, not types. It writes down each field's name, type and offset, and the compiler evaluates the rest:
//! the format from the fields' own formats, and whether each field ends where the next begins. The offsets are the compiler's, so a
//! struct that passes is laid out as its format says, whatever another macro did to it.

use core::ffi::CStr;
use core::marker::PhantomData;

use super::text::{Composed, Spelled, Spelling, Text};
use super::{AnyBits, Element};

/// A struct, as the derive macro describes it.
pub trait Struct: Sized {
    /// The struct's name, for messages.
    const NAME: &'static str;
    /// Its fields, as declared.
    const FIELDS: &'static [Field];
}

/// One field of a struct.
pub struct Field {
    pub(super) name: &'static str,
    pub(super) format: &'static str,
    offset: usize,
    size: usize,
}

impl Field {
    /// The field `name` of type `T`, so many bytes from the struct's start.
    #[must_use]
    pub const fn new<T: Element>(name: &'static str, offset: usize) -> Self {
        Self {
            name,
            format: T::FIELD,
            offset,
            size: size_of::<T>(),
        }
    }

    /// `x` is the last byte of a pad's format, and of no other.
    pub(super) const fn is_padding(&self) -> bool {
        matches!(self.format.as_bytes(), [.., b'x'])
    }
}

/// The format of a derived struct.
pub trait StructText: Struct {
    /// As the item of a buffer.
    const FORMAT: &'static CStr;
    /// Inside another struct.
    const FIELD: &'static str;
}

impl<S: Struct> StructText for S {
    const FORMAT: &'static CStr = Composed::<Fields<S>>::C_STR;
    const FIELD: &'static str = Composed::<Fields<S>>::STR;
}

struct Fields<S>(PhantomData<S>);

impl<S: Struct> Spelled for Fields<S> {
    const SPELLING: Spelling = Spelling::Struct { fields: S::FIELDS };
}

/// `T: AnyBits`, with a lifetime that a `for<'a>` can bind.
///
/// The impl of `AnyBits` for a derived struct is bounded by its fields. `where bool: AnyBits` is an error by itself; `where for<'a> bool: AnyBitsField<'a>`
/// is a bound that does not hold, and the impl with it.
pub trait AnyBitsField<'a> {}

impl<T: AnyBits> AnyBitsField<'_> for T {}

/// Checks that a field ends where the next one begins, or the last one where the struct ends.
///
/// # Panics
/// If it does not.
#[track_caller]
pub const fn check_end<S: Struct>(index: usize) {
    let field = &S::FIELDS[index];
    let end = field.offset + field.size;
    let is_last = index + 1 == S::FIELDS.len();
    let next = if is_last {
        size_of::<S>()
    } else {
        S::FIELDS[index + 1].offset
    };
    let first_is_at_the_start = index > 0 || field.offset == 0;
    if next == end && first_is_at_the_start {
        return;
    }

    let mut message = Text::<1024>::new();
    if next > end && first_is_at_the_start {
        let gap = next - end;
        message.push("field `");
        message.push(field.name);
        message.push("` of `");
        message.push(S::NAME);
        message.push("` is followed by ");
        message.push_number(gap);
        message.push(if gap == 1 { " byte" } else { " bytes" });
        message.push(" of implicit padding, which are uninitialised and cannot be lent: ");
        message.push(if is_last {
            "end the struct with"
        } else {
            "put after it"
        });
        message.push(" the field `_padding: Padding<");
        message.push_number(gap);
        message.push(">`");
    } else {
        message.push("the fields of `");
        message.push(S::NAME);
        message.push("` do not lie in memory in the order in which they are declared");
    }
    panic!("{}", message.as_str());
}

/// Checks that a field to which the author gave a name is one that appears under it.
///
/// # Panics
/// If it is padding, which has no name.
#[track_caller]
pub const fn check_name<S: Struct>(index: usize) {
    if S::FIELDS[index].is_padding() {
        panic!("padding has no name in a format: leave `name` out");
    }
}

/// Checks that a transparent struct `S` is as large as its field `T`.
///
/// # Panics
/// If it is not.
#[track_caller]
pub const fn check_size<S, T>() {
    assert!(
        size_of::<S>() == size_of::<T>(),
        "the struct has another size than its field"
    );
}

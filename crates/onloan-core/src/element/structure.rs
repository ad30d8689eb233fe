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

/// `T: Copy`, with a lifetime that a `for<'a>` can bind.
///
/// `where Sample: Copy` is an error by itself if it does not hold, and so would be an impl of `Element` for what is not `Copy`: one error for
/// each place that needs the bound. `where for<'a> Sample: IfCopy<'a>` is a bound that may not hold, and the impl with it. One check beside the
/// impl then gives the one error. The same goes for [`IfElement`] and [`IfAnyBits`], of which the last goes unchecked: a
/// struct with a `bool` is not `AnyBits`, and that is all.
pub trait IfCopy<'a>: Copy {}

impl<T: Copy> IfCopy<'_> for T {}

/// `T: Element`, likewise.
pub trait IfElement<'a>: Element {}

impl<T: Element> IfElement<'_> for T {}

/// `T: AnyBits`, likewise.
pub trait IfAnyBits<'a>: AnyBits {}

impl<T: AnyBits> IfAnyBits<'_> for T {}

/// Checks that `T` is `Copy`.
pub const fn check_copy<T: Copy>() {}

/// Checks that `T` is an element.
pub const fn check_element<T: Element>() {}

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
    let starts_the_struct = index > 0 || field.offset == 0;
    if next == end && starts_the_struct && field.size > 0 {
        return;
    }

    let mut message = Text::<1024>::new();
    if field.size == 0 {
        message.push("field `");
        message.push(field.name);
        message.push("` of `");
        message.push(S::NAME);
        message.push("` has no bytes to lend");
    } else if next > end && starts_the_struct {
        message.push("after field `");
        message.push(field.name);
        message.push("` of `");
        message.push(S::NAME);
        message.push("` the compiler leaves ");
        message.push_number(next - end);
        message.push(if next - end == 1 { " byte" } else { " bytes" });
        message
            .push(" of padding, and uninitialised memory cannot be lent: put `_padding: Padding<");
        message.push_number(next - end);
        message.push(">` there");
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

//! Elements: the Rust types that one item of a buffer may have, and how each is spelled in a format string.
//!
//! A consumer in another language sees bytes and a text. An [`Element`] ties the two together: its memory is nothing but
//! bytes that mean something, and its format says what they mean. The text is a constant, so that an exporter has
//! it in static memory for as long as any consumer may look at it.
//!
//! # Two spellings
//!
//! | Rust | [`FORMAT`](Element::FORMAT), as the item of a buffer | [`FIELD`](Element::FIELD), inside a structure (little-endian host) |
//! |---|---|---|
//! | `u8` … `u64`, `i8` … `i64` | `B H I Q`, `b h i q` | `<B <H <I <Q`, `<b <h <i <q` |
//! | `usize`, `isize` | as the integer of the same width | likewise |
//! | `f32`, `f64`, `half::f16` | `f`, `d`, `e` | `<f`, `<d`, `<e` |
//! | `num_complex::Complex<f32>`, `<f64>` | `Zf`, `Zd` | `<Zf`, `<Zd` |
//! | `bool`, [`ByteBool`] | `?` | `<?` |
//! | `char` | `w` | `<w` |
//! | [`BigEndian<u32>`], [`LittleEndian<u32>`] | `>I`, `<I` | `>I`, `<I` |
//! | [`FixedBytes<8>`] | `8s` | `8s` |
//! | [`Padding<3>`] | `3x` | `3x`, without a name |
//! | `[[u32; 3]; 2]` | `(2,3)I` | `(2,3)<I` |
//! | a derived struct | `T{<I:id:4x<d:value:}` | the same |
//! | a derived `repr(transparent)` struct | as its field | as its field |
//!
//! At the top level a number is one bare code in native order, because that is all that Python's own `memoryview` reads. Inside a
//! structure every code carries its byte order: native order would bring native alignment with it, about which `struct`,
//! NumPy and ctypes disagree (`ib` is 5 bytes to the first and 8 to the second). With an explicit order nobody
//! aligns, and all padding stands in the text as `x`.
//!
//! # What may be an element
//!
//! Every byte of an element is initialised: a structure with implicit padding is refused when it is compiled, and
//! [`Padding`] makes that padding explicit. An element holds no pointer, reference or cell.
//! It may still have bit patterns that are not values, as `bool` has: such memory may be lent for reading, but not for
//! writing. [`AnyBits`] marks the elements without that restriction.

// `unsafe` appears in this module only as `unsafe impl`: a statement of fact about one type, with its reason beside it.
#![allow(unsafe_code)]

mod array;
mod byte_bool;
mod byte_order;
mod fixed_bytes;
mod padding;
mod scalar;
mod structure;
mod text;

#[cfg(test)]
mod tests;

#[doc(hidden)]
pub mod __private {
    //! What `#[derive(Element)]` expands to. Not part of the interface.
    pub use super::structure::{
        Field, IfAnyBits, IfCopy, IfElement, Struct, StructText, check_copy, check_element,
        check_end, check_name, check_size,
    };
}

pub use byte_bool::ByteBool;
pub use byte_order::{BigEndian, LittleEndian, MultiByte};
pub use fixed_bytes::{FixedBytes, TooLong};
pub use padding::Padding;

use core::ffi::CStr;

/// Plain data that may be lent to Python as the items of a buffer.
///
/// Numbers, `bool`, arrays and the types of this module are elements; `#[derive(Element)]` makes one of a `#[repr(C)]` struct.
/// The [module's page](self) has the table of formats.
///
/// # Safety
///
/// Of every value of the type:
///
/// - all `size_of::<Self>()` bytes are initialised (no padding, no `MaybeUninit`, no union);
/// - the bytes change only through `&mut` (no interior mutability), and mean the same at another address or in
///   another process (no pointer, reference or handle);
///
/// and of the constants:
///
/// - `FORMAT` and `FIELD` follow the grammar of PEP 3118 and describe exactly `size_of::<Self>()` bytes, from the first on;
/// - `FIELD` gives the same size at any offset and whatever order is in force before it;
/// - `size_of::<Self>()` is the product of `SHAPE` times `size_of::<Self::Item>()`, the items follow each other in C order, and
///   `Item::SHAPE` is empty.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent to Python as the item of a buffer",
    label = "not an `Element`",
    note = "elements are: integers up to 64 bits, `f32`, `f64`, `bool`, `char`, arrays of elements, `FixedBytes`, `Padding`, `BigEndian`, \
            `LittleEndian`, and with features `half::f16` and `num_complex::Complex`",
    note = "for a struct of these add `#[derive(Clone, Copy, Element)] #[repr(C)]`; a 128-bit integer can be lent as `[u64; 2]` or \
            `FixedBytes<16>`; references, pointers and growable collections have no format"
)]
pub unsafe trait Element: Copy + Send + Sync + 'static {
    /// The innermost element of an array; every other element is its own item, but a transparent struct is what its field is.
    ///
    /// With [`SHAPE`](Self::SHAPE) this lets a `Vec<[f32; 3]>` be lent as n × 3 items of `f`.
    type Item: Element;

    /// The extents of an array, outermost first; empty for every other element.
    const SHAPE: &'static [usize];

    /// The format of one item, where the item stands for itself: `Py_buffer.format`.
    ///
    /// A number is one bare code in native order, which `memoryview` can index. For a type without bytes, as `[T; 0]`, this
    /// constant does not compile; so an item whose format was taken has a size that one can divide by.
    const FORMAT: &'static CStr;

    /// The format of one item inside a structure: explicit byte order, hence no alignment to disagree about.
    const FIELD: &'static str;
}

/// An element of which every bit pattern is a value: its memory may be lent writable, and may be read from foreign bytes.
///
/// `bool` and `char` are not: a consumer could write a 2 where only 0 and 1 are values. [`ByteBool`] takes any
/// byte. A derived struct is `AnyBits` exactly when all of its fields are.
///
/// # Safety
///
/// Any `size_of::<Self>()` initialised bytes are a valid value of `Self`.
#[diagnostic::on_unimplemented(
    message = "memory of `{Self}` cannot be lent writable: not every bit pattern is a value of it",
    label = "a consumer could write bytes here that are no `{Self}`",
    note = "instead of `bool` use `ByteBool` (also lent as `?`), instead of `char` use `u32`; a struct must consist of such fields only",
    note = "or lend the memory read-only"
)]
pub unsafe trait AnyBits: Element {}

/// The bytes of elements, as a consumer sees them.
///
/// ```
/// use onloan_core::element::{BigEndian, as_bytes};
///
/// assert_eq!(as_bytes(&[BigEndian::new(258_u16)]), [1, 2]);
/// ```
#[must_use]
pub const fn as_bytes<T: Element>(elements: &[T]) -> &[u8] {
    // SAFETY: every byte of an element is initialised and changes only through `&mut` (`Element`); the slice has this many, borrowed
    // for as long.
    unsafe { core::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements)) }
}

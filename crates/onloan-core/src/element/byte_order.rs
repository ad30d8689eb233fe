//! Numbers that are stored in a given byte order, whatever the machine's own is.
//!
//! Both wrappers hold bytes and have alignment 1. Numbers in a foreign order come from files, packets and other people's structures, where nothing is
//! aligned for this machine; with alignment 1 a struct of them has no padding to make explicit, any address will do to
//! look at them in place, and the format (`>I` is unaligned by definition) says the same as the type. The cost is an unaligned load, which on x86 and 64-bit ARM
//! is the same instruction. The array as a whole still begins wherever its allocator put it, so that consumers who like alignment mostly have it.

use core::cmp::Ordering;
use core::ffi::CStr;
use core::fmt;
use core::hash::{Hash, Hasher};

use super::text::c_str;
use super::{AnyBits, Element};

mod sealed {
    pub trait Sealed {}
}

/// A number of several bytes, so that their order matters.
///
/// Integers of 16 to 64 bits, floats, and complex numbers (each part in that order). Not `usize` and `isize`:
/// memory that has to be read on another machine needs a width that is the same there. The trait is closed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no byte order that could be chosen",
    note = "byte order is a matter of 16 to 64-bit integers, floats and complex numbers; `u8` and `i8` are the same in either, \
            for `usize` name a width, and in a struct or an array each number is wrapped by itself: `[BigEndian<u32>; 3]`"
)]
pub trait MultiByte: AnyBits + sealed::Sealed {
    #[doc(hidden)]
    type Bytes: Copy + Send + Sync + 'static;
    #[doc(hidden)]
    const BIG: &'static CStr;
    #[doc(hidden)]
    const LITTLE: &'static CStr;
    #[doc(hidden)]
    fn to_big(self) -> Self::Bytes;
    #[doc(hidden)]
    fn to_little(self) -> Self::Bytes;
    #[doc(hidden)]
    fn from_big(bytes: Self::Bytes) -> Self;
    #[doc(hidden)]
    fn from_little(bytes: Self::Bytes) -> Self;
}

macro_rules! multi_byte {
    ($($type:ty: $code:literal;)+) => {$(
        impl sealed::Sealed for $type {}

        impl MultiByte for $type {
            type Bytes = [u8; size_of::<Self>()];
            const BIG: &'static CStr = c_str(concat!(">", $code, "\0"));
            const LITTLE: &'static CStr = c_str(concat!("<", $code, "\0"));
            fn to_big(self) -> Self::Bytes {
                self.to_be_bytes()
            }
            fn to_little(self) -> Self::Bytes {
                self.to_le_bytes()
            }
            fn from_big(bytes: Self::Bytes) -> Self {
                Self::from_be_bytes(bytes)
            }
            fn from_little(bytes: Self::Bytes) -> Self {
                Self::from_le_bytes(bytes)
            }
        }
    )+};
}

multi_byte! {
    u16: "H"; u32: "I"; u64: "Q";
    i16: "h"; i32: "i"; i64: "q";
    f32: "f"; f64: "d";
}

#[cfg(feature = "half")]
multi_byte! { half::f16: "e"; }

#[cfg(feature = "num-complex")]
macro_rules! multi_byte_complex {
    ($($part:ty: $code:literal;)+) => {$(
        impl sealed::Sealed for num_complex::Complex<$part> {}

        impl MultiByte for num_complex::Complex<$part> {
            type Bytes = [[u8; size_of::<$part>()]; 2];
            const BIG: &'static CStr = c_str(concat!(">", $code, "\0"));
            const LITTLE: &'static CStr = c_str(concat!("<", $code, "\0"));
            fn to_big(self) -> Self::Bytes {
                [self.re.to_be_bytes(), self.im.to_be_bytes()]
            }
            fn to_little(self) -> Self::Bytes {
                [self.re.to_le_bytes(), self.im.to_le_bytes()]
            }
            fn from_big([re, im]: Self::Bytes) -> Self {
                Self::new(<$part>::from_be_bytes(re), <$part>::from_be_bytes(im))
            }
            fn from_little([re, im]: Self::Bytes) -> Self {
                Self::new(<$part>::from_le_bytes(re), <$part>::from_le_bytes(im))
            }
        }
    )+};
}

#[cfg(feature = "num-complex")]
multi_byte_complex! { f32: "Zf"; f64: "Zd"; }

macro_rules! in_order {
    ($(#[$doc:meta])* $name:ident, $format:ident, $to:ident, $from:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        pub struct $name<T: MultiByte>(T::Bytes);

        impl<T: MultiByte> $name<T> {
            /// Stores `value` in this order.
            #[must_use]
            pub fn new(value: T) -> Self {
                Self(value.$to())
            }

            /// The value, in the machine's own order.
            #[must_use]
            pub fn get(self) -> T {
                T::$from(self.0)
            }

            /// Stores another value.
            pub fn set(&mut self, value: T) {
                *self = Self::new(value);
            }
        }

        // SAFETY: the bytes of `T` (`repr(transparent)`; `MultiByte` is closed, and every `Bytes` in this file is an array of `size_of::<T>()` `u8`),
        // lent under `T`'s code with the order in which they were stored.
        unsafe impl<T: MultiByte> Element for $name<T> {
            type Item = Self;
            const SHAPE: &'static [usize] = &[];
            const FORMAT: &'static CStr = T::$format;
            const FIELD: &'static str = match T::$format.to_str() {
                Ok(format) => format,
                Err(_) => panic!("a format is UTF-8"),
            };
        }

        // SAFETY: any bytes are a value of `T::Bytes`, an array of `u8`.
        unsafe impl<T: MultiByte> AnyBits for $name<T> {}

        impl<T: MultiByte> From<T> for $name<T> {
            fn from(value: T) -> Self {
                Self::new(value)
            }
        }

        impl<T: MultiByte + Default> Default for $name<T> {
            fn default() -> Self {
                Self::new(T::default())
            }
        }

        impl<T: MultiByte + PartialEq> PartialEq for $name<T> {
            fn eq(&self, other: &Self) -> bool {
                self.get() == other.get()
            }
        }

        impl<T: MultiByte + Eq> Eq for $name<T> {}

        impl<T: MultiByte + PartialOrd> PartialOrd for $name<T> {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                self.get().partial_cmp(&other.get())
            }
        }

        impl<T: MultiByte + Ord> Ord for $name<T> {
            fn cmp(&self, other: &Self) -> Ordering {
                self.get().cmp(&other.get())
            }
        }

        impl<T: MultiByte + Hash> Hash for $name<T> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.get().hash(state);
            }
        }

        impl<T: MultiByte + fmt::Debug> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.get().fmt(f)
            }
        }
    };
}

in_order! {
    /// A number stored with its most significant byte first, at any address; lent with `>` before its code.
    ///
    /// ```
    /// use onloan_core::element::{BigEndian, Element};
    ///
    /// let port = BigEndian::from(0x1f90_u16);
    /// assert_eq!(port.get(), 8080);
    /// assert_eq!(BigEndian::<u16>::FORMAT, c">H");
    /// assert_eq!(align_of::<BigEndian<u16>>(), 1);
    /// ```
    BigEndian, BIG, to_big, from_big
}

in_order! {
    /// A number stored with its least significant byte first, at any address; lent with `<` before its code.
    ///
    /// The code keeps its `<` on a little-endian machine too, so that the format is the same on all machines; `memoryview` indexes only bare
    /// native codes, so memory for it is better a plain `u32`.
    LittleEndian, LITTLE, to_little, from_little
}

//! `[T; N]` as a sub-array: `(N)` before the format of `T`, nested arrays as one shape.

use core::ffi::CStr;
use core::marker::PhantomData;

use super::text::{Composed, Spelled, Spelling, of_some_bytes};
use super::{AnyBits, Element};

/// As many axes as a buffer can have (`PyBUF_MAX_NDIM`).
const MAX_AXES: usize = 64;

// SAFETY: an array is its elements side by side, without padding, so what holds of `T` holds of it. `FORMAT` and `FIELD`
// repeat the item's own as often as `SHAPE` says, in C order, which is the order of nested arrays; `T::SHAPE` and `T::Item` do so for `T`.
unsafe impl<T: Element, const N: usize> Element for [T; N] {
    type Item = T::Item;
    const SHAPE: &'static [usize] = Axes::<T, N>::AXES.split_at(1 + T::SHAPE.len()).0;
    const FORMAT: &'static CStr = of_some_bytes::<Self>(Composed::<AsItem<Self>>::C_STR);
    const FIELD: &'static str = Composed::<AsField<Self>>::STR;
}

// SAFETY: an array is its elements side by side, and any bytes are an element each.
unsafe impl<T: AnyBits, const N: usize> AnyBits for [T; N] {}

struct Axes<T, const N: usize>(PhantomData<T>);

impl<T: Element, const N: usize> Axes<T, N> {
    const AXES: &'static [usize; MAX_AXES] = &{
        assert!(
            T::SHAPE.len() < MAX_AXES,
            "an array may be nested 64 deep, which is as many axes as a buffer has"
        );
        let mut axes = [0; MAX_AXES];
        axes[0] = N;
        let mut axis = 0;
        while axis < T::SHAPE.len() {
            axes[1 + axis] = T::SHAPE[axis];
            axis += 1;
        }
        axes
    };
}

/// The array as the item of a buffer.
struct AsItem<A>(PhantomData<A>);

impl<A: Element> Spelled for AsItem<A> {
    const SPELLING: Spelling = Spelling::SubArray {
        shape: A::SHAPE,
        item: match <A::Item as Element>::FORMAT.to_str() {
            Ok(format) => format,
            Err(_) => panic!("a format is UTF-8"),
        },
    };
}

/// The array inside a structure.
struct AsField<A>(PhantomData<A>);

impl<A: Element> Spelled for AsField<A> {
    const SPELLING: Spelling = Spelling::SubArray {
        shape: A::SHAPE,
        item: <A::Item as Element>::FIELD,
    };
}

extern crate onloan_core as onloan;
use onloan_macros::Element;

use core::marker::PhantomData;

#[derive(Clone, Copy, Element)]
#[repr(transparent)]
struct Meters(f64, PhantomData<u8>);

fn main() {}

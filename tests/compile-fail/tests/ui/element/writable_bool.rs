extern crate onloan_core as onloan;
use onloan_macros::Element;

use onloan::element::AnyBits;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    flag: bool,
}

fn lend_writable<T: AnyBits>() {}

fn main() {
    lend_writable::<Sample>();
}

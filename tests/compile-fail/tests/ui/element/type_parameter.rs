extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Pair<T> {
    first: T,
    second: T,
}

fn main() {}

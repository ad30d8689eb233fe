extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Borrowed<'a> {
    bytes: &'a [u8; 4],
}

fn main() {}

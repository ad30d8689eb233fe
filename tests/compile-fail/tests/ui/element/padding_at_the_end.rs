extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    value: u16,
    flag: u8,
}

fn main() {}

extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(packed)]
struct Sample {
    id: u32,
    flag: u8,
}

fn main() {}

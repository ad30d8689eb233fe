extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    length: u32,
    #[element(name = "length")]
    width: u32,
}

fn main() {}

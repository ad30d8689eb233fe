extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[element(name = "sample")]
#[repr(C)]
struct Sample {
    id: u32,
}

fn main() {}

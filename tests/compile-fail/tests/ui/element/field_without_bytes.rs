extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    none: [u64; 0],
    id: u64,
}

fn main() {}

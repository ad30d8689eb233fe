extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    flag: u8,
    value: f64,
    last: u32,
}

fn main() {}

extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    id: u8,
    value: f64,
}

fn main() {}

extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    #[element(name = "")]
    length: u32,
}

fn main() {}

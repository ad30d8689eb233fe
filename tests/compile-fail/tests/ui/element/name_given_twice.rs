extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    #[element(name = "a", name = "b")]
    length: u32,
}

fn main() {}

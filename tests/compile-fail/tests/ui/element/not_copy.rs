extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Element)]
#[repr(C)]
struct Sample {
    id: u32,
}

fn main() {}

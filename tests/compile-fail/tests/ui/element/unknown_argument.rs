extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    #[element(rename = "identifier")]
    id: u32,
}

fn main() {}

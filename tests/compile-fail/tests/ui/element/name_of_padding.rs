extern crate onloan_core as onloan;
use onloan_macros::Element;

use onloan::element::Padding;

#[derive(Clone, Copy, Element)]
#[repr(C)]
struct Sample {
    length: u32,
    #[element(name = "gap")]
    _padding: Padding<4>,
}

fn main() {}

extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
struct Sample {
    id: u32,
    count: u32,
}

fn main() {}

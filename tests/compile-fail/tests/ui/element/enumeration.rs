extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(u8)]
enum Side {
    Left,
    Right,
}

fn main() {}

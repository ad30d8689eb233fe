extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
union Word {
    bits: u32,
    value: f32,
}

fn main() {}

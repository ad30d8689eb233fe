extern crate onloan_core as onloan;
use onloan_macros::Element;

#[derive(Clone, Copy, Element)]
#[repr(transparent)]
struct Handle(*const u8);

fn main() {}

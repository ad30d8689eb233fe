extern crate onloan_core as onloan;

use onloan::element::Element;

const FORMAT: &core::ffi::CStr = <[u32; 0] as Element>::FORMAT;

fn main() {}

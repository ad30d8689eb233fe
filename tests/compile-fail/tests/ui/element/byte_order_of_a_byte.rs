extern crate onloan_core as onloan;

use onloan::element::BigEndian;

fn main() {
    BigEndian::new(1_u8);
}

use onloan::{Region, Storage};

struct Computed;

impl Storage for Computed {
    fn region(&self) -> Region<'_> {
        let bytes = vec![1_u8, 2, 3];
        Region::of(&bytes)
    }
}

fn main() {}

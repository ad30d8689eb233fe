use onloan::{Region, RegionMut, Storage, StorageMut};

struct Constant(&'static [u8]);

impl Storage for Constant {
    fn region(&self) -> Region<'_> {
        Region::of(self.0)
    }
}

impl StorageMut for Constant {
    fn region_mut(&mut self) -> RegionMut<'_> {
        Region::of(self.0)
    }
}

fn main() {}

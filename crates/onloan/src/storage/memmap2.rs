//! Mapped files. That nobody truncates or rewrites the file meanwhile is what `memmap2` asks of who maps it.

use ::memmap2::{Mmap, MmapMut};

use super::{Region, RegionMut, Storage, StorageMut};

impl Storage for Mmap {
    fn region(&self) -> Region<'_> {
        Region::of::<u8>(self)
    }
}

impl Storage for MmapMut {
    fn region(&self) -> Region<'_> {
        Region::of::<u8>(self)
    }
}

impl StorageMut for MmapMut {
    fn region_mut(&mut self) -> RegionMut<'_> {
        RegionMut::of::<u8>(self)
    }
}

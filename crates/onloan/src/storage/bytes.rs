//! The `bytes` crate: cheap slices of shared buffers.

use ::bytes::{Bytes, BytesMut};

use super::{Region, RegionMut, Storage, StorageMut};

impl Storage for Bytes {
    fn region(&self) -> Region<'_> {
        Region::of::<u8>(self)
    }
}

impl Storage for BytesMut {
    fn region(&self) -> Region<'_> {
        Region::of::<u8>(self)
    }
}

impl StorageMut for BytesMut {
    fn region_mut(&mut self) -> RegionMut<'_> {
        RegionMut::of::<u8>(self)
    }
}

//! The storages of the standard library.

use std::sync::Arc;

use onloan_core::element::{AnyBits, Element};

use super::{Region, RegionMut, Storage, StorageMut};

impl<T: Element> Storage for Vec<T> {
    fn region(&self) -> Region<'_> {
        Region::of(self)
    }
}

impl<T: AnyBits> StorageMut for Vec<T> {
    fn region_mut(&mut self) -> RegionMut<'_> {
        RegionMut::of(self)
    }
}

impl<T: Element> Storage for Box<[T]> {
    fn region(&self) -> Region<'_> {
        Region::of(self)
    }
}

impl<T: AnyBits> StorageMut for Box<[T]> {
    fn region_mut(&mut self) -> RegionMut<'_> {
        RegionMut::of(self)
    }
}

/// Shared with other owners in Rust, who read: never lent writable.
impl<T: Element> Storage for Arc<[T]> {
    fn region(&self) -> Region<'_> {
        Region::of(self)
    }
}

impl<T: Element> Storage for Arc<Vec<T>> {
    fn region(&self) -> Region<'_> {
        Region::of(self)
    }
}

impl<T: Element> Storage for &'static [T] {
    fn region(&self) -> Region<'_> {
        Region::of(self)
    }
}

/// The text as UTF-8 bytes.
impl Storage for &'static str {
    fn region(&self) -> Region<'_> {
        Region::of(self.as_bytes())
    }
}

/// The text as UTF-8 bytes; read-only, because not all bytes are UTF-8.
impl Storage for String {
    fn region(&self) -> Region<'_> {
        Region::of(self.as_bytes())
    }
}

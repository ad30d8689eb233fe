//! Arrow's buffers: shared, immutable.

use ::arrow_buffer::{ArrowNativeType, Buffer, ScalarBuffer};
use onloan_core::element::Element;

use super::{Region, Storage};

impl Storage for Buffer {
    fn region(&self) -> Region<'_> {
        Region::of::<u8>(self)
    }
}

impl<T: Element + ArrowNativeType> Storage for ScalarBuffer<T> {
    fn region(&self) -> Region<'_> {
        Region::of::<T>(self)
    }
}

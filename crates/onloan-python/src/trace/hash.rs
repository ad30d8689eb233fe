//! Hashing addresses and small numbers: one multiplication.

use std::hash::{BuildHasherDefault, Hasher};

/// 2^64 by the golden ratio.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Mixes one number into a hash.
#[inline]
pub(super) fn mix(hash: u64, number: usize) -> u64 {
    (hash.rotate_left(5) ^ number as u64).wrapping_mul(FACTOR)
}

/// Mixes one number into a hash of many, whose order counts. From one number to the next it is a rotation only: the multiplications do not wait for each
/// other. To be ended by [`mix`].
#[inline]
pub(super) fn join(hash: u64, number: usize) -> u64 {
    hash.rotate_left(7) ^ (number as u64).wrapping_mul(FACTOR)
}

/// The place of an address in a table of 2^`bits` places.
#[inline]
pub(super) fn place(address: usize, bits: u32) -> usize {
    // Addresses differ least in their lowest bits; a product is mixed best in its highest.
    ((address as u64).wrapping_mul(FACTOR) >> (64 - bits)) as usize
}

/// The hasher of the maps.
#[derive(Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.0 = mix(self.0, number);
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_usize(number as usize);
    }
}

pub(super) type Build = BuildHasherDefault<Mixer>;
pub(super) type Map<K, V> = std::collections::HashMap<K, V, Build>;
pub(super) type Set<K> = std::collections::HashSet<K, Build>;

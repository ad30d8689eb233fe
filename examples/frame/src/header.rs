//! What travels before the pixels.

use onloan::{Element, FixedBytes, Padding};

/// One frame on its way: the first bytes of a message, and a row of the table of what was sent.
#[derive(Clone, Copy, Element)]
#[repr(C)]
pub(crate) struct Header {
    magic: FixedBytes<4>,
    height: u32,
    width: u32,
    _padding: Padding<4>,
    sequence: u64,
    /// Nanoseconds since 1970.
    #[element(name = "sent at")]
    sent_at: u64,
}

impl Header {
    /// The room for it in a message: more than it needs, so that the pixels begin on a cache line.
    pub(crate) const ROOM: usize = 64;

    pub(crate) fn new(height: u32, width: u32, sequence: u64, sent_at: u64) -> Header {
        Header {
            magic: FixedBytes::new(*b"FRME"),
            height,
            width,
            _padding: Padding::ZERO,
            sequence,
            sent_at,
        }
    }

    /// Writes it to the start of a message: the fields as they lie in memory, little-endian on every machine.
    pub(crate) fn write(&self, message: &mut [u8]) {
        let fields: [&[u8]; 6] = [
            &*self.magic,
            &self.height.to_le_bytes(),
            &self.width.to_le_bytes(),
            &[0; size_of::<Padding<4>>()],
            &self.sequence.to_le_bytes(),
            &self.sent_at.to_le_bytes(),
        ];
        let bytes = fields.concat();
        message[..bytes.len()].copy_from_slice(&bytes);
    }
}

//! Where items come to lie: the one walk that sizes a format and places its fields.
//!
//! A [`Cursor`] goes through one body (the whole string, or one `T{}`) in one [`Reading`]:
//!
//! ```text
//! @b i b     unpadded  b ... i i i i b          9
//!            padded    b ... i i i i b . . .   12
//! ```
//!
//! Start padding is undisputed: under `@` an item begins at a multiple of its alignment. Whether the
//! end is padded as well is disputed, so everything is measured twice and the item size decides.
//!
//! A `T{}` is aligned, and padded at its end, by the order that is in force at its closing brace;
//! its alignment is the largest of its members under `@`. That is what NumPy does.
//!
//! Bit fields: the PEP says no more than that there are some. Here a run of adjacent ones of the
//! same byte order shares bytes without gaps, and the run is rounded up to whole bytes. Nobody
//! emits `t`, so this disagrees with nobody; it is not what C compilers do with unit boundaries.

use super::item::{Code, Item, Unfit};
use super::order::{Endian, Order};
use super::table::Kind;

/// No object in memory is larger, so no item size is.
const MAX_SIZE: usize = isize::MAX as usize;

/// How to read the end of a body under `@`: the two sides of a dispute that PEP 3118 leaves open.
///
/// [`Format::fit`](super::Format::fit) lets the exporter's item size choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Nothing follows the last item: `ib` has 5 bytes. So `struct`, and so NumPy when it writes.
    Unpadded,
    /// The size is a multiple of the alignment: `ib` has 8 bytes. So C, and so NumPy when it reads.
    Padded,
}

/// What an item takes, all its repetitions together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measure {
    pub(super) unpadded: usize,
    pub(super) padded: usize,
    /// The multiple at which it must begin; 1 where the order does not align.
    pub(super) align: usize,
    /// How many values and lists reading it makes.
    pub(super) values: usize,
}

impl Measure {
    pub(super) fn size(self, reading: Reading) -> usize {
        match reading {
            Reading::Unpadded => self.unpadded,
            Reading::Padded => self.padded,
        }
    }

    /// One after the other, `times` times, without a gap.
    pub(super) fn repeat(self, times: usize) -> Result<Self, Unfit> {
        let size = |one: usize| {
            one.checked_mul(times)
                .and_then(within)
                .ok_or(Unfit::TooLarge)
        };
        let values = self.values.checked_mul(times);
        Ok(Self {
            unpadded: size(self.unpadded)?,
            padded: size(self.padded)?,
            align: self.align,
            // One more for the list itself.
            values: values
                .and_then(|values| values.checked_add(1))
                .ok_or(Unfit::Hollow)?,
        })
    }
}

fn within(size: usize) -> Option<usize> {
    (size <= MAX_SIZE).then_some(size)
}

/// Where an item begins: a byte, and within it a bit (0 except for bit fields).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: usize,
    pub(super) bit: u8,
}

/// The next free place in a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    reading: Reading,
    offset: usize,
    align: usize,
    /// Bits of a run of bit fields beyond `offset`, and the byte order of the run.
    run: Option<(usize, Endian)>,
}

impl Cursor {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            reading,
            offset: 0,
            align: 1,
            run: None,
        }
    }

    /// Takes the room for `item` and says where; `None` when the body outgrows memory.
    pub(super) fn place(&mut self, item: &Item) -> Option<Place> {
        if let (Code::Plain(symbol), width) = (item.code(), item.count())
            && matches!(symbol.kind(), Kind::Bits { .. })
        {
            return self.place_bits(width, item.order().endian());
        }
        let measure = item.measure();
        let offset = round_up(self.settled()?, measure.align)?;
        self.offset = within(offset.checked_add(measure.size(self.reading))?)?;
        self.run = None;
        self.align = self.align.max(measure.align);
        Some(Place { offset, bit: 0 })
    }

    fn place_bits(&mut self, width: usize, endian: Endian) -> Option<Place> {
        let before = match self.run {
            Some((bits, same)) if same == endian => bits,
            _ => {
                self.offset = self.settled()?;
                0
            }
        };
        self.run = Some((before.checked_add(width)?, endian));
        self.settled()?;
        Some(Place {
            offset: self.offset + before / 8,
            bit: (before % 8) as u8,
        })
    }

    /// The first byte that nothing has been placed in.
    pub(super) fn settled(&self) -> Option<usize> {
        let run = self.run.map_or(0, |(bits, _)| bits.div_ceil(8));
        within(self.offset.checked_add(run)?)
    }

    /// The alignment of the body: the largest of its members'.
    pub(super) fn align(&self) -> usize {
        self.align
    }

    /// The size of the body, with `closing` in force at its end.
    pub(super) fn finish(&self, closing: Order) -> Option<usize> {
        let end = self.settled()?;
        if self.reading == Reading::Padded && closing.aligns() {
            round_up(end, self.align)
        } else {
            Some(end)
        }
    }
}

fn round_up(offset: usize, align: usize) -> Option<usize> {
    within(offset.checked_next_multiple_of(align)?)
}

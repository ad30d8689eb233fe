//! What stands in the way of a transition.

use core::fmt;

/// Why a transition is refused: what stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blocked {
    /// A write guard is out: Rust is writing.
    Writing,
    /// Read guards are out: Rust is reading.
    Reading {
        /// How many read guards are out.
        readers: u32,
    },
    /// Exports are out: Python uses the memory.
    Exported {
        /// How many exports are out.
        exports: u64,
    },
    /// The storage is being opened, settled or moved right now.
    Busy,
    /// The storage was taken back by its owner.
    Taken,
    /// The storage is promised to its owner and leaves at the last release.
    Promised,
    /// A storage stands in the cell already.
    Occupied,
    /// No more exports or readers can be counted.
    Full,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Blocked::Writing => f.write_str("Rust is writing to the memory (a write guard is out)"),
            Blocked::Reading { readers: 1 } => {
                f.write_str("Rust is reading the memory (1 read guard is out)")
            }
            Blocked::Reading { readers } => write!(
                f,
                "Rust is reading the memory ({readers} read guards are out)"
            ),
            Blocked::Exported { exports: 1 } => f.write_str("1 export is out"),
            Blocked::Exported { exports } => write!(f, "{exports} exports are out"),
            Blocked::Busy => f.write_str("the memory is being opened or settled right now"),
            Blocked::Taken => f.write_str("the memory was taken back by its owner"),
            Blocked::Promised => {
                f.write_str("the memory is promised to its owner at the last release")
            }
            Blocked::Occupied => f.write_str("the cell has a storage already"),
            Blocked::Full => f.write_str("no more users can be counted"),
        }
    }
}

impl core::error::Error for Blocked {}

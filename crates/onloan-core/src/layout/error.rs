//! What can be wrong with a layout, or with what is asked of one.

use core::fmt;

/// Why a layout cannot be made, or cannot be taken apart as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// More than [`MAX_NDIM`](super::MAX_NDIM) axes.
    TooManyDimensions {
        /// The number of axes asked for.
        ndim: usize,
    },
    /// An extent below zero.
    NegativeExtent {
        /// The axis.
        axis: usize,
        /// Its extent.
        extent: isize,
    },
    /// Strides, suboffsets or an order of axes that are not one for each axis.
    LengthMismatch {
        /// Which of them.
        what: &'static str,
        /// The number of axes.
        ndim: usize,
        /// The number of entries.
        found: usize,
    },
    /// Items that together take more than `isize::MAX` bytes, or are more than `isize::MAX`.
    TooLarge {
        /// The size of an item in bytes.
        itemsize: usize,
    },
    /// Items farther apart than `isize::MAX` bytes.
    TooFarApart {
        /// The axis at which the distance exceeds the limit.
        axis: usize,
        /// Its extent.
        extent: isize,
        /// Its stride in bytes.
        stride: isize,
    },
    /// Items that lie outside of the region they should lie in.
    OutsideRegion {
        /// The lowest addressed byte, from the start of the region.
        start: i128,
        /// One past the highest addressed byte, from the start of the region.
        end: i128,
        /// The length of the region in bytes.
        region: usize,
    },
    /// Items of another size than those that the memory has.
    ItemSizesDiffer {
        /// The size of the memory's items in bytes.
        itemsize: usize,
        /// The size of the layout's items in bytes.
        wanted: usize,
    },
    /// An axis that is not there.
    NoSuchAxis {
        /// The axis asked for.
        axis: usize,
        /// The number of axes.
        ndim: usize,
    },
    /// An index outside of `-extent..extent`.
    IndexOutOfRange {
        /// The axis.
        axis: usize,
        /// The index asked for.
        index: isize,
        /// The extent of the axis.
        extent: isize,
    },
    /// A slice with step 0.
    ZeroStep {
        /// The axis.
        axis: usize,
    },
    /// More indices and slices than axes.
    TooManySelectors {
        /// The number of indices and slices.
        found: usize,
        /// The number of axes.
        ndim: usize,
    },
    /// An ellipsis beside another one.
    TwoEllipses,
    /// An axis named twice where each is to be named once.
    AxisTwice {
        /// The axis.
        axis: usize,
    },
    /// An axis that has neither extent 1 nor the extent it is to be broadcast to.
    CannotBroadcast {
        /// The axis, counted in the layout as it is.
        axis: usize,
        /// The extent it has.
        extent: isize,
        /// The extent it should get.
        wanted: isize,
    },
    /// A broadcast to fewer axes than there are.
    CannotBroadcastToFewer {
        /// The number of axes.
        ndim: usize,
        /// The number of axes it should get.
        wanted: usize,
    },
    /// A new shape with another number of items.
    ItemsDiffer {
        /// The number of items.
        items: usize,
        /// The number of items of the new shape; `None` above `isize::MAX`.
        wanted: Option<usize>,
    },
    /// A new shape whose items the old strides cannot reach in order: only a copy has that shape.
    NeedsCopy,
    /// An order of axes that would follow a pointer before or after its turn.
    CrossesPointer {
        /// The axis that would change sides.
        axis: usize,
    },
    /// An index that would leave two pointers to follow after one axis.
    TwoPointersInARow {
        /// The axis that was to be indexed.
        axis: usize,
    },
    /// A suboffset that would fall below zero, where it would mean that there is no pointer.
    NegativeSuboffset {
        /// The indirect axis.
        axis: usize,
        /// The suboffset that it would need; `None` beyond `isize`.
        suboffset: Option<isize>,
    },
}

impl LayoutError {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooManyDimensions { .. } => "too-many-dimensions",
            Self::NegativeExtent { .. } => "negative-extent",
            Self::LengthMismatch { .. } => "length-mismatch",
            Self::TooLarge { .. } => "too-large",
            Self::TooFarApart { .. } => "too-far-apart",
            Self::OutsideRegion { .. } => "outside-region",
            Self::ItemSizesDiffer { .. } => "item-sizes-differ",
            Self::NoSuchAxis { .. } => "no-such-axis",
            Self::IndexOutOfRange { .. } => "index-out-of-range",
            Self::ZeroStep { .. } => "zero-step",
            Self::TooManySelectors { .. } => "too-many-selectors",
            Self::TwoEllipses => "two-ellipses",
            Self::AxisTwice { .. } => "axis-twice",
            Self::CannotBroadcast { .. } | Self::CannotBroadcastToFewer { .. } => {
                "cannot-broadcast"
            }
            Self::ItemsDiffer { .. } => "items-differ",
            Self::NeedsCopy => "needs-copy",
            Self::CrossesPointer { .. } => "crosses-pointer",
            Self::TwoPointersInARow { .. } => "two-pointers-in-a-row",
            Self::NegativeSuboffset { .. } => "negative-suboffset",
        }
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooManyDimensions { ndim } => {
                write!(
                    f,
                    "{ndim} dimensions, at most {} are possible",
                    super::MAX_NDIM
                )
            }
            Self::NegativeExtent { axis, extent } => {
                write!(f, "axis {axis} has negative extent {extent}")
            }
            Self::LengthMismatch { what, ndim, found } => {
                write!(f, "{what} has {found} entries for {ndim} dimensions")
            }
            Self::TooLarge { itemsize } => {
                write!(
                    f,
                    "items of {itemsize} bytes in this shape exceed {} bytes",
                    isize::MAX
                )
            }
            Self::TooFarApart {
                axis,
                extent,
                stride,
            } => write!(
                f,
                "axis {axis} with extent {extent} and stride {stride} reaches farther than {} bytes",
                isize::MAX
            ),
            Self::OutsideRegion { start, end, region } => {
                write!(
                    f,
                    "items lie at bytes {start}..{end} of a region of {region} bytes"
                )
            }
            Self::ItemSizesDiffer { itemsize, wanted } => write!(
                f,
                "a layout of items of {wanted} bytes, but the memory's have {itemsize}"
            ),
            Self::NoSuchAxis { axis, ndim } => write!(f, "no axis {axis} in {ndim} dimensions"),
            Self::IndexOutOfRange {
                axis,
                index,
                extent,
            } => {
                write!(
                    f,
                    "index {index} is out of bounds for axis {axis} with extent {extent}"
                )
            }
            Self::ZeroStep { axis } => write!(f, "slice step of axis {axis} is zero"),
            Self::TooManySelectors { found, ndim } => {
                write!(f, "{found} indices for {ndim} dimensions")
            }
            Self::TwoEllipses => f.write_str("an index can have only one ellipsis"),
            Self::AxisTwice { axis } => write!(f, "axis {axis} is named twice"),
            Self::CannotBroadcast {
                axis,
                extent,
                wanted,
            } => {
                write!(
                    f,
                    "axis {axis} with extent {extent} cannot be broadcast to {wanted}"
                )
            }
            Self::CannotBroadcastToFewer { ndim, wanted } => {
                write!(f, "{ndim} dimensions cannot be broadcast to {wanted}")
            }
            Self::ItemsDiffer {
                items,
                wanted: Some(wanted),
            } => {
                write!(f, "{items} items cannot be reshaped to {wanted}")
            }
            Self::ItemsDiffer {
                items,
                wanted: None,
            } => {
                write!(
                    f,
                    "{items} items cannot be reshaped to more than {}",
                    isize::MAX
                )
            }
            Self::NeedsCopy => f.write_str("this shape cannot be had without a copy"),
            Self::CrossesPointer { axis } => {
                write!(
                    f,
                    "axis {axis} cannot be moved across an axis with a suboffset"
                )
            }
            Self::TwoPointersInARow { axis } => write!(
                f,
                "axis {axis} has a suboffset, as has the one before: it cannot be indexed alone"
            ),
            Self::NegativeSuboffset {
                axis,
                suboffset: Some(suboffset),
            } => {
                write!(
                    f,
                    "suboffset of axis {axis} would be {suboffset}, below zero"
                )
            }
            Self::NegativeSuboffset {
                axis,
                suboffset: None,
            } => {
                write!(f, "suboffset of axis {axis} would not fit")
            }
        }
    }
}

impl core::error::Error for LayoutError {}

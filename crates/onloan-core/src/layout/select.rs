//! Indexing and slicing, with the meaning they have in Python.
//!
//! ```text
//!   [0]  [1]  [2]  [3]  [4]  [5]            shape 6, stride s
//!         ▲         ▲         ▲
//!         └─ [1::2] ┴─────────┘             shape 3, stride 2·s, starts at 1·s
//! ```
//!
//! A slice without items starts where the whole starts, so that no address is ever made outside
//! of it.

use super::{Layout, LayoutError, Part, part::Cut};

/// `start:stop:step`, as in Python: each may be left out, negative, or out of bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The first index.
    pub start: Option<isize>,
    /// The index at which to stop.
    pub stop: Option<isize>,
    /// The distance from index to index; not zero.
    pub step: Option<isize>,
}

impl Slice {
    /// `:`
    pub const ALL: Self = Self {
        start: None,
        stop: None,
        step: None,
    };

    /// `::-1`
    pub const REVERSED: Self = Self {
        start: None,
        stop: None,
        step: Some(-1),
    };

    /// `start:stop:step`, with `None` for what is left out.
    #[must_use]
    pub const fn new(start: Option<isize>, stop: Option<isize>, step: Option<isize>) -> Self {
        Self { start, stop, step }
    }

    /// The first index, the step and the number of indices on an axis with `extent` items;
    /// `None` if the step is zero. `slice.indices` and `PySlice_AdjustIndices`.
    ///
    /// ```
    /// use onloan_core::layout::Slice;
    ///
    /// assert_eq!(Slice::new(Some(-2), Some(99), None).indices(5), Some((3, 1, 2)));
    /// assert_eq!(Slice::REVERSED.indices(5), Some((4, -1, 5)));
    /// ```
    #[must_use]
    pub const fn indices(self, extent: isize) -> Option<(isize, isize, isize)> {
        let step = match self.step {
            None => 1,
            Some(0) => return None,
            // So that it can be negated, as in `PySlice_Unpack`.
            Some(isize::MIN) => -isize::MAX,
            Some(step) => step,
        };
        let extent = if extent < 0 { 0 } else { extent };
        let (lowest, highest) = if step < 0 {
            (-1, extent - 1)
        } else {
            (0, extent)
        };
        let (first, last) = if step < 0 {
            (highest, lowest)
        } else {
            (lowest, highest)
        };
        let start = bounded(self.start, first, extent, lowest, highest);
        let stop = bounded(self.stop, last, extent, lowest, highest);
        let count = if step < 0 && stop < start {
            (start - stop - 1) / -step + 1
        } else if step > 0 && start < stop {
            (stop - start - 1) / step + 1
        } else {
            0
        };
        Some((start, step, count))
    }
}

const fn bounded(
    index: Option<isize>,
    absent: isize,
    extent: isize,
    lowest: isize,
    highest: isize,
) -> isize {
    let index = match index {
        None => return absent,
        Some(index) if index < 0 => index + extent,
        Some(index) => index,
    };
    if index < lowest {
        lowest
    } else if index > highest {
        highest
    } else {
        index
    }
}

/// One entry of an index such as `[2, 1:5, ...]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Select {
    /// One index: the axis goes.
    Index(isize),
    /// A slice: the axis stays.
    Slice(Slice),
    /// As many whole axes as are not named otherwise; at most once.
    Ellipsis,
}

impl Layout {
    /// The part at one index of `axis`, which goes. Negative indices count from the end.
    ///
    /// # Errors
    ///
    /// No such axis, index out of range; with suboffsets
    /// [`LayoutError::TwoPointersInARow`] where the axis before is indirect too, and
    /// [`LayoutError::NegativeSuboffset`].
    pub fn index(&self, axis: usize, index: isize) -> Result<Part, LayoutError> {
        let mut cut = Cut::of(self);
        cut.index(self.has_axis(axis)?, index)?;
        cut.finish()
    }

    /// The part at a slice of `axis`, which stays.
    ///
    /// # Errors
    ///
    /// No such axis, step zero; with suboffsets [`LayoutError::NegativeSuboffset`].
    pub fn slice(&self, axis: usize, slice: Slice) -> Result<Part, LayoutError> {
        let mut cut = Cut::of(self);
        cut.slice(self.has_axis(axis)?, slice)?;
        cut.finish()
    }

    /// The same items with `axis` running backwards.
    ///
    /// # Errors
    ///
    /// No such axis; with suboffsets [`LayoutError::NegativeSuboffset`].
    pub fn reverse(&self, axis: usize) -> Result<Part, LayoutError> {
        self.slice(axis, Slice::REVERSED)
    }

    /// The part at an index of several entries, one for each axis from the first; axes not named
    /// stay whole. An item, if each axis has an index: then no axis is left.
    ///
    /// ```
    /// use onloan_core::layout::{Layout, Select, Slice};
    ///
    /// let table = Layout::c_order(&[4, 6], 1)?;
    /// let part = table.select(&[Select::Slice(Slice::REVERSED), Select::Index(2)])?;
    /// assert_eq!((part.layout.shape(), part.layout.strides()), (&[4][..], &[-6][..]));
    /// assert_eq!(part.start.offset(), Some(3 * 6 + 2));
    /// # Ok::<(), onloan_core::layout::LayoutError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Layout::index`] and [`Layout::slice`]; more entries than axes, or two ellipses. Axes
    /// are numbered as in this layout.
    pub fn select(&self, selectors: &[Select]) -> Result<Part, LayoutError> {
        let mut ellipses = selectors
            .iter()
            .filter(|entry| matches!(entry, Select::Ellipsis));
        let named = selectors.len() - ellipses.clone().count().min(1);
        if ellipses.nth(1).is_some() {
            return Err(LayoutError::TwoEllipses);
        }
        let Some(unnamed) = self.ndim().checked_sub(named) else {
            return Err(LayoutError::TooManySelectors {
                found: named,
                ndim: self.ndim(),
            });
        };
        let mut cut = Cut::of(self);
        let mut axis = 0;
        for selector in selectors {
            match *selector {
                Select::Index(index) => cut.index(axis, index)?,
                Select::Slice(slice) => {
                    cut.slice(axis, slice)?;
                    axis += 1;
                }
                Select::Ellipsis => axis += unnamed,
            }
        }
        cut.finish()
    }

    pub(super) fn has_axis(&self, axis: usize) -> Result<usize, LayoutError> {
        if axis < self.ndim() {
            Ok(axis)
        } else {
            Err(LayoutError::NoSuchAxis {
                axis,
                ndim: self.ndim(),
            })
        }
    }
}

/// `axis` is one of the layout's in all of these.
impl Cut {
    fn index(&mut self, axis: usize, index: isize) -> Result<(), LayoutError> {
        let extent = self.shape[axis];
        let place = if index < 0 { index + extent } else { index };
        if place < 0 || place >= extent {
            return Err(LayoutError::IndexOutOfRange {
                axis: self.axes[axis],
                index,
                extent,
            });
        }
        self.shift_items(axis, place)?;
        self.remove(axis)
    }

    fn slice(&mut self, axis: usize, slice: Slice) -> Result<(), LayoutError> {
        let Some((start, step, count)) = slice.indices(self.shape[axis]) else {
            return Err(LayoutError::ZeroStep {
                axis: self.axes[axis],
            });
        };
        if count > 0 {
            self.shift_items(axis, start)?;
        }
        self.shape[axis] = count;
        // Too large only where there are fewer than two items, and then the stride is not used.
        if let Some(stride) = self.strides[axis].checked_mul(step) {
            self.strides[axis] = stride;
        }
        Ok(())
    }

    fn shift_items(&mut self, axis: usize, items: isize) -> Result<(), LayoutError> {
        // Other axes may be empty, and then the strides are any numbers.
        let empty = self.shape.contains(&0);
        let bytes = if empty {
            0
        } else {
            self.strides[axis].wrapping_mul(items)
        };
        self.shift(axis, bytes)
    }
}

//! Making a layout, and reading its parts.

use core::fmt;

use super::{Dims, LayoutError, Order};

/// The most dimensions a buffer may have. `PyBUF_MAX_NDIM`.
pub const MAX_NDIM: usize = 64;

/// Shape, strides, suboffsets and itemsize of a buffer, known to hold together.
///
/// Numbers are as in `Py_buffer`: extents count items, strides and suboffsets count bytes. Up to
/// eight dimensions nothing is allocated. Strides are always there, suboffsets only where an axis
/// is indirect.
///
/// ```
/// use onloan_core::layout::Layout;
///
/// let table = Layout::c_order(&[3, 4], 8)?;
/// assert_eq!(table.strides(), [32, 8]);
/// assert_eq!(table.nbytes(), 96);
/// assert!(table.transpose()?.is_f_contiguous());
/// # Ok::<(), onloan_core::layout::LayoutError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Layout {
    shape: Dims,
    strides: Dims,
    /// Empty, or one for each axis and at least one of them not negative.
    suboffsets: Dims,
    itemsize: usize,
    /// The product of `shape`.
    items: usize,
}

impl Layout {
    /// One item without axes.
    ///
    /// # Errors
    ///
    /// [`LayoutError::TooLarge`] above `isize::MAX` bytes; an `itemsize` of 0 is legal.
    pub fn scalar(itemsize: usize) -> Result<Self, LayoutError> {
        Self::c_order(&[], itemsize)
    }

    /// `count` items in a row.
    ///
    /// # Errors
    ///
    /// [`LayoutError::TooLarge`] above `isize::MAX` items or bytes.
    pub fn vector(count: usize, itemsize: usize) -> Result<Self, LayoutError> {
        let count = isize::try_from(count).map_err(|_| LayoutError::TooLarge { itemsize })?;
        Self::c_order(&[count], itemsize)
    }

    /// Without gaps, the last index varying fastest. `PyBuffer_FillContiguousStrides(…, 'C')`.
    ///
    /// # Errors
    ///
    /// Too many dimensions, a negative extent, or too large.
    pub fn c_order(shape: &[isize], itemsize: usize) -> Result<Self, LayoutError> {
        Self::in_order(shape, itemsize, Order::C)
    }

    /// Without gaps, the first index varying fastest. `PyBuffer_FillContiguousStrides(…, 'F')`.
    ///
    /// # Errors
    ///
    /// Too many dimensions, a negative extent, or too large.
    pub fn f_order(shape: &[isize], itemsize: usize) -> Result<Self, LayoutError> {
        Self::in_order(shape, itemsize, Order::F)
    }

    /// Without gaps, in the given order.
    ///
    /// # Errors
    ///
    /// Too many dimensions, a negative extent, or too large.
    pub fn in_order(shape: &[isize], itemsize: usize, order: Order) -> Result<Self, LayoutError> {
        let items = count_items(shape, itemsize)?;
        let strides = order.strides(shape, itemsize);
        Ok(Self {
            shape: Dims::from_slice(shape),
            strides,
            suboffsets: Dims::new(),
            itemsize,
            items,
        })
    }

    /// With the given strides, in bytes: positive, negative or zero, multiples of `itemsize` or
    /// not.
    ///
    /// # Errors
    ///
    /// Too many dimensions, as many strides as not axes, a negative extent, too large, or items
    /// too far apart.
    pub fn strided(
        shape: &[isize],
        strides: &[isize],
        itemsize: usize,
    ) -> Result<Self, LayoutError> {
        Self::checked(
            Dims::from_slice(shape),
            Dims::from_slice(strides),
            Dims::new(),
            itemsize,
        )
    }

    /// With the given strides and suboffsets: an axis whose suboffset is not negative is indirect.
    /// Where all are negative there are none, and [`Layout::suboffsets`] answers `None`.
    ///
    /// # Errors
    ///
    /// As [`Layout::strided`], on every level.
    pub fn indirect(
        shape: &[isize],
        strides: &[isize],
        suboffsets: &[isize],
        itemsize: usize,
    ) -> Result<Self, LayoutError> {
        same_length("suboffsets", shape, suboffsets)?;
        Self::checked(
            Dims::from_slice(shape),
            Dims::from_slice(strides),
            Dims::from_slice(suboffsets),
            itemsize,
        )
    }

    /// The way in for everything that does not hold by construction.
    pub(super) fn checked(
        shape: Dims,
        strides: Dims,
        mut suboffsets: Dims,
        itemsize: usize,
    ) -> Result<Self, LayoutError> {
        let items = count_items(&shape, itemsize)?;
        same_length("strides", &shape, &strides)?;
        if suboffsets.iter().all(|suboffset| *suboffset < 0) {
            suboffsets.clear();
        }
        let layout = Self {
            shape,
            strides,
            suboffsets,
            itemsize,
            items,
        };
        layout.check_extents()?;
        Ok(layout)
    }

    /// Shape, strides and suboffsets to be changed and checked again.
    pub(super) fn dims(&self) -> (Dims, Dims, Dims) {
        (
            self.shape.clone(),
            self.strides.clone(),
            self.suboffsets.clone(),
        )
    }

    /// The same with strides that are known to address the same bytes.
    pub(super) fn with_strides(&self, strides: Dims) -> Self {
        Self {
            strides,
            ..self.clone()
        }
    }

    /// The number of axes. `Py_buffer.ndim`.
    #[inline]
    #[must_use]
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// How many items along each axis. `Py_buffer.shape`.
    #[inline]
    #[must_use]
    pub fn shape(&self) -> &[isize] {
        &self.shape
    }

    /// How many bytes from one item to the next along each axis. `Py_buffer.strides`.
    #[inline]
    #[must_use]
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// How many bytes to add after following the pointer of an axis; negative for an axis without
    /// pointer, `None` if no axis has one. `Py_buffer.suboffsets`.
    #[inline]
    #[must_use]
    pub fn suboffsets(&self) -> Option<&[isize]> {
        if self.suboffsets.is_empty() {
            None
        } else {
            Some(&self.suboffsets)
        }
    }

    /// The suboffset of an axis that has a pointer to follow.
    #[inline]
    #[must_use]
    pub fn suboffset(&self, axis: usize) -> Option<isize> {
        self.suboffsets
            .get(axis)
            .copied()
            .filter(|suboffset| *suboffset >= 0)
    }

    /// Whether some axis has a pointer to follow.
    #[inline]
    #[must_use]
    pub fn is_indirect(&self) -> bool {
        !self.suboffsets.is_empty()
    }

    /// The size of an item in bytes, at most `isize::MAX`; 0 is legal. `Py_buffer.itemsize`.
    #[inline]
    #[must_use]
    pub fn itemsize(&self) -> usize {
        self.itemsize
    }

    /// The number of items, at most `isize::MAX`; 1 without axes.
    #[inline]
    #[must_use]
    pub fn size(&self) -> usize {
        self.items
    }

    /// The bytes of all items together, at most `isize::MAX`. `Py_buffer.len`, for any strides.
    #[inline]
    #[must_use]
    pub fn nbytes(&self) -> usize {
        self.items * self.itemsize
    }
}

/// The product of `shape`, if it and its bytes can be counted.
pub(super) fn count_items(shape: &[isize], itemsize: usize) -> Result<usize, LayoutError> {
    if shape.len() > MAX_NDIM {
        return Err(LayoutError::TooManyDimensions { ndim: shape.len() });
    }
    let mut items = Some(1_isize);
    let mut empty = false;
    for (axis, &extent) in shape.iter().enumerate() {
        if extent < 0 {
            return Err(LayoutError::NegativeExtent { axis, extent });
        }
        empty |= extent == 0;
        items = items.and_then(|items| items.checked_mul(extent));
    }
    let items = if empty { Some(0) } else { items };
    items
        .filter(|items| {
            isize::try_from(itemsize).is_ok_and(|size| size.checked_mul(*items).is_some())
        })
        .map(isize::unsigned_abs)
        .ok_or(LayoutError::TooLarge { itemsize })
}

pub(super) fn same_length(
    what: &'static str,
    shape: &[isize],
    other: &[isize],
) -> Result<(), LayoutError> {
    if shape.len() == other.len() {
        Ok(())
    } else {
        Err(LayoutError::LengthMismatch {
            what,
            ndim: shape.len(),
            found: other.len(),
        })
    }
}

impl fmt::Display for Layout {
    /// `3 × 2 items of 4 bytes, strides 16, 8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = if self.itemsize == 1 { "byte" } else { "bytes" };
        if self.shape.is_empty() {
            return write!(f, "one item of {} {bytes}", self.itemsize);
        }
        list(f, &self.shape, " × ")?;
        write!(f, " items of {} {bytes}, strides ", self.itemsize)?;
        list(f, &self.strides, ", ")?;
        if self.is_indirect() {
            f.write_str(", suboffsets ")?;
            list(f, &self.suboffsets, ", ")?;
        }
        Ok(())
    }
}

fn list(f: &mut fmt::Formatter<'_>, numbers: &[isize], between: &str) -> fmt::Result {
    for (position, number) in numbers.iter().enumerate() {
        write!(f, "{}{number}", if position == 0 { "" } else { between })?;
    }
    Ok(())
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layout({self})")
    }
}

//! C and Fortran order: the strides they mean, and whether a layout has them.

use super::{Dims, Layout};

/// An order of the items of an N-dimensional array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The last index varies fastest.
    C,
    /// The first index varies fastest.
    F,
}

impl Order {
    /// The strides of this order without gaps.
    ///
    /// Extents are not negative. Without items, the strides are those of
    /// `PyBuffer_FillContiguousStrides`, and stop at `isize::MAX` should they grow beyond.
    pub(super) fn strides(self, shape: &[isize], itemsize: usize) -> Dims {
        let mut strides = Dims::from_elem(0, shape.len());
        let mut step = isize::try_from(itemsize).unwrap_or(isize::MAX);
        let mut fill = |(stride, extent): (&mut isize, &isize)| {
            *stride = step;
            step = step.saturating_mul(*extent);
        };
        match self {
            Self::C => strides.iter_mut().zip(shape).rev().for_each(&mut fill),
            Self::F => strides.iter_mut().zip(shape).for_each(&mut fill),
        }
        strides
    }
}

impl Layout {
    /// Whether the items lie without gaps, the last index varying fastest.
    ///
    /// Strides of axes with one item do not matter; a layout of no bytes is contiguous, one with
    /// suboffsets is not. `PyBuffer_IsContiguous(…, 'C')`.
    #[must_use]
    pub fn is_c_contiguous(&self) -> bool {
        self.is_in_order(self.shape().iter().zip(self.strides()).rev())
    }

    /// Whether the items lie without gaps, the first index varying fastest.
    ///
    /// `PyBuffer_IsContiguous(…, 'F')`.
    #[must_use]
    pub fn is_f_contiguous(&self) -> bool {
        self.is_in_order(self.shape().iter().zip(self.strides()))
    }

    /// Whether the items lie without gaps in C or in Fortran order.
    /// `PyBuffer_IsContiguous(…, 'A')`.
    #[must_use]
    pub fn is_contiguous(&self) -> bool {
        self.is_c_contiguous() || self.is_f_contiguous()
    }

    /// Whether the items lie without gaps in the given order.
    #[must_use]
    pub fn is_contiguous_in(&self, order: Order) -> bool {
        match order {
            Order::C => self.is_c_contiguous(),
            Order::F => self.is_f_contiguous(),
        }
    }

    /// Fastest axis first.
    fn is_in_order<'a>(&self, axes: impl Iterator<Item = (&'a isize, &'a isize)>) -> bool {
        if self.is_indirect() {
            return false;
        }
        if self.nbytes() == 0 {
            return true;
        }
        // `itemsize` and every product of extents stay within `nbytes`.
        let mut step = self.itemsize() as isize;
        for (&extent, &stride) in axes {
            if extent > 1 && stride != step {
                return false;
            }
            step *= extent;
        }
        true
    }

    /// The same items with the strides of a contiguous array also for axes of extent 1 and for no
    /// items, where any stride would do: some consumers compare strides without looking at the
    /// shape. A layout that is not contiguous in `order` is given back as it is.
    #[must_use]
    pub fn canonical(&self, order: Order) -> Self {
        if self.is_contiguous_in(order) {
            self.with_strides(order.strides(self.shape(), self.itemsize()))
        } else {
            self.clone()
        }
    }
}

//! The same items under other axes: permuted, broadcast, reshaped.

use smallvec::SmallVec;

use super::{Dims, Layout, LayoutError, Order, create::count_items};

impl Layout {
    /// The axes in reverse order.
    ///
    /// # Errors
    ///
    /// [`LayoutError::CrossesPointer`] with suboffsets, unless each level keeps its axes.
    pub fn transpose(&self) -> Result<Self, LayoutError> {
        let axes: SmallVec<[usize; 8]> = (0..self.ndim()).rev().collect();
        self.permute(&axes)
    }

    /// The axes in another order: axis `k` of the result is axis `axes[k]` of this layout.
    ///
    /// A pointer is followed after certain axes, so with suboffsets each level has to keep its
    /// axes; within it they may change places.
    ///
    /// # Errors
    ///
    /// Not each axis exactly once; [`LayoutError::CrossesPointer`].
    pub fn permute(&self, axes: &[usize]) -> Result<Self, LayoutError> {
        if axes.len() != self.ndim() {
            let (ndim, found) = (self.ndim(), axes.len());
            return Err(LayoutError::LengthMismatch {
                what: "order of axes",
                ndim,
                found,
            });
        }
        let mut seen = 0_u64;
        for &axis in axes {
            let bit = 1 << self.has_axis(axis)?;
            if seen & bit != 0 {
                return Err(LayoutError::AxisTwice { axis });
            }
            seen |= bit;
        }
        for level in self.levels() {
            let place = level.axes.clone();
            if let Some(axis) = axes[place].iter().find(|axis| !level.axes.contains(axis)) {
                return Err(LayoutError::CrossesPointer { axis: *axis });
            }
        }
        let (_, _, suboffsets) = self.dims();
        let pick = |from: &[isize]| axes.iter().map(|axis| from[*axis]).collect::<Dims>();
        Self::checked(
            pick(self.shape()),
            pick(self.strides()),
            suboffsets,
            self.itemsize(),
        )
    }

    /// The same items repeated to a larger shape, as by NumPy: axes are matched from the last, an
    /// axis of extent 1 is repeated with stride 0, missing axes are put in front.
    ///
    /// # Errors
    ///
    /// An axis with neither extent 1 nor the wanted one, fewer axes than there are, a negative
    /// extent, too many dimensions, or too large.
    pub fn broadcast_to(&self, shape: &[isize]) -> Result<Self, LayoutError> {
        count_items(shape, self.itemsize())?;
        let Some(added) = shape.len().checked_sub(self.ndim()) else {
            let (ndim, wanted) = (self.ndim(), shape.len());
            return Err(LayoutError::CannotBroadcastToFewer { ndim, wanted });
        };
        let (old_shape, mut strides, mut suboffsets) = self.dims();
        for (axis, (&extent, &wanted)) in old_shape.iter().zip(&shape[added..]).enumerate() {
            if extent == 1 && wanted != 1 {
                strides[axis] = 0;
            } else if extent != wanted {
                return Err(LayoutError::CannotBroadcast {
                    axis,
                    extent,
                    wanted,
                });
            }
        }
        strides.insert_many(0, core::iter::repeat_n(0, added));
        if !suboffsets.is_empty() {
            suboffsets.insert_many(0, core::iter::repeat_n(-1, added));
        }
        Self::checked(
            Dims::from_slice(shape),
            strides,
            suboffsets,
            self.itemsize(),
        )
    }

    /// The same items in the same order under another shape, without a copy. `order` says which
    /// index varies fastest when items are counted, in the old shape and in the new one.
    ///
    /// Axes of extent 1 may be added and dropped anywhere. Other axes can be joined where one goes
    /// on where the other ends, and split always; so a contiguous layout takes every shape. With
    /// suboffsets only the shape it has is taken.
    ///
    /// # Errors
    ///
    /// [`LayoutError::NeedsCopy`] where no strides give that shape; another number of items, a
    /// negative extent, too many dimensions.
    pub fn reshape(&self, shape: &[isize], order: Order) -> Result<Self, LayoutError> {
        let wanted = match count_items(shape, self.itemsize()) {
            Ok(wanted) => Some(wanted),
            Err(LayoutError::TooLarge { .. }) => None,
            Err(error) => return Err(error),
        };
        if wanted != Some(self.size()) {
            return Err(LayoutError::ItemsDiffer {
                items: self.size(),
                wanted,
            });
        }
        if shape == self.shape() {
            return Ok(self.clone());
        }
        if self.is_indirect() {
            return Err(LayoutError::NeedsCopy);
        }
        if self.size() == 0 {
            return Self::in_order(shape, self.itemsize(), order);
        }
        let strides = self
            .strides_for(shape, order)
            .ok_or(LayoutError::NeedsCopy)?;
        Self::checked(
            Dims::from_slice(shape),
            strides,
            Dims::new(),
            self.itemsize(),
        )
    }

    /// Strides for another shape with the same, non-zero, number of items.
    ///
    /// Both shapes are walked from the fastest axis, and cut where the products of the extents so
    /// far are equal: there the strides start anew, between two cuts they have to follow.
    ///
    /// ```text
    ///   old   2 ·  6 │ 5         old axes of a group: each goes on where the faster one ends
    ///   new   3 · 4 │ 5          new axes of a group: stride of the fastest old one, multiplied up
    /// ```
    fn strides_for(&self, shape: &[isize], order: Order) -> Option<Dims> {
        let place = |position: usize, ndim: usize| match order {
            Order::C => ndim - 1 - position,
            Order::F => position,
        };
        let old: SmallVec<[(isize, isize); 8]> = (0..self.ndim())
            .map(|position| place(position, self.ndim()))
            .map(|axis| (self.shape()[axis], self.strides()[axis]))
            .filter(|(extent, _)| *extent != 1)
            .collect();
        let mut old = old.into_iter();
        let mut strides = Dims::from_elem(0, shape.len());
        // Of the group: its smallest stride, and the items its old and its new axes give so far.
        let (mut stride, mut given, mut taken) = (self.itemsize() as isize, 1_isize, 1_isize);
        for axis in (0..shape.len()).map(|position| place(position, shape.len())) {
            let extent = shape[axis];
            if extent != 1 && given == taken {
                (given, stride) = old.next()?;
                taken = 1;
            }
            strides[axis] = stride.saturating_mul(taken);
            // No overflow: products of extents stay within the number of items.
            taken *= extent;
            while given < taken {
                let (extent, next) = old.next()?;
                if stride.checked_mul(given) != Some(next) {
                    return None;
                }
                given *= extent;
            }
        }
        Some(strides)
    }
}

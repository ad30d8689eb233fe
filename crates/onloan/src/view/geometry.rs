//! Where items lie, at the cost of what is asked.
//!
//! A [`Layout`] has room for eight axes with suboffsets, and is made only when somebody asks for it. Until then the numbers that
//! an exporter gave are checked by the same conditions and kept as they are.
//!
//! ```text
//!   line      │ 0 │····│ 1 │····│ 2 │····│       all items in C order at one distance: of one axis, or without gaps
//!   axes      shape and strides, up to eight
//!   layout    made of the axes when asked for; or at once, where there are more of them, or suboffsets
//! ```

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use onloan_core::layout::{Layout, MAX_NDIM};
use onloan_core::request::Offer;

use super::pointers::Pointers;

/// As many axes as are kept without a [`Layout`].
pub(super) const AXES: usize = 8;

/// Items that follow each other at one distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) items: usize,
    /// Bytes from one item to the next.
    pub(super) stride: isize,
}

/// What is known of items beside their numbers: side by side, so as to be written at once.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Facts {
    /// Writing was asked for, and granted.
    pub(super) writable: bool,
    /// All items form a line.
    lined: bool,
    /// The items lie without gaps in C order.
    gapless: bool,
    /// At most [`MAX_NDIM`].
    ndim: u8,
}

/// The items of a loan, or of a part of one.
#[derive(Debug)]
pub(super) struct Geometry {
    /// Of item [0,…,0], or of the first table of pointers.
    pub(super) base: *mut u8,
    pub(super) facts: Facts,
    itemsize: usize,
    size: usize,
    /// Invariant `AXES_CHECKED`: while `layout` is empty, there are at most [`AXES`] axes and the first `ndim` numbers of these two make one.
    shape: [isize; AXES],
    strides: [isize; AXES],
    layout: OnceLock<Layout>,
    /// There may be more to be forgotten than numbers: a layout, or what the block of the loan has beside this.
    more: AtomicBool,
}

impl Geometry {
    /// No bytes.
    pub(super) const fn nothing() -> Geometry {
        Geometry {
            base: ptr::null_mut(),
            facts: Facts {
                writable: false,
                lined: true,
                gapless: true,
                ndim: 1,
            },
            itemsize: 1,
            size: 0,
            shape: [0; AXES],
            strides: [1; AXES],
            layout: OnceLock::new(),
            more: AtomicBool::new(false),
        }
    }

    /// What lies like this.
    pub(super) fn of(base: *mut u8, layout: Layout) -> Geometry {
        let mut geometry = Geometry::nothing();
        geometry.base = base;
        geometry.set(layout);
        geometry
    }

    /// Lies like this from now on.
    pub(super) fn set(&mut self, layout: Layout) {
        self.itemsize = layout.itemsize();
        self.size = layout.size();
        self.set_ndim(layout.ndim());
        self.facts.gapless = layout.is_c_contiguous();
        self.facts.lined = self.facts.gapless || (layout.ndim() == 1 && !layout.is_indirect());
        self.layout = OnceLock::from(layout);
        self.note_more();
    }

    #[inline]
    fn set_ndim(&mut self, ndim: usize) {
        const { assert!(MAX_NDIM <= u8::MAX as usize) };
        self.facts.ndim = ndim as u8;
    }

    /// Takes one axis without gaps over: `items` times `itemsize` is a number of bytes, and neither is negative.
    #[inline]
    pub(super) fn set_row(&mut self, items: isize, itemsize: isize) {
        self.facts = Facts {
            lined: true,
            gapless: true,
            ndim: 1,
            ..self.facts
        };
        self.itemsize = itemsize.cast_unsigned();
        self.size = items.cast_unsigned();
        self.shape[0] = items;
        self.strides[0] = itemsize;
    }

    /// Takes axes over, `None` if they cannot be kept as they are: too many, or not what a [`Layout`] can be made of. Without strides
    /// there are no gaps.
    #[inline]
    pub(super) fn set_axes(
        &mut self,
        shape: &[isize],
        strides: Option<&[isize]>,
        itemsize: isize,
    ) -> Option<()> {
        if shape.len() > AXES || itemsize < 0 {
            return None;
        }
        let (mut items, mut reach, mut gapless) = (1_isize, itemsize, true);
        for axis in (0..shape.len()).rev() {
            let extent = shape[axis];
            // The distance without gaps; at most the bytes of all items, where there are any.
            let step = items.wrapping_mul(itemsize);
            let stride = strides.map_or(step, |strides| strides[axis]);
            if extent < 0 {
                return None;
            }
            gapless &= extent == 1 || stride == step;
            items = items.checked_mul(extent)?;
            reach = (extent - 1)
                .max(0)
                .checked_mul(stride)?
                .checked_abs()?
                .checked_add(reach)?;
            self.shape[axis] = extent;
            self.strides[axis] = stride;
        }
        let bytes = items.checked_mul(itemsize)?;
        self.itemsize = itemsize.unsigned_abs();
        self.size = items.unsigned_abs();
        self.set_ndim(shape.len());
        self.facts.gapless = gapless || bytes == 0;
        self.facts.lined = self.facts.gapless || shape.len() == 1;
        Some(())
    }

    /// The items along each axis.
    #[inline]
    pub(super) fn shape(&self) -> &[isize] {
        match self.layout.get() {
            Some(layout) => layout.shape(),
            None => &self.shape[..self.ndim()],
        }
    }

    /// The bytes from item to item, or from pointer to pointer, along each axis.
    #[inline]
    pub(super) fn strides(&self) -> &[isize] {
        match self.layout.get() {
            Some(layout) => layout.strides(),
            None => &self.strides[..self.ndim()],
        }
    }

    /// The address of one item; `None` where the index is out of bounds or has not one number for each axis.
    ///
    /// # Safety
    /// Pointers that the layout addresses may be followed.
    #[inline]
    pub(super) unsafe fn place(&self, index: &[usize]) -> Option<*mut u8> {
        if let Some(layout) = self.layout.get() {
            // SAFETY: granted by the caller.
            let mut pointers = unsafe { Pointers::promised() };
            return layout.address(&mut pointers, self.base, index);
        }
        if index.len() != self.ndim() {
            return None;
        }
        let mut place = self.base;
        for (axis, &index) in index.iter().enumerate() {
            if index >= self.shape[axis].unsigned_abs() {
                return None;
            }
            // In bounds, so that it does not overflow (`AXES_CHECKED`).
            let bytes = index.cast_signed().wrapping_mul(self.strides[axis]);
            place = place.wrapping_offset(bytes);
        }
        Some(place)
    }

    /// Whether there may be more to be forgotten than numbers.
    #[inline]
    pub(super) fn has_more(&mut self) -> bool {
        *self.more.get_mut()
    }

    /// There will be more to be forgotten than numbers. Whoever forgets it has the geometry exclusively, and so sees this.
    pub(super) fn note_more(&self) {
        self.more.store(true, Relaxed);
    }

    /// Gives back what was allocated.
    pub(super) fn forget(&mut self) {
        self.layout = OnceLock::new();
        *self.more.get_mut() = false;
    }

    /// All items in C order, where they form a line.
    #[inline]
    pub(super) fn line(&self) -> Option<Line> {
        self.facts.lined.then(|| Line {
            items: self.size,
            stride: match self.strides() {
                [stride] => *stride,
                // At most `isize::MAX`, as the layout promises.
                _ => self.itemsize.cast_signed(),
            },
        })
    }

    /// Shape and strides, if all axes are direct.
    #[inline]
    pub(super) fn axes(&self) -> Option<(&[isize], &[isize])> {
        let indirect = self.layout.get().is_some_and(Layout::is_indirect);
        (!indirect).then(|| (self.shape(), self.strides()))
    }

    /// The items lie without gaps in C order.
    #[inline]
    pub(super) fn is_gapless(&self) -> bool {
        self.facts.gapless
    }

    #[inline]
    pub(super) fn itemsize(&self) -> usize {
        self.itemsize
    }

    /// How many items there are.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    #[inline]
    pub(super) fn nbytes(&self) -> usize {
        self.size * self.itemsize
    }

    #[inline]
    pub(super) fn ndim(&self) -> usize {
        self.facts.ndim.into()
    }

    #[inline]
    pub(super) fn layout(&self) -> &Layout {
        match self.layout.get() {
            Some(layout) => layout,
            None => self.make_layout(),
        }
    }

    #[cold]
    fn make_layout(&self) -> &Layout {
        self.layout.get_or_init(|| {
            self.note_more();
            let ndim = self.ndim();
            let (shape, strides) = (&self.shape[..ndim], &self.strides[..ndim]);
            Layout::strided(shape, strides, self.itemsize)
                .unwrap_or_else(|error| unreachable!("checked axes have no layout: {error}"))
        })
    }

    /// What requests this can answer.
    pub(super) fn offer(&self, readonly: bool) -> Offer {
        if self.facts.gapless && self.ndim() <= 1 {
            Offer::new(readonly, true, true, false)
        } else {
            Offer::of(self.layout(), readonly)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = isize> {
        let edge = prop_oneof![
            Just(isize::MAX),
            Just(isize::MIN),
            Just(isize::MAX / 2),
            Just(isize::MAX / 8),
            Just(1 << 31)
        ];
        let near = (edge, -9..9_isize).prop_map(|(edge, near)| edge.saturating_add(near));
        prop_oneof![4 => -3..9_isize, 1 => near]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 8192, ..ProptestConfig::default() })]

        #[test]
        fn axes_are_accepted_only_where_they_make_a_layout(
            axes in prop::collection::vec((number(), number()), 0..10), gaps: bool, itemsize in number()
        ) {
            let (shape, strides): (Vec<isize>, Vec<isize>) = axes.into_iter().unzip();
            let mut geometry = Geometry::nothing();
            let set = geometry.set_axes(&shape, gaps.then_some(&strides[..]), itemsize);
            let layout = usize::try_from(itemsize).ok().and_then(|itemsize| {
                if gaps { Layout::strided(&shape, &strides, itemsize) } else { Layout::c_order(&shape, itemsize) }.ok()
            });
            if set.is_some() {
                let layout = layout.expect("axes without a layout");
                prop_assert_eq!(geometry.shape(), layout.shape());
                prop_assert_eq!(geometry.strides(), layout.strides());
                let last: Vec<usize> = shape.iter().map(|extent| extent.saturating_sub(1).max(0).unsigned_abs()).collect();
                let place = |index: &[usize]| {
                    // SAFETY: there is no pointer to follow.
                    unsafe { geometry.place(index) }.map(|place| place.addr().cast_signed())
                };
                for index in [&last[..], &vec![0; shape.len()], &shape.iter().map(|extent| extent.unsigned_abs()).collect::<Vec<_>>()] {
                    prop_assert_eq!(place(index), layout.offset(index));
                }
                prop_assert_eq!(geometry.layout(), &layout);
                prop_assert_eq!((geometry.size(), geometry.nbytes()), (layout.size(), layout.nbytes()));
                prop_assert_eq!((geometry.ndim(), geometry.itemsize()), (layout.ndim(), layout.itemsize()));
                prop_assert_eq!(geometry.is_gapless(), layout.is_c_contiguous());
                prop_assert_eq!(geometry.offer(true), Offer::of(&layout, true));
                let made = Geometry::of(ptr::null_mut(), layout);
                prop_assert_eq!(geometry.line(), made.line());
            } else if let Some(layout) = layout {
                // What is left to the long way: many axes, and the edges of what can be counted.
                let large = |number: &isize| number.unsigned_abs() > 1 << 16;
                let edge = shape.iter().chain(&strides).chain([&itemsize]).any(large);
                prop_assert!(shape.len() > AXES || edge, "{}", layout);
            }
        }
    }
}

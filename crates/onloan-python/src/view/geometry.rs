//! Where the items of a view lie, at the cost of what is asked.
//!
//! Most views have one direct dimension, nearly all others two or three. Of those the numbers are kept as they are; the [`Layout`] that everything
//! else works on is made when somebody asks for it, and at once for more dimensions and for pointers.

use std::sync::OnceLock;

use onloan::layout::Layout;
use onloan::request::Offer;

/// As many dimensions are kept without a [`Layout`].
pub(super) const AXES: usize = 3;

/// More dimensions, or pointers.
const BEYOND: usize = usize::MAX;

/// Shape, strides, suboffsets and itemsize.
pub(super) struct Geometry {
    /// Invariant `AXES_CHECKED`: unless `ndim` is [`BEYOND`], the first `ndim` numbers of these two are direct dimensions of which a layout can be
    /// made.
    shape: [isize; AXES],
    strides: [isize; AXES],
    ndim: usize,
    itemsize: usize,
    /// There from the beginning if `ndim` is [`BEYOND`].
    layout: OnceLock<Box<Layout>>,
}

/// One direct dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) extent: isize,
    pub(super) stride: isize,
    pub(super) itemsize: usize,
}

impl Geometry {
    /// As the layout says.
    pub(super) fn of(layout: Layout) -> Geometry {
        let (shape, strides) = (layout.shape(), layout.strides());
        if !layout.is_indirect()
            && let Some(geometry) = Geometry::direct(shape, strides, layout.itemsize())
        {
            return geometry;
        }
        Geometry {
            shape: [0; AXES],
            strides: [0; AXES],
            ndim: BEYOND,
            itemsize: layout.itemsize(),
            layout: OnceLock::from(Box::new(layout)),
        }
    }

    /// The direct dimensions of a loan or of a layout; `None` if they are too many to be kept.
    #[inline]
    pub(super) fn direct(shape: &[isize], strides: &[isize], itemsize: usize) -> Option<Geometry> {
        let ndim = shape.len();
        let mut geometry = Geometry {
            shape: [0; AXES],
            strides: [0; AXES],
            ndim,
            itemsize,
            layout: OnceLock::new(),
        };
        if ndim > AXES || strides.len() != ndim {
            return None;
        }
        let kept = geometry.shape.iter_mut().zip(&mut geometry.strides);
        for ((extent, stride), (new_extent, new_stride)) in kept.zip(shape.iter().zip(strides)) {
            (*extent, *stride) = (*new_extent, *new_stride);
        }
        Some(geometry)
    }

    /// Dimensions without gaps in C order; `None` if they are too many to be kept, or have no items or more than can be counted.
    #[inline]
    pub(super) fn gapless(shape: &[isize], itemsize: usize) -> Option<Geometry> {
        let mut strides = [0; AXES];
        let mut step = isize::try_from(itemsize).ok()?;
        for (stride, extent) in strides.get_mut(..shape.len())?.iter_mut().zip(shape).rev() {
            *stride = step;
            step = step.checked_mul(*extent).filter(|step| *step > 0)?;
        }
        Geometry::direct(shape, &strides[..shape.len()], itemsize)
    }

    /// One dimension: that of a loan or of a layout, or a part of one.
    #[inline]
    pub(super) fn along(line: Line) -> Geometry {
        Geometry {
            shape: [line.extent, 0, 0],
            strides: [line.stride, 0, 0],
            ndim: 1,
            itemsize: line.itemsize,
            layout: OnceLock::new(),
        }
    }

    /// Another one with the same items.
    #[inline]
    pub(super) fn copy(&self) -> Geometry {
        if self.ndim == BEYOND {
            return Geometry::of(self.layout().clone());
        }
        Geometry {
            shape: self.shape,
            strides: self.strides,
            ndim: self.ndim,
            itemsize: self.itemsize,
            layout: OnceLock::new(),
        }
    }

    /// The only dimension, if it is direct.
    #[inline]
    pub(super) fn line(&self) -> Option<Line> {
        (self.ndim == 1).then_some(Line {
            extent: self.shape[0],
            stride: self.strides[0],
            itemsize: self.itemsize,
        })
    }

    /// Shape and strides, if they are kept here (`AXES_CHECKED`).
    #[inline]
    pub(super) fn axes(&self) -> Option<(&[isize], &[isize])> {
        Some((self.shape.get(..self.ndim)?, self.strides.get(..self.ndim)?))
    }

    /// The layout, made when first asked for.
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
            let (shape, strides) = self.axes().unwrap_or_default();
            Layout::strided(shape, strides, self.itemsize)
                .map(Box::new)
                .unwrap_or_else(|error| unreachable!("checked axes have no layout: {error}"))
        })
    }

    #[inline]
    pub(super) fn ndim(&self) -> usize {
        self.shape().len()
    }

    #[inline]
    pub(super) fn itemsize(&self) -> usize {
        self.itemsize
    }

    #[inline]
    pub(super) fn nbytes(&self) -> usize {
        match self.axes() {
            // A number that can be counted, as a layout of these dimensions promises.
            Some((shape, _)) => shape.iter().fold(self.itemsize, |bytes, extent| {
                bytes.wrapping_mul(extent.unsigned_abs())
            }),
            None => self.layout().nbytes(),
        }
    }

    /// As in `Py_buffer`; it stays where it is as long as this stays.
    #[inline]
    pub(super) fn shape(&self) -> &[isize] {
        match self.axes() {
            Some((shape, _)) => shape,
            None => self.layout().shape(),
        }
    }

    #[inline]
    pub(super) fn strides(&self) -> &[isize] {
        match self.axes() {
            Some((_, strides)) => strides,
            None => self.layout().strides(),
        }
    }

    #[inline]
    pub(super) fn suboffsets(&self) -> &[isize] {
        if self.ndim == BEYOND {
            self.layout().suboffsets().unwrap_or_default()
        } else {
            &[]
        }
    }

    #[inline]
    pub(super) fn is_c_contiguous(&self) -> bool {
        match self.axes() {
            Some((shape, strides)) => self.is_gapless(shape.iter().zip(strides).rev()),
            None => self.layout().is_c_contiguous(),
        }
    }

    #[inline]
    pub(super) fn is_f_contiguous(&self) -> bool {
        match self.axes() {
            Some((shape, strides)) => self.is_gapless(shape.iter().zip(strides)),
            None => self.layout().is_f_contiguous(),
        }
    }

    /// Of dimensions from the fastest on, as `PyBuffer_IsContiguous`: where there is at most one item the stride does not count.
    #[inline]
    fn is_gapless<'a>(&self, axes: impl Iterator<Item = (&'a isize, &'a isize)>) -> bool {
        let mut step = self.itemsize.cast_signed();
        let mut gapless = true;
        for (extent, stride) in axes {
            gapless &= *extent == 1 || *stride == step;
            step = step.wrapping_mul(*extent);
        }
        gapless || step == 0
    }

    /// What requests this can answer.
    #[inline]
    pub(super) fn offer(&self, readonly: bool) -> Offer {
        if self.ndim == BEYOND {
            return Offer::of(self.layout(), readonly);
        }
        Offer::new(
            readonly,
            self.is_c_contiguous(),
            self.is_f_contiguous(),
            false,
        )
    }
}

impl Line {
    /// As `PyBuffer_IsContiguous`: where there is at most one item the stride does not count.
    #[inline]
    pub(super) fn is_gapless(self) -> bool {
        self.extent <= 1 || self.stride == self.itemsize.cast_signed() || self.itemsize == 0
    }

    /// A cut of `count` items from `start` on, every `step`th, and the bytes to its first one; of a cut without items that is where the line
    /// begins, so that no address outside is made.
    #[inline]
    pub(super) fn cut(self, start: isize, step: isize, count: isize) -> (isize, Line) {
        let first = if count > 0 {
            start.wrapping_mul(self.stride)
        } else {
            0
        };
        let cut = Line {
            extent: count,
            // Too large only where there are fewer than two items, and then it does not count.
            stride: self.stride.checked_mul(step).unwrap_or(self.stride),
            itemsize: self.itemsize,
        };
        (first, cut)
    }
}

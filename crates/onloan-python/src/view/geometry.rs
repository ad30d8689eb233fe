//! Where the items of a view lie, at the cost of what is asked.
//!
//! Most views have one direct dimension. Of that, two numbers are kept; the [`Layout`] that everything else works on is made when somebody asks
//! for it, and at once for all other shapes.

use std::slice;
use std::sync::OnceLock;

use onloan::layout::Layout;
use onloan::request::Offer;

/// Shape, strides, suboffsets and itemsize.
pub(super) struct Geometry {
    /// Of a line; else of no meaning.
    extent: isize,
    stride: isize,
    itemsize: usize,
    /// Invariant `LINE`: one direct dimension of `extent` items, every `stride` bytes, of which a layout can be made.
    line: bool,
    /// There from the beginning, unless it is a line.
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
        if let ([extent], [stride], false) =
            (layout.shape(), layout.strides(), layout.is_indirect())
        {
            return Geometry::along(Line {
                extent: *extent,
                stride: *stride,
                itemsize: layout.itemsize(),
            });
        }
        Geometry {
            extent: 0,
            stride: 0,
            itemsize: layout.itemsize(),
            line: false,
            layout: OnceLock::from(Box::new(layout)),
        }
    }

    /// One dimension: that of a loan or of a layout, or a part of one.
    #[inline]
    pub(super) fn along(line: Line) -> Geometry {
        Geometry {
            extent: line.extent,
            stride: line.stride,
            itemsize: line.itemsize,
            line: true,
            layout: OnceLock::new(),
        }
    }

    /// Another one with the same items.
    pub(super) fn copy(&self) -> Geometry {
        match self.line() {
            Some(line) => Geometry::along(line),
            None => Geometry::of(self.layout().clone()),
        }
    }

    #[inline]
    pub(super) fn line(&self) -> Option<Line> {
        self.line.then_some(Line {
            extent: self.extent,
            stride: self.stride,
            itemsize: self.itemsize,
        })
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
            Layout::strided(&[self.extent], &[self.stride], self.itemsize)
                .map(Box::new)
                .unwrap_or_else(|error| unreachable!("a line has no layout: {error}"))
        })
    }

    #[inline]
    pub(super) fn ndim(&self) -> usize {
        if self.line { 1 } else { self.layout().ndim() }
    }

    #[inline]
    pub(super) fn itemsize(&self) -> usize {
        self.itemsize
    }

    #[inline]
    pub(super) fn nbytes(&self) -> usize {
        if self.line {
            self.extent.unsigned_abs() * self.itemsize
        } else {
            self.layout().nbytes()
        }
    }

    /// As in `Py_buffer`; it stays where it is as long as this stays.
    #[inline]
    pub(super) fn shape(&self) -> &[isize] {
        if self.line {
            slice::from_ref(&self.extent)
        } else {
            self.layout().shape()
        }
    }

    #[inline]
    pub(super) fn strides(&self) -> &[isize] {
        if self.line {
            slice::from_ref(&self.stride)
        } else {
            self.layout().strides()
        }
    }

    pub(super) fn suboffsets(&self) -> &[isize] {
        if self.line {
            &[]
        } else {
            self.layout().suboffsets().unwrap_or_default()
        }
    }

    #[inline]
    pub(super) fn is_c_contiguous(&self) -> bool {
        match self.line() {
            Some(line) => line.is_gapless(),
            None => self.layout().is_c_contiguous(),
        }
    }

    #[inline]
    pub(super) fn is_f_contiguous(&self) -> bool {
        match self.line() {
            Some(line) => line.is_gapless(),
            None => self.layout().is_f_contiguous(),
        }
    }

    /// What requests this can answer.
    #[inline]
    pub(super) fn offer(&self, readonly: bool) -> Offer {
        match self.line() {
            Some(line) => Offer::new(readonly, line.is_gapless(), line.is_gapless(), false),
            None => Offer::of(self.layout(), readonly),
        }
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

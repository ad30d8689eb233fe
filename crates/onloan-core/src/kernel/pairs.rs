//! Two formats laid side by side: what has to be compared with what.
//!
//! Both trees are walked in step. Scalars that may be equal become a [`Pair`]; where the trees differ in a
//! way that no value can make good (a number here, text there; three fields here, four there) no item
//! ever equals another, and nothing has to be read.
//!
//! Pairs that are compared byte by byte and follow each other without a gap are one pair, so that a
//! structure of integers without padding is compared as one block of bytes.

use smallvec::SmallVec;

use super::numeric::Number;
use super::order::{Axes, Axis, Odometer};
use crate::format::{Kind, Node, Plan, Record, Scalar};

/// What has to be compared in each item.
pub(super) struct Pairs {
    pub(super) list: SmallVec<[Pair; 4]>,
    /// Bytes of an item on either side.
    pub(super) sizes: [usize; 2],
}

/// Values of one kind on either side.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// Bytes from the start of the item.
    pub(super) at: [usize; 2],
    /// The sub-arrays around, outermost first.
    pub(super) axes: SmallVec<[Axis<2>; 2]>,
    /// Bytes of a value.
    pub(super) sizes: [usize; 2],
    pub(super) how: How,
}

/// How values are compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// They are equal if their bytes are.
    Bytes,
    Numbers([Number; 2]),
    /// The numbers of this side are 0; the other side has none.
    Zero(usize, Number),
    /// One by one.
    Values([Scalar; 2]),
}

/// No item can equal any other.
struct Never;

impl Pairs {
    /// `None` if no item of one format can equal any of the other.
    pub(super) fn of(one: &Plan, two: &Plan) -> Option<Self> {
        let mut pairs = Self {
            list: SmallVec::new(),
            sizes: [one.size(), two.size()],
        };
        let parts = [Part::of(one.root()), Part::of(two.root())];
        let at = [one.offset(), two.offset()];
        pairs.lay(parts, at, SmallVec::new()).ok()?;
        Some(pairs)
    }

    /// Whether equal bytes are equal values.
    pub(super) fn are_by_bytes(&self) -> bool {
        let by_bytes = |pair: &Pair| match pair.how {
            How::Bytes => true,
            How::Numbers(numbers) => numbers.iter().all(|number| number.is_integer()),
            How::Zero(..) | How::Values(_) => false,
        };
        self.list.iter().all(by_bytes)
    }

    /// Which bytes of an item count, if both sides have the same ones at the same places and they are
    /// equal if their bytes are: 0xff for these, 0 for padding. `None` also for items of no bytes.
    pub(super) fn mask(&self) -> Option<SmallVec<[u8; 32]>> {
        let [one, two] = self.sizes;
        if one != two || one == 0 {
            return None;
        }
        let mut mask = SmallVec::from_elem(0, one);
        for pair in &self.list {
            let alike = pair
                .axes
                .iter()
                .all(|axis| axis.strides[0] == axis.strides[1]);
            if !matches!(pair.how, How::Bytes) || pair.at[0] != pair.at[1] || !alike {
                return None;
            }
            let start = [pair.at[0] as isize; 2];
            for [at, _] in Odometer::new(&pair.axes, start) {
                mask.get_mut(at.unsigned_abs()..)?
                    .get_mut(..pair.sizes[0])?
                    .fill(0xff);
            }
        }
        Some(mask)
    }

    fn lay(
        &mut self,
        parts: [Part<'_>; 2],
        at: [usize; 2],
        axes: SmallVec<[Axis<2>; 2]>,
    ) -> Result<(), Never> {
        match parts {
            [Part::Scalar(one), Part::Scalar(two)] => self.lay_scalars([one, two], at, axes),
            [Part::Array([a, one @ ..], x), Part::Array([b, two @ ..], y)] => {
                let inner = [Part::array(one, x), Part::array(two, y)];
                let strides = inner.map(|part| part.size() as isize);
                match (a == b, *a) {
                    (false, _) => Err(Never),
                    (true, 0) => Ok(()),
                    (true, extent) => {
                        let mut axes = axes;
                        axes.push(Axis { extent, strides });
                        self.lay(inner, at, axes)
                    }
                }
            }
            [Part::Scalar(_), _] | [_, Part::Scalar(_)] => Err(Never),
            // As many parts on both sides as one of them has fields.
            [one, two] => {
                if one.count() != two.count() {
                    return Err(Never);
                }
                for place in 0..one.count() {
                    let [(one, a), (two, b)] = [one.get(place), two.get(place)];
                    self.lay([one, two], [at[0] + a, at[1] + b], axes.clone())?;
                }
                Ok(())
            }
        }
    }

    fn lay_scalars(
        &mut self,
        scalars: [Scalar; 2],
        at: [usize; 2],
        mut axes: SmallVec<[Axis<2>; 2]>,
    ) -> Result<(), Never> {
        let sizes = scalars.map(Scalar::size);
        let classes = scalars.map(|scalar| Class::of(scalar.kind()));
        let [one, two] = scalars;
        let how = match classes {
            [Class::Object, _] | [_, Class::Object] => return Err(Never),
            [one, two] if one != two => return Err(Never),
            [Class::Number, _] => match scalars.map(Number::of) {
                [Some(a), Some(b)] if a == b && a.is_integer() => How::Bytes,
                [Some(a), Some(b)] => How::Numbers([a, b]),
                reals => {
                    let parts = scalars.map(Number::part_of);
                    match (reals, parts) {
                        (_, [Some(a), Some(b)]) => {
                            let strides = [a.size() as isize, b.size() as isize];
                            axes.push(Axis { extent: 2, strides });
                            return self.push(at, axes, [a.size(), b.size()], How::Numbers([a, b]));
                        }
                        ([_, Some(real)], [Some(part), _]) => {
                            let im = [at[0] + part.size(), at[1]];
                            self.push(im, axes.clone(), [part.size(), 0], How::Zero(0, part))?;
                            let how = How::Numbers([part, real]);
                            return self.push(at, axes, [part.size(), real.size()], how);
                        }
                        ([Some(real), _], [_, Some(part)]) => {
                            let im = [at[0], at[1] + part.size()];
                            self.push(im, axes.clone(), [0, part.size()], How::Zero(1, part))?;
                            let how = How::Numbers([real, part]);
                            return self.push(at, axes, [real.size(), part.size()], how);
                        }
                        // Long doubles and bit fields.
                        _ => How::Values(scalars),
                    }
                }
            },
            [Class::Bytes, _] => match [one.kind(), two.kind()] {
                [Kind::Pascal, _] | [_, Kind::Pascal] => How::Values(scalars),
                _ if sizes[0] == sizes[1] => How::Bytes,
                _ => return Err(Never),
            },
            [Class::Text, _] if one == two => How::Bytes,
            [Class::Text, _] => How::Values(scalars),
        };
        self.push(at, axes, sizes, how)
    }

    /// Adds a pair; bytes are joined with bytes right before them on both sides.
    fn push(
        &mut self,
        at: [usize; 2],
        axes: SmallVec<[Axis<2>; 2]>,
        sizes: [usize; 2],
        how: How,
    ) -> Result<(), Never> {
        let mut pair = Pair {
            at,
            axes,
            sizes,
            how,
        };
        if let How::Bytes = how {
            let mut all = Axes {
                list: pair.axes.iter().copied().collect(),
                start: [0; 2],
            };
            all.join();
            pair.sizes = [all.fold(sizes[0]); 2];
            pair.axes = all.list.iter().copied().collect();
            if let Some(before) = self.list.last_mut() {
                let next = [0, 1].map(|side| before.at[side] + before.sizes[side]);
                let joins = matches!(before.how, How::Bytes) && next == pair.at;
                if joins && before.axes.is_empty() && pair.axes.is_empty() {
                    before.sizes = [before.sizes[0] + pair.sizes[0]; 2];
                    return Ok(());
                }
            }
        }
        self.list.push(pair);
        Ok(())
    }
}

/// Kinds of scalars of which some are equal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Number,
    Bytes,
    Text,
    Object,
}

impl Class {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Signed
            | Kind::Unsigned
            | Kind::Bool
            | Kind::Float
            | Kind::LongDouble
            | Kind::Complex
            | Kind::LongComplex
            | Kind::Pointer
            | Kind::Bits { .. } => Self::Number,
            Kind::Opaque | Kind::Char | Kind::Bytes | Kind::Pascal => Self::Bytes,
            Kind::Text { .. } => Self::Text,
            Kind::Object => Self::Object,
        }
    }
}

/// A part of an item, sub-arrays one extent at a time.
#[derive(Clone, Copy)]
enum Part<'p> {
    Scalar(Scalar),
    Record(&'p Record),
    /// At least one extent.
    Array(&'p [usize], &'p Node),
}

impl<'p> Part<'p> {
    fn of(node: &'p Node) -> Self {
        match node {
            Node::Scalar(scalar) => Self::Scalar(*scalar),
            Node::Record(record) => Self::Record(record),
            Node::Array(array) => Self::array(array.shape(), array.element()),
        }
    }

    fn array(shape: &'p [usize], element: &'p Node) -> Self {
        if shape.is_empty() {
            Self::of(element)
        } else {
            Self::Array(shape, element)
        }
    }

    fn size(self) -> usize {
        match self {
            Self::Scalar(scalar) => scalar.size(),
            Self::Record(record) => record.size(),
            Self::Array(shape, element) => shape.iter().product::<usize>() * element.size(),
        }
    }

    /// How many parts it has.
    fn count(self) -> usize {
        match self {
            Self::Scalar(_) => 1,
            Self::Record(record) => record.fields().len(),
            Self::Array(shape, _) => shape[0],
        }
    }

    /// One of its parts, and where that begins.
    fn get(self, place: usize) -> (Self, usize) {
        match self {
            Self::Scalar(_) => (self, 0),
            Self::Record(record) => {
                let field = &record.fields()[place];
                (Self::of(field.node()), field.offset())
            }
            Self::Array(shape, element) => {
                let part = Self::array(&shape[1..], element);
                (part, place * part.size())
            }
        }
    }
}

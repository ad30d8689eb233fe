//! Whether the items that an exporter lends are what a view was declared to have.
//!
//! Formats are compared by what they mean, not by how they are spelled: `d`, `@d`, `=d` and, on a little-endian machine, `<d` are all an `f64`, and
//! `l` is an `i64` where a long has eight bytes. Most formats are one code and compared without an allocation; the others are
//! parsed, and their fields compared by place, width, kind and byte order. Names of fields do not matter.

use onloan_core::element::{AnyBits, Element};
use onloan_core::format::{Format, Kind, Plan, Scalar};
use onloan_core::layout::{Layout, LayoutError};
use onloan_core::request::Request;

use super::loan::Loan;
use super::refusal::ItemMismatch;

/// In place of an item type: any. A view of `Any` gives bytes and values by format; see [`View::typed`](super::View::typed).
#[derive(Clone, Copy, Debug)]
pub enum Any {}

/// What the items of a view may be: every [element](crate::Element) of which any bytes are a value, and [`Any`].
#[diagnostic::on_unimplemented(
    message = "items of other people's memory cannot be read as `{Self}`",
    label = "an exporter may lend bytes here that are no `{Self}`",
    note = "for `bool` use `ByteBool`, for `char` use `u32`; a struct needs `#[derive(Element)]` and only such fields; for items of any type use `Any`"
)]
pub trait Viewed: Sealed + 'static {
    /// The bytes of an item, if there is only one type of them.
    #[doc(hidden)]
    const ITEMSIZE: Option<usize>;

    /// The items, for which `request` asked, are spelled as this type's are. `false` says nothing: ask [`fit`](Self::fit).
    #[doc(hidden)]
    fn fits_plainly(loan: &Loan, request: Request) -> bool;

    #[doc(hidden)]
    fn fit(loan: &Loan) -> Result<Fit, Box<ItemMismatch>>;
}

pub trait Sealed {}

/// How the items of a loan fit a type.
#[doc(hidden)]
#[derive(Debug)]
pub enum Fit {
    AsTheyAre,
    /// An array is the item, and the last axes are those of the array.
    Merged(Box<Layout>),
}

impl Sealed for Any {}

impl Viewed for Any {
    const ITEMSIZE: Option<usize> = None;

    #[inline]
    fn fits_plainly(_: &Loan, _: Request) -> bool {
        true
    }

    #[inline]
    fn fit(_: &Loan) -> Result<Fit, Box<ItemMismatch>> {
        Ok(Fit::AsTheyAre)
    }
}

impl<T: AnyBits> Sealed for T {}

impl<T: AnyBits> Viewed for T {
    const ITEMSIZE: Option<usize> = Some(size_of::<T>());

    #[inline]
    fn fits_plainly(loan: &Loan, request: Request) -> bool {
        loan.geometry().itemsize() == size_of::<T>() && loan.format_is(T::FORMAT, request)
    }

    fn fit(loan: &Loan) -> Result<Fit, Box<ItemMismatch>> {
        fit::<T>(loan)
    }
}

fn fit<T: AnyBits>(loan: &Loan) -> Result<Fit, Box<ItemMismatch>> {
    if means::<T>(loan) {
        return Ok(Fit::AsTheyAre);
    }
    if !T::SHAPE.is_empty() && means::<T::Item>(loan) {
        return match merged(loan.layout(), T::SHAPE, size_of::<T>()) {
            Some(Ok(layout)) => Ok(Fit::Merged(Box::new(layout))),
            _ => Err(ItemMismatch::of_axes::<T>(loan)),
        };
    }
    Err(ItemMismatch::of_type::<T>(loan))
}

/// Whether the loan's format means a `T` of the loan's item size.
fn means<T: Element>(loan: &Loan) -> bool {
    let itemsize = loan.geometry().itemsize();
    if itemsize != size_of::<T>() {
        return false;
    }
    let (given, wanted) = (loan.format().to_bytes(), T::FORMAT.to_bytes());
    if given == wanted {
        return true;
    }
    match (Scalar::of_code(given), Scalar::of_code(wanted)) {
        // `struct` reads it as a byte string, but bytes are what it is made of.
        (Some(given), Some(wanted)) if given.kind() == Kind::Char => {
            (wanted.kind(), wanted.size()) == (Kind::Unsigned, 1)
        }
        (Some(given), Some(wanted)) => given == wanted && given.size() == itemsize,
        _ => match (loan.plan(), plan_of::<T>()) {
            (Ok(given), Some(wanted)) => given.same_representation(&wanted),
            _ => false,
        },
    }
}

fn plan_of<T: Element>() -> Option<Plan> {
    let format = Format::parse_bytes(T::FORMAT.to_bytes()).ok()?;
    format.plan_for(size_of::<T>()).ok()
}

/// `layout` without its last axes, which become part of the item: they have the extents of `shape`, and no gaps.
fn merged(
    layout: &Layout,
    shape: &[usize],
    itemsize: usize,
) -> Option<Result<Layout, LayoutError>> {
    let rank = layout.ndim().checked_sub(shape.len())?;
    let (outer, inner) = layout.shape().split_at(rank);
    let (strides, inside) = layout.strides().split_at(rank);
    let wanted = shape.iter().map(|extent| extent.cast_signed());
    if !wanted.eq(inner.iter().copied()) {
        return None;
    }
    let item = Layout::strided(inner, inside, layout.itemsize()).ok()?;
    if !item.is_c_contiguous() {
        return None;
    }
    match layout.suboffsets() {
        None => Some(Layout::strided(outer, strides, itemsize)),
        Some(suboffsets) => {
            let (suboffsets, within) = suboffsets.split_at(rank);
            let direct = within.iter().all(|suboffset| *suboffset < 0);
            direct.then(|| Layout::indirect(outer, strides, suboffsets, itemsize))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(shape: &[isize], strides: &[isize]) -> Layout {
        Layout::strided(shape, strides, 4).unwrap()
    }

    #[test]
    fn the_last_axes_of_an_array_become_its_item() {
        let table = layout(&[5, 2, 3], &[100, 12, 4]);
        let merged_twice = merged(&table, &[2, 3], 24).unwrap().unwrap();
        assert_eq!(merged_twice, Layout::strided(&[5], &[100], 24).unwrap());
        let merged_once = merged(&table, &[3], 12).unwrap().unwrap();
        assert_eq!(
            merged_once,
            Layout::strided(&[5, 2], &[100, 12], 12).unwrap()
        );
    }

    #[test]
    fn axes_with_gaps_or_other_extents_do_not() {
        let gaps = layout(&[5, 3], &[100, 8]);
        assert!(merged(&gaps, &[3], 12).is_none());
        let table = layout(&[5, 2, 3], &[100, 12, 4]);
        assert!(merged(&table, &[2], 8).is_none());
        assert!(merged(&table, &[3, 2], 24).is_none());
        assert!(merged(&table, &[1, 5, 2, 3], 120).is_none());
    }

    #[test]
    fn rows_behind_pointers_may_be_items_but_pointers_may_not() {
        let rows = Layout::indirect(&[5, 3], &[8, 4], &[0, -1], 4).unwrap();
        let merged_rows = merged(&rows, &[3], 12).unwrap().unwrap();
        assert_eq!(merged_rows, Layout::indirect(&[5], &[8], &[0], 12).unwrap());
        let cells = Layout::indirect(&[5, 3], &[24, 8], &[-1, 0], 4).unwrap();
        assert!(merged(&cells, &[3], 12).is_none());
    }
}

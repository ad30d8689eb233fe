//! A list of rows, each with an allocation of its own.

use std::fmt;
use std::ptr::NonNull;

use onloan_core::element::{AnyBits, Element};
use onloan_core::layout::Layout;

use super::{Region, RegionMut, Storage, StorageMut};

/// Rows of equal length that do not lie behind each other, lent with suboffsets.
///
/// ```text
///   table ─▶ │ row 0 │ ──▶ │ [0,0] │ [0,1] │ [0,2] │
///            │ row 1 │ ──▶ │ [1,0] │ [1,1] │ [1,2] │
/// ```
///
/// Few consumers ask for suboffsets (`memoryview` does, NumPy does not); a cell built with
/// [`contiguous_copies`](crate::ExportCellBuilder::contiguous_copies) serves the others too.
pub struct Rows<T> {
    rows: Box<[Box<[T]>]>,
    /// Where each row lies, as consumers will read it.
    table: Box<[*mut T]>,
    columns: usize,
}

// SAFETY: the pointers of `table` point into `rows`, which the same value owns; they give no access that `rows` does not give.
unsafe impl<T: Send> Send for Rows<T> {}
// SAFETY: as above; with `&Rows` the pointers are only read.
unsafe impl<T: Sync> Sync for Rows<T> {}

/// A row that is not as long as the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ragged {
    /// Which row.
    pub row: usize,
    /// How many elements it has.
    pub columns: usize,
    /// How many the first row has.
    pub expected: usize,
}

impl fmt::Display for Ragged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "row {} has {} elements, the first row has {}",
            self.row, self.columns, self.expected
        )
    }
}

impl std::error::Error for Ragged {}

impl<T: Element> Rows<T> {
    /// Takes rows of equal length.
    ///
    /// # Errors
    /// [`Ragged`] names the first row of another length.
    pub fn new(rows: impl IntoIterator<Item = impl Into<Box<[T]>>>) -> Result<Rows<T>, Ragged> {
        let mut rows: Box<[Box<[T]>]> = rows.into_iter().map(Into::into).collect();
        let expected = rows.first().map_or(0, |row| row.len());
        if let Some((row, other)) = rows
            .iter()
            .enumerate()
            .find(|(_, row)| row.len() != expected)
        {
            return Err(Ragged {
                row,
                columns: other.len(),
                expected,
            });
        }
        let table = rows.iter_mut().map(|row| row.as_mut_ptr()).collect();
        Ok(Rows {
            rows,
            table,
            columns: expected,
        })
    }

    /// The rows, without their table.
    #[must_use]
    pub fn into_rows(self) -> Vec<Box<[T]>> {
        self.rows.into_vec()
    }

    /// One row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<&[T]> {
        self.rows.get(row).map(AsRef::as_ref)
    }

    /// How many rows there are, and how many elements in each.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.rows.len(), self.columns)
    }

    fn pointers(&self) -> Region<'_> {
        const {
            assert!(
                T::SHAPE.is_empty(),
                "rows of arrays: use rows of their items"
            );
        };
        let signed = |extent: usize| isize::try_from(extent).unwrap_or(isize::MAX);
        let shape = [signed(self.rows.len()), signed(self.columns)];
        let strides = [size_of::<*mut T>() as isize, size_of::<T>() as isize];
        let layout = Layout::indirect(&shape, &strides, &[0, -1], size_of::<T>())
            .unwrap_or_else(|error| unreachable!("rows in memory have no layout: {error}"));
        let start = NonNull::from(&*self.table).cast();
        // SAFETY: `table` has a pointer for each row and each row `columns` elements (`new` checked both), all owned by `self`,
        // which is borrowed for as long as the region; `rows` is private and never replaced.
        unsafe { Region::from_raw::<T>(start, size_of_val(&*self.table), 0, layout) }
    }
}

impl<T: Element> Storage for Rows<T> {
    fn region(&self) -> Region<'_> {
        self.pointers()
    }
}

impl<T: AnyBits> StorageMut for Rows<T> {
    fn region_mut(&mut self) -> RegionMut<'_> {
        // Reading a row through `&self` came between: take the pointers anew from the exclusive borrow.
        for (entry, row) in self.table.iter_mut().zip(&mut self.rows) {
            *entry = row.as_mut_ptr();
        }
        // SAFETY: `self` owns table and rows, and is borrowed exclusively; any bytes are a `T` (`AnyBits`).
        unsafe { RegionMut::assume_exclusive(self.pointers()) }
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("rows", &self.rows.len())
            .field("columns", &self.columns)
            .finish()
    }
}

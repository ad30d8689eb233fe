//! What a `Buffer` owns, and the cell in which it is lent.
//!
//! | memory | made by | size | writable |
//! |---|---|---|---|
//! | own | data, values, `zeros`, copies | changes | as asked |
//! | a mapping | `from_file`, `shared` | fixed | as mapped |
//! | another exporter's | unpickling, a lazy function | becomes own memory when it changes | as lent |
//! | lazy | `lazy` | that of what the function returns | no |

use onloan::layout::Layout;
use onloan::{
    AlignedVec, BuildError, ExportCell, Lazy, Loan, Mapping, Pages, Region, RegionMut, Storage,
    StorageMut,
};
use pyo3::prelude::*;

use crate::errors;
use crate::item::Item;

/// The least alignment of own memory, in bytes.
pub(crate) const ALIGN: usize = AlignedVec::<u8>::ALIGN;

/// The memory behind a `Buffer`: bytes, to which the cell gives shape and format.
pub(crate) enum Memory {
    Own(AlignedVec<u8>),
    Mapped(Mapping),
    Lent(Box<Loan>),
    Lazy(Box<Lazy<Memory>>),
}

impl Memory {
    /// Zeros of its own.
    pub(crate) fn zeros(bytes: usize, align: usize, pages: Pages) -> PyResult<Memory> {
        AlignedVec::zeroed(bytes, align, pages)
            .map(Memory::Own)
            .map_err(errors::out_of_memory)
    }

    /// The items of `loan` in C order, without gaps: the loan itself if they lie so, else a copy.
    pub(crate) fn of_loan(py: Python<'_>, loan: Loan) -> PyResult<Memory> {
        if loan.layout().is_c_contiguous() {
            Ok(Memory::Lent(Box::new(loan)))
        } else {
            copy(py, &loan, ALIGN).map(Memory::Own)
        }
    }
}

/// A copy of what is lent, in C order.
pub(crate) fn copy(py: Python<'_>, loan: &Loan, align: usize) -> PyResult<AlignedVec<u8>> {
    let bytes = loan.layout().nbytes();
    let mut copy =
        AlignedVec::zeroed(bytes, align, Pages::Ordinary).map_err(errors::out_of_memory)?;
    loan.copy_to(py, &mut copy).map_err(errors::value)?;
    Ok(copy)
}

impl Storage for Memory {
    fn is_lazy(&self) -> bool {
        matches!(self, Memory::Lazy(_))
    }

    fn open(&self, py: Python<'_>) -> PyResult<()> {
        match self {
            Memory::Lazy(lazy) => lazy.open(py),
            Memory::Own(_) | Memory::Mapped(_) | Memory::Lent(_) => Ok(()),
        }
    }

    fn close(&mut self, py: Python<'_>) {
        if let Memory::Lazy(lazy) = self {
            lazy.close(py);
        }
    }

    fn region(&self) -> Region<'_> {
        match self {
            Memory::Own(own) => own.region(),
            Memory::Mapped(mapping) => mapping.region(),
            Memory::Lent(loan) => loan.region(),
            Memory::Lazy(lazy) => lazy.region(),
        }
    }
}

impl StorageMut for Memory {
    fn region_mut(&mut self) -> RegionMut<'_> {
        match self {
            Memory::Own(own) => own.region_mut(),
            Memory::Mapped(mapping) => mapping.region_mut(),
            Memory::Lent(loan) => loan.region_mut(),
            Memory::Lazy(lazy) => lazy.region_mut(),
        }
    }
}

/// The cell of a `Buffer`.
pub(crate) type Cell = ExportCell<Memory>;

/// Lends `memory` as items of `layout`.
///
/// # Errors
/// `ValueError`: the memory is smaller than that.
pub(crate) fn held(memory: Memory, item: &Item, layout: Layout, readonly: bool) -> PyResult<Cell> {
    let builder = ExportCell::builder(memory)
        .layout(layout)
        .format(item.text());
    let cell = if readonly {
        builder.read_only()
    } else {
        builder.writable()
    };
    Ok(cell?)
}

/// Lends for reading what `lazy` makes: as items of `layout`, or in a row.
pub(crate) fn lazy(
    lazy: Lazy<Memory>,
    item: &Item,
    layout: Option<Layout>,
) -> Result<Cell, BuildError> {
    let builder = ExportCell::builder(Memory::Lazy(Box::new(lazy))).format(item.text());
    let builder = match layout {
        Some(layout) => builder.layout(layout),
        None => builder,
    };
    builder.read_only()
}

/// Frees the memory at the last release; nobody gets in any more.
pub(crate) fn free_later(cell: &Cell, py: Python<'_>) -> Result<(), onloan::Busy> {
    cell.take_later(py, |_, memory| {
        drop(memory);
        Ok(())
    })
}

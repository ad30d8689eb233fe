//! A cell with a shape, a format or hooks of the author's choice.

use std::ffi::CString;
use std::fmt;

use onloan_core::format::{Format, ParseError, Reading, SizeMismatch};
use onloan_core::layout::{Layout, LayoutError};
use onloan_core::state::Kind;
use pyo3::prelude::*;

use super::block::{Block, Placed, Plan, Show};
use super::duties::Hooks;
use super::handle::ExportCell;
use crate::storage::{FormatText, Storage, StorageMut};

/// Builds an [`ExportCell`]. Made by [`ExportCell::builder`]; ends with [`read_only`](Self::read_only), [`writable`](Self::writable)
/// or [`exclusive`](Self::exclusive), which check that everything fits.
///
/// ```no_run
/// use onloan::ExportCell;
///
/// // 480 rows of 640 pixels of 4 bytes, of which the last is not shown, lent bottom-up.
/// let frame = ExportCell::builder(vec![0_u8; 480 * 640 * 4])
///     .shape([480, 640, 3])
///     .strides([-2560, 4, 1])
///     .offset(479 * 2560)
///     .exclusive()?;
/// # Ok::<(), onloan::BuildError>(())
/// ```
pub struct ExportCellBuilder<S: Storage> {
    storage: S,
    shape: Option<Vec<usize>>,
    strides: Option<Vec<isize>>,
    offset: usize,
    layout: Option<Layout>,
    format: Option<String>,
    hooks: Hooks<S>,
    contiguous_copies: bool,
}

/// What was asked of a builder does not fit together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The layout is impossible, or the storage has not the memory.
    Layout(LayoutError),
    /// The format does not follow the grammar of PEP 3118.
    Format {
        /// The format.
        format: String,
        /// Where and why.
        error: ParseError,
    },
    /// An item of the format has another size than an item of the layout.
    Size {
        /// The format.
        format: String,
        /// The sizes.
        error: SizeMismatch,
    },
    /// The format has a NUL in it.
    Nul,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Layout(error) => error.fmt(f),
            BuildError::Format { format, error } => write!(f, "format {format:?}: {error}"),
            BuildError::Size { format, error } => write!(f, "format {format:?}: {error}"),
            BuildError::Nul => f.write_str("the format has a NUL in it"),
        }
    }
}

impl std::error::Error for BuildError {}

impl From<LayoutError> for BuildError {
    fn from(error: LayoutError) -> BuildError {
        BuildError::Layout(error)
    }
}

impl From<BuildError> for PyErr {
    fn from(error: BuildError) -> PyErr {
        pyo3::exceptions::PyValueError::new_err(error.to_string())
    }
}

impl<S: Storage> ExportCellBuilder<S> {
    pub(super) fn new(storage: S) -> ExportCellBuilder<S> {
        ExportCellBuilder {
            storage,
            shape: None,
            strides: None,
            offset: 0,
            layout: None,
            format: None,
            hooks: Hooks::default(),
            contiguous_copies: false,
        }
    }

    /// The extents, outermost first; none for a single item. In C order unless strides are given.
    #[must_use]
    pub fn shape(mut self, shape: impl Into<Vec<usize>>) -> Self {
        self.shape = Some(shape.into());
        self
    }

    /// The strides in bytes, one for each extent: negative, zero, or not a multiple of the item size as you like.
    #[must_use]
    pub fn strides(mut self, strides: impl Into<Vec<isize>>) -> Self {
        self.strides = Some(strides.into());
        self
    }

    /// From the start of the memory to item [0,…,0], in bytes. With negative strides that is not the lowest item.
    #[must_use]
    pub fn offset(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// Shape, strides and item size at once.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = Some(layout);
        self
    }

    /// Spells the items otherwise than the element does: bytes as `>I`, say. The item size becomes that of the format, without trailing padding
    /// unless a [`layout`](Self::layout) says otherwise. Without a shape as many items are lent as there is room for, also after the memory
    /// has grown or, if it is lazy, was made.
    #[must_use]
    pub fn format(mut self, format: impl Into<String>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// Runs before the first export of each period of use, with the storage. If it fails the consumer sees its error and nothing is lent.
    #[must_use]
    pub fn on_first_export(
        mut self,
        hook: impl Fn(Python<'_>, &S) -> PyResult<()> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.first_export = Some(Box::new(hook));
        self
    }

    /// Runs at every release, with the number of exports that stay out. An error of it is reported as unraisable.
    #[must_use]
    pub fn on_release(
        mut self,
        hook: impl Fn(Python<'_>, u64) -> PyResult<()> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.release = Some(Box::new(hook));
        self
    }

    /// Runs after the last release of each period of use, on the thread that released, with the storage: to flush, write back, unlock, notify.
    /// An error of it is reported as unraisable.
    #[must_use]
    pub fn on_last_release(
        mut self,
        hook: impl Fn(Python<'_>, &S) -> PyResult<()> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.last_release = Some(Box::new(hook));
        self
    }

    /// Gives a contiguous copy to a consumer whose request the layout cannot meet, instead of refusing.
    ///
    /// Such a consumer sees the items as they were when it asked. What it writes, if it asked for a writable buffer, is written back when it
    /// releases; of two that write the later release wins. The copy belongs to its export and is freed with it.
    #[must_use]
    pub fn contiguous_copies(mut self) -> Self {
        self.contiguous_copies = true;
        self
    }

    /// Lends for reading, to any number of consumers.
    ///
    /// # Errors
    /// What does not fit together.
    pub fn read_only(self) -> Result<ExportCell<S>, BuildError> {
        self.build(Kind::ReadOnly, Show::Shared)
    }

    /// Lends for writing, to any number of consumers.
    ///
    /// # Errors
    /// What does not fit together.
    pub fn writable(self) -> Result<ExportCell<S>, BuildError>
    where
        S: StorageMut,
    {
        self.build(Kind::Writable, Show::Exclusive(S::region_mut))
    }

    /// Lends for writing, to one consumer at a time.
    ///
    /// # Errors
    /// What does not fit together.
    pub fn exclusive(self) -> Result<ExportCell<S>, BuildError>
    where
        S: StorageMut,
    {
        self.build(Kind::Exclusive, Show::Exclusive(S::region_mut))
    }

    fn build(self, kind: Kind, show: Show<S>) -> Result<ExportCell<S>, BuildError> {
        let plan = self.plan()?;
        let hooks = self.hooks;
        let hooked = hooks.at_the_ends() || hooks.release.is_some();
        let hooks = hooked.then(|| Box::new(hooks));
        let block = Block::new(
            self.storage,
            kind,
            show,
            plan,
            hooks,
            self.contiguous_copies,
        )?;
        Ok(ExportCell::from_block(block))
    }

    fn plan(&self) -> Result<Plan, BuildError> {
        let format = match &self.format {
            None => None,
            Some(format) => Some(spelled(format, self.layout.as_ref().map(Layout::itemsize))?),
        };
        let offset = self.offset;
        let placed = match (&self.layout, &self.shape, &self.strides) {
            (Some(layout), ..) => Some(Placed::At(offset, Box::new(layout.clone()))),
            (None, None, None) => {
                let row = format.is_some() || offset > 0;
                row.then_some(Placed::Row(offset))
            }
            (None, shape, strides) => {
                Some(self.shaped(shape.as_deref(), strides.as_deref(), format.as_ref())?)
            }
        };
        Ok(Plan { placed, format })
    }

    fn shaped(
        &self,
        shape: Option<&[usize]>,
        strides: Option<&[isize]>,
        format: Option<&(FormatText, usize)>,
    ) -> Result<Placed, BuildError> {
        let own = self.storage.region();
        let own = own.layout();
        let lazy = self.storage.is_lazy();
        let itemsize = format.map_or(own.itemsize(), |(_, itemsize)| *itemsize);
        let shape = match shape {
            Some(shape) => {
                let signed = |extent: &usize| {
                    isize::try_from(*extent).map_err(|_| LayoutError::TooLarge { itemsize })
                };
                Some(
                    shape
                        .iter()
                        .map(signed)
                        .collect::<Result<Vec<isize>, _>>()?,
                )
            }
            None => None,
        };
        // Also where the size of an item, or how many there are, is not known yet: as much as can be said is said now.
        let extents = shape.as_deref().unwrap_or(own.shape());
        let layout = match strides {
            None => Layout::c_order(extents, itemsize)?,
            Some(_) if lazy && shape.is_none() => Layout::vector(0, itemsize)?,
            Some(strides) => Layout::strided(extents, strides, itemsize)?,
        };
        let known = !lazy || (format.is_some() && shape.is_some());
        Ok(if known {
            Placed::At(self.offset, Box::new(layout))
        } else {
            Placed::Shaped(self.offset, shape, strides.map(<[isize]>::to_vec))
        })
    }
}

/// The text for consumers and its item size, which is `itemsize` if that is given and possible.
fn spelled(format: &str, itemsize: Option<usize>) -> Result<(FormatText, usize), BuildError> {
    let parsed = Format::parse(format).map_err(|error| BuildError::Format {
        format: format.to_owned(),
        error,
    })?;
    if let Some(itemsize) = itemsize {
        parsed.fit(itemsize).map_err(|error| BuildError::Size {
            format: format.to_owned(),
            error,
        })?;
    }
    let size = itemsize.unwrap_or_else(|| parsed.size(Reading::Unpadded));
    let text = CString::new(format).map_err(|_| BuildError::Nul)?;
    Ok((FormatText::Owned(text), size))
}

//! Memory that is made at the first use and dropped after the last.

use std::fmt;
use std::sync::OnceLock;

use pyo3::prelude::*;

use super::{Region, RegionMut, Storage, StorageMut};

/// A storage that does not exist while nobody looks at it: decompressed, mapped or computed on demand.
///
/// `make` runs before the first export or read guard of each period of use, and what it made is dropped after the last one. It may run
/// Python, may fail (the consumer then sees its error), and runs with nothing locked; who asks meanwhile is refused.
///
/// ```no_run
/// use onloan::{ExportCell, Lazy};
///
/// let decoded = ExportCell::read_only(Lazy::new(|_py| Ok(std::fs::read("table.bin")?)));
/// ```
pub struct Lazy<S> {
    make: Box<dyn Fn(Python<'_>) -> PyResult<S> + Send + Sync>,
    made: OnceLock<S>,
}

impl<S: Storage> Lazy<S> {
    /// A storage that `make` makes whenever it is needed.
    pub fn new(make: impl Fn(Python<'_>) -> PyResult<S> + Send + Sync + 'static) -> Lazy<S> {
        Lazy {
            make: Box::new(make),
            made: OnceLock::new(),
        }
    }

    /// The storage, while it exists: inside of a read guard it does.
    #[must_use]
    pub fn get(&self) -> Option<&S> {
        self.made.get()
    }
}

impl<S: Storage> Storage for Lazy<S> {
    fn is_lazy(&self) -> bool {
        true
    }

    fn region(&self) -> Region<'_> {
        match self.made.get() {
            Some(storage) => storage.region(),
            None => Region::of::<u8>(&[]),
        }
    }

    fn open(&self, py: Python<'_>) -> PyResult<()> {
        let storage = (self.make)(py)?;
        storage.open(py)?;
        if self.made.set(storage).is_err() {
            unreachable!(
                "a lazy storage is opened by one user at a time and closed before it is opened again"
            );
        }
        Ok(())
    }

    fn close(&mut self, py: Python<'_>) {
        if let Some(mut storage) = self.made.take() {
            storage.close(py);
        }
    }
}

impl<S: StorageMut> StorageMut for Lazy<S> {
    fn region_mut(&mut self) -> RegionMut<'_> {
        match self.made.get_mut() {
            Some(storage) => storage.region_mut(),
            None => RegionMut::empty(),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Lazy<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy")
            .field("made", &self.made.get())
            .finish_non_exhaustive()
    }
}

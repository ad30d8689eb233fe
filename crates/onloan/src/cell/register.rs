//! Opting in: a cell that tells the ledger of each export.

use std::sync::atomic::Ordering;

use pyo3::prelude::*;

use super::handle::ExportCell;
use crate::error::Refused;
use crate::ledger;
use crate::storage::Storage;

impl<S: Storage> ExportCell<S> {
    /// Has each export put down in the ledger of the Python package `onloan`: size, request, time, thread and the lines of Python that acquired it.
    ///
    /// From then on `onloan.exports(obj)` and `onloan.holders(obj)` say of an object with this cell what they say while `onloan` traces: exactly
    /// what is out, and who has it. Nothing has to be started for that, and nothing else in the process is watched. A
    /// [`Busy`](crate::Busy) that exports are the reason of becomes a `BufferError` with a note that names them. (To find who has them all objects are
    /// walked through; when that has taken five seconds in all, further notes come without.)
    ///
    /// It costs each export a walk over the stack; a cell that is not registered pays nothing. There is no way back; a cell that takes this one's
    /// place is registered by itself.
    ///
    /// ```no_run
    /// use onloan::{ExportCell, exporter};
    /// use pyo3::prelude::*;
    ///
    /// #[pyclass(frozen)]
    /// struct Frames {
    ///     pixels: ExportCell<Vec<u8>>,
    /// }
    ///
    /// #[exporter(pixels)]
    /// #[pymethods]
    /// impl Frames {
    ///     #[new]
    ///     fn new(py: Python<'_>, size: usize) -> PyResult<Self> {
    ///         let pixels = ExportCell::writable(vec![0; size]);
    ///         // Where the package is not installed exports are counted, as always.
    ///         let _counted_only = pixels.register(py);
    ///         Ok(Frames { pixels })
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Refused::Busy`] while anything is out, because the ledger would not know of it, or if the storage was taken.
    /// [`Refused::Raised`] with an `ImportError` if there is no Python package `onloan` that has a ledger, with a `RuntimeError` where the package cannot look
    /// into the interpreter (free-threaded builds, other implementations). The cell is then as before: it counts its exports.
    pub fn register(&self, py: Python<'_>) -> Result<(), Refused> {
        if self.is_registered() {
            return Ok(());
        }
        ledger::open(py).map_err(Refused::Raised)?;
        let guard = self
            .write(py)
            .map_err(|busy| Refused::Busy(busy.while_trying_to("register the cell")))?;
        self.header().registered.store(true, Ordering::Relaxed);
        // The memory is described anew, and says so in each export.
        drop(guard);
        Ok(())
    }

    /// The ledger is told of each export.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.header().is_registered()
    }
}

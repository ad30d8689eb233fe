//! Where a class may have its cell: one of several, perhaps none, inside of another struct, without a name, behind a pointer.

use std::sync::{Arc, LazyLock};

use onloan::{Export, ExportCell, exporter};
use pyo3::prelude::*;

/// Several(bytes, floats): lends one of two cells of different types.
#[pyclass(weakref, module = "onloan_suite")]
pub(crate) struct Several {
    bytes: ExportCell<Vec<u8>>,
    floats: ExportCell<Vec<f32>>,
    lends: &'static str,
}

impl Several {
    fn active(&self) -> Option<&dyn Export> {
        match self.lends {
            "bytes" => Some(&self.bytes),
            "floats" => Some(&self.floats),
            _ => None,
        }
    }
}

#[exporter(via = active)]
#[pymethods]
impl Several {
    #[new]
    fn new(bytes: Vec<u8>, floats: Vec<f32>) -> Self {
        Several {
            bytes: ExportCell::writable(bytes),
            floats: ExportCell::read_only(floats),
            lends: "bytes",
        }
    }

    /// "bytes", "floats", or nothing.
    fn lend(&mut self, what: &str) {
        self.lends = match what {
            "bytes" => "bytes",
            "floats" => "floats",
            _ => "nothing",
        };
    }

    /// Exports of the bytes, exports of the floats.
    #[getter]
    fn exports(&self) -> (u64, u64) {
        (self.bytes.exports(), self.floats.exports())
    }
}

/// Optional(data): has memory to lend, or not.
#[pyclass(weakref, module = "onloan_suite")]
pub(crate) struct Optional {
    cell: Option<ExportCell<Vec<u8>>>,
}

#[exporter(cell)]
#[pymethods]
impl Optional {
    #[new]
    #[pyo3(signature = (data = None))]
    fn new(data: Option<Vec<u8>>) -> Self {
        Optional {
            cell: data.map(ExportCell::read_only),
        }
    }

    fn set(&mut self, data: Option<Vec<u8>>) {
        self.cell = data.map(ExportCell::read_only);
    }
}

/// Tuple(data): a field that has no name.
#[pyclass(frozen, weakref, module = "onloan_suite")]
pub(crate) struct Tuple(ExportCell<Vec<u16>>);

#[exporter(0)]
#[pymethods]
impl Tuple {
    #[new]
    fn new(data: Vec<u16>) -> Self {
        Tuple(ExportCell::read_only(data))
    }
}

struct Inner {
    deeper: (u8, ExportCell<Vec<i64>>),
}

/// Nested(data): a field of a field.
#[pyclass(frozen, weakref, module = "onloan_suite")]
pub(crate) struct Nested {
    inner: Inner,
}

#[exporter(inner.deeper.1)]
#[pymethods]
impl Nested {
    #[new]
    fn new(data: Vec<i64>) -> Self {
        Nested {
            inner: Inner {
                deeper: (0, ExportCell::writable(data)),
            },
        }
    }

    fn first(&self) -> u8 {
        self.inner.deeper.0
    }
}

/// Boxed(data): behind a `Box`.
#[pyclass(frozen, weakref, module = "onloan_suite")]
pub(crate) struct Boxed {
    cell: Box<ExportCell<Vec<u8>>>,
}

#[exporter(cell)]
#[pymethods]
impl Boxed {
    #[new]
    fn new(data: Vec<u8>) -> Self {
        Boxed {
            cell: Box::new(ExportCell::read_only(data)),
        }
    }
}

/// Shared(data): several objects lend one cell, and count together.
#[pyclass(frozen, weakref, module = "onloan_suite")]
pub(crate) struct Shared {
    cell: Arc<ExportCell<Vec<u8>>>,
}

#[exporter(cell)]
#[pymethods]
impl Shared {
    #[new]
    fn new(data: Vec<u8>) -> Self {
        Shared {
            cell: Arc::new(ExportCell::exclusive(data)),
        }
    }

    fn another(&self) -> Shared {
        Shared {
            cell: Arc::clone(&self.cell),
        }
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.cell.exports()
    }
}

/// Panicking(data): the method that chooses the cell panics while told to.
#[pyclass(weakref, module = "onloan_suite")]
pub(crate) struct Panicking {
    cell: ExportCell<Vec<u8>>,
    panics: bool,
}

impl Panicking {
    fn choose(&self) -> &dyn Export {
        assert!(!self.panics, "cannot choose");
        &self.cell
    }
}

#[exporter(via = choose)]
#[pymethods]
impl Panicking {
    #[new]
    fn new(data: Vec<u8>) -> Self {
        Panicking {
            cell: ExportCell::read_only(data),
            panics: false,
        }
    }

    fn set_panics(&mut self, panics: bool) {
        self.panics = panics;
    }

    #[getter]
    fn exports(&self) -> u64 {
        self.cell.exports()
    }
}

/// `Misled()`: a path of fields that leads through a `Deref`, which panics.
#[pyclass(frozen, weakref, module = "onloan_suite")]
pub(crate) struct Misled {
    inner: LazyLock<Inner>,
}

#[exporter(inner.deeper.1)]
#[pymethods]
impl Misled {
    #[new]
    fn new() -> Self {
        Misled {
            inner: LazyLock::new(|| panic!("there is no inner")),
        }
    }
}

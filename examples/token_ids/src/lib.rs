//! A tokenizer that lends its token ids: a `Vec<u32>` that NumPy reads where it lies.
//!
//! ```text
//!   Tokenizer.encode ──▶ TokenIds          Vec<u32>, read-only
//!
//!   Tokenizer.encode_documents ──▶ Stream  Arc<[u32]>   │ document 0 │ document 1 │ document 2 │
//!                                  Document     Part<u32> ────────────┘            │
//!                                               shares the stream, which lives until the last of them is given back
//! ```
#![forbid(unsafe_code)]

mod pairs;

use std::ops::Range;
use std::sync::Arc;

use onloan::{ExportCell, Part, exporter};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyBytes;

use pairs::{Unknown, Unusable, Vocabulary};

/// `Tokenizer(tokens)`: encodes by merging byte pairs. `tokens` are bytes in the order of their ids, which is also the order of merging.
#[pyclass(frozen, module = "token_ids")]
struct Tokenizer {
    vocabulary: Vocabulary,
}

#[pymethods]
impl Tokenizer {
    #[new]
    fn new(tokens: Vec<PyBackedBytes>) -> PyResult<Self> {
        let vocabulary = Vocabulary::new(&tokens).map_err(|unusable| {
            PyValueError::new_err(match unusable {
                Unusable::Empty { id } => format!("token {id} is empty"),
                Unusable::Twice { id, first } => format!("tokens {first} and {id} are the same"),
                Unusable::TooMany => "more tokens than 32 bits can count".to_owned(),
            })
        })?;
        Ok(Tokenizer { vocabulary })
    }

    fn __len__(&self) -> usize {
        self.vocabulary.len()
    }

    /// The ids of a text. Other threads run meanwhile.
    fn encode(&self, py: Python<'_>, text: &str) -> PyResult<TokenIds> {
        let mut ids = Vec::new();
        py.detach(|| self.vocabulary.encode(text.as_bytes(), &mut ids))
            .map_err(no_token)?;
        Ok(TokenIds {
            ids: ExportCell::read_only(ids),
        })
    }

    /// The ids of several texts, one behind the other in one block of memory.
    fn encode_documents(&self, py: Python<'_>, texts: Vec<PyBackedStr>) -> PyResult<Stream> {
        let mut ids = Vec::new();
        let mut documents = Vec::with_capacity(texts.len());
        py.detach(|| {
            for text in &texts {
                let start = ids.len();
                self.vocabulary.encode(text.as_bytes(), &mut ids)?;
                documents.push(start..ids.len());
            }
            Ok(())
        })
        .map_err(no_token)?;
        Ok(Stream {
            ids: ExportCell::read_only(ids.into()),
            documents,
        })
    }

    /// The bytes of ids, which may lie in any buffer of 32-bit unsigned integers.
    fn decode<'py>(&self, py: Python<'py>, ids: PyBuffer<u32>) -> PyResult<Bound<'py, PyBytes>> {
        let mut bytes = Vec::new();
        for (place, id) in ids.to_vec(py)?.into_iter().enumerate() {
            let token = self.vocabulary.token(id).ok_or_else(|| {
                let tokens = self.vocabulary.len();
                PyValueError::new_err(format!(
                    "ids[{place}] is {id}, and there are {tokens} tokens"
                ))
            })?;
            bytes.extend_from_slice(token);
        }
        Ok(PyBytes::new(py, &bytes))
    }
}

fn no_token(unknown: Unknown) -> PyErr {
    let Unknown { byte, position } = unknown;
    PyValueError::new_err(format!(
        "no token for byte {byte:#04x}, the first of them at position {position}"
    ))
}

/// Token ids, lent read-only as items `I`.
#[pyclass(frozen, weakref, module = "token_ids")]
struct TokenIds {
    ids: ExportCell<Vec<u32>>,
}

#[exporter(ids)]
#[pymethods]
impl TokenIds {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.ids.read(py)?.len())
    }

    /// How many exports are out.
    #[getter]
    fn exports(&self) -> u64 {
        self.ids.exports()
    }
}

/// The ids of several documents. Lends all of them; `stream[i]` is one document in the same memory.
#[pyclass(frozen, weakref, module = "token_ids")]
struct Stream {
    ids: ExportCell<Arc<[u32]>>,
    documents: Vec<Range<usize>>,
}

#[exporter(ids)]
#[pymethods]
impl Stream {
    fn __len__(&self) -> usize {
        self.documents.len()
    }

    fn __getitem__(&self, py: Python<'_>, index: isize) -> PyResult<Document> {
        let count = self.documents.len();
        let place = match index {
            ..0 => count.checked_add_signed(index),
            0.. => Some(index.unsigned_abs()),
        };
        let Some(range) = place.and_then(|place| self.documents.get(place)) else {
            let message = format!("document {index} of a stream of {count}");
            return Err(PyIndexError::new_err(message));
        };
        let owner = Arc::clone(&*self.ids.read(py)?);
        let part = Part::new(owner, range.clone()).expect("documents are cut from this stream");
        Ok(Document {
            ids: ExportCell::read_only(part),
        })
    }

    /// How many exports of the whole are out; those of documents are their own.
    #[getter]
    fn exports(&self) -> u64 {
        self.ids.exports()
    }

    /// How many owners the memory has: this object, and each document.
    #[getter]
    fn owners(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(Arc::strong_count(&*self.ids.read(py)?))
    }
}

/// The ids of one document, in the memory of its stream.
#[pyclass(frozen, weakref, module = "token_ids")]
struct Document {
    ids: ExportCell<Part<u32>>,
}

#[exporter(ids)]
#[pymethods]
impl Document {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.ids.read(py)?.len())
    }

    /// How many exports are out.
    #[getter]
    fn exports(&self) -> u64 {
        self.ids.exports()
    }
}

/// A tokenizer that lends its token ids.
#[pymodule]
mod token_ids {
    #[pymodule_export]
    use super::{Document, Stream, TokenIds, Tokenizer};
}

//! Why a view cannot be had: the clause, what was asked, what is there, and what would be granted.
//!
//! # Which exception
//!
//! | what | as a Python exception | as others do it |
//! |---|---|---|
//! | no exporter | `TypeError`, of the interpreter | all |
//! | the memory cannot answer the request (writable, contiguous, without suboffsets) | `BufferError`, caused by what the exporter raised | the protocol asks for it |
//! | an answer that contradicts itself | `BufferError` | |
//! | another type of item, another rank | `ValueError` | Cython, NumPy |
//! | whatever else the exporter raises | that | all |
//!
//! A wrong item type is no `BufferError`: the exporter has done all that the protocol asks. It is no `TypeError` either: the object is
//! an exporter, and another one of the same type may well have the items that are wanted.

use std::any::type_name;
use std::fmt;

use onloan_core::element::AnyBits;
use onloan_core::format::{Endian, Kind, Node, Plan, Scalar};
use onloan_core::layout::Layout;
use onloan_core::request::{Refusal, Request};
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;

use super::loan::{FormatError, Loan};

/// Why a view cannot be had.
#[derive(Debug)]
#[non_exhaustive]
pub enum ViewError {
    /// The memory cannot answer the request: the clause, and the nearest request that it can answer. With the exception that says so.
    Request(Refusal, PyErr),
    /// The items are of another type.
    Item(Box<ItemMismatch>),
    /// There are more axes, or fewer.
    Rank {
        /// The number asked for.
        asked: usize,
        /// The shape that is there.
        shape: Vec<isize>,
    },
    /// What the interpreter or the exporter raised, or how the answer contradicts itself.
    Raised(PyErr),
}

impl ViewError {
    /// A stable name of the clause for programs; `raised` where an exception says all.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ViewError::Request(refusal, _) => refusal.clause().code(),
            ViewError::Item(mismatch) => mismatch.clause.code(),
            ViewError::Rank { .. } => "rank",
            ViewError::Raised(_) => "raised",
        }
    }

    /// What an exporter's refusal means. It is asked once more, for whatever it has; where that does not explain the refusal, its own words
    /// stand.
    #[cold]
    #[expect(
        clippy::boxed_local,
        reason = "the caller need not move what is in the box"
    )]
    pub(super) fn of_refusal(
        object: &Bound<'_, PyAny>,
        request: Request,
        raised: Box<PyErr>,
    ) -> Box<Self> {
        let (py, raised) = (object.py(), *raised);
        // Nothing to explain where whatever there is was asked for, or where it is something else than a refusal.
        let whatever = request.with(Request::FORMAT) == Request::FULL_RO;
        let refused =
            raised.is_instance_of::<PyBufferError>(py) || raised.is_instance_of::<PyValueError>(py);
        let explained = if whatever || !refused {
            None
        } else {
            let offer = Loan::acquire(object, Request::FULL_RO).map(|loan| loan.offer());
            offer.ok().and_then(|offer| Refusal::new(offer, request))
        };
        Box::new(match explained {
            None => ViewError::Raised(raised),
            Some(refusal) => {
                let error = PyBufferError::new_err(refusal.to_string());
                error.set_cause(py, Some(raised));
                ViewError::Request(refusal, error)
            }
        })
    }
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ViewError::Request(refusal, _) => refusal.fmt(f),
            ViewError::Item(mismatch) => mismatch.fmt(f),
            ViewError::Rank { asked, shape } => {
                let axes = |axes: usize| if axes == 1 { "axis" } else { "axes" };
                let there = shape.len();
                write!(f, "rank: asked for {asked} {}, ", axes(*asked))?;
                write!(
                    f,
                    "the buffer has {there} {} (shape {shape:?}); ",
                    axes(there)
                )?;
                write!(f, "ask for rank {there}, or for any")
            }
            ViewError::Raised(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ViewError {}

impl From<ViewError> for PyErr {
    fn from(error: ViewError) -> PyErr {
        match error {
            ViewError::Request(_, raised) | ViewError::Raised(raised) => raised,
            other => PyValueError::new_err(other.to_string()),
        }
    }
}

/// Items of another type than asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemMismatch {
    clause: Clause,
    asked: String,
    format: String,
    /// What the format means, or why it means nothing.
    meaning: Option<String>,
    /// The type to ask for instead.
    instead: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clause {
    Type,
    ByteOrder,
    Axes,
}

impl Clause {
    fn code(self) -> &'static str {
        match self {
            Clause::Type => "item-type",
            Clause::ByteOrder => "byte-order",
            Clause::Axes => "item-shape",
        }
    }
}

impl ItemMismatch {
    /// The format that is there.
    #[must_use]
    pub fn format(&self) -> &str {
        &self.format
    }

    /// The name of the type that was asked for.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// The name of a type that would be granted, where there is one.
    #[must_use]
    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    #[cold]
    pub(super) fn of_type<T: AnyBits>(loan: &Loan) -> Box<ItemMismatch> {
        let plan = loan.plan();
        let found = plan.ok().and_then(Plan::as_scalar);
        let wanted = Scalar::of_code(T::FORMAT.to_bytes());
        let turned = |(found, wanted): (Scalar, Scalar)| {
            let same = (found.kind(), found.size()) == (wanted.kind(), wanted.size());
            same && found.endian() != wanted.endian()
        };
        let clause = match found.zip(wanted).is_some_and(turned) {
            true => Clause::ByteOrder,
            false => Clause::Type,
        };
        let meaning = match plan {
            Ok(_) => found.map(|scalar| scalar.to_string()),
            Err(FormatError::Parse(error)) => Some(format!("no format: {error}")),
            Err(FormatError::Size(error)) => Some(error.to_string()),
        };
        let instead = plan
            .ok()
            .filter(|plan| plan.offset() == 0 && plan.root().size() == plan.size())
            .and_then(|plan| name_of_node(plan.root()));
        ItemMismatch::new::<T>(loan, clause, meaning, instead)
    }

    #[cold]
    pub(super) fn of_axes<T: AnyBits>(loan: &Loan) -> Box<ItemMismatch> {
        let meaning = match loan.layout().ndim() {
            0 => "without axes".to_owned(),
            _ => describe_axes(loan.layout()),
        };
        let instead = name_of::<T::Item>();
        ItemMismatch::new::<T>(loan, Clause::Axes, Some(meaning), Some(instead))
    }

    fn new<T: AnyBits>(
        loan: &Loan,
        clause: Clause,
        meaning: Option<String>,
        instead: Option<String>,
    ) -> Box<ItemMismatch> {
        Box::new(ItemMismatch {
            clause,
            asked: name_of::<T>(),
            format: loan.format().to_string_lossy().into_owned(),
            meaning,
            instead,
        })
    }
}

fn describe_axes(layout: &Layout) -> String {
    format!("shape {:?}, strides {:?}", layout.shape(), layout.strides())
}

impl fmt::Display for ItemMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.clause {
            Clause::Type => "item type",
            Clause::ByteOrder => "byte order",
            Clause::Axes => "item shape",
        })?;
        write!(
            f,
            ": asked for `{}`, the items are `{}`",
            self.asked, self.format
        )?;
        if let Some(meaning) = &self.meaning {
            write!(f, " ({meaning})")?;
        }
        match &self.instead {
            Some(instead) => write!(f, "; ask for `{instead}`"),
            None => Ok(()),
        }
    }
}

/// The name of a type without the modules it is in.
fn name_of<T>() -> String {
    let full = type_name::<T>();
    let mut name = String::with_capacity(full.len());
    for part in full.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
        name.push_str(part.rsplit("::").next().unwrap_or(part));
    }
    name
}

/// The element that such items are.
fn name_of_node(node: &Node) -> Option<String> {
    match node {
        Node::Scalar(scalar) => name_of_scalar(*scalar),
        Node::Record(_) => Some("a struct with #[derive(Element)]".to_owned()),
        Node::Array(array) => {
            let mut name = name_of_node(array.element())?;
            for extent in array.shape().iter().rev() {
                name = format!("[{name}; {extent}]");
            }
            Some(name)
        }
    }
}

fn name_of_scalar(scalar: Scalar) -> Option<String> {
    let name = match (scalar.kind(), scalar.size()) {
        (Kind::Signed, 1) => "i8",
        (Kind::Signed, 2) => "i16",
        (Kind::Signed, 4) => "i32",
        (Kind::Signed, 8) => "i64",
        (Kind::Unsigned | Kind::Char, 1) => "u8",
        (Kind::Unsigned, 2) => "u16",
        (Kind::Unsigned, 4) => "u32",
        (Kind::Unsigned, 8) => "u64",
        (Kind::Float, 2) => "f16",
        (Kind::Float, 4) => "f32",
        (Kind::Float, 8) => "f64",
        (Kind::Complex, 8) => "Complex<f32>",
        (Kind::Complex, 16) => "Complex<f64>",
        (Kind::Bool, 1) => "ByteBool",
        (Kind::Bytes, size) => return Some(format!("FixedBytes<{size}>")),
        _ => return None,
    };
    Some(match scalar.endian() {
        endian if endian == Endian::NATIVE => name.to_owned(),
        Endian::Big => format!("BigEndian<{name}>"),
        Endian::Little => format!("LittleEndian<{name}>"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use onloan_core::element::BigEndian;
    use onloan_core::format::Format;

    #[test]
    fn names_are_without_modules() {
        assert_eq!(name_of::<f64>(), "f64");
        assert_eq!(name_of::<BigEndian<f64>>(), "BigEndian<f64>");
        assert_eq!(name_of::<[BigEndian<u16>; 3]>(), "[BigEndian<u16>; 3]");
    }

    #[test]
    fn a_type_is_named_for_what_a_format_means() {
        let name = |format: &str| {
            let format = Format::parse(format).unwrap();
            let size = format.size(onloan_core::format::Reading::Padded);
            name_of_node(format.plan_for(size).unwrap().root())
        };
        let names = [
            ("d", "f64"),
            (">d", "BigEndian<f64>"),
            ("c", "u8"),
            ("5s", "FixedBytes<5>"),
            ("(2,3)f", "[[f32; 3]; 2]"),
            ("T{<i:a:}", "a struct with #[derive(Element)]"),
            ("Zf", "Complex<f32>"),
            ("?", "ByteBool"),
        ];
        for (format, expected) in names {
            assert_eq!(name(format).as_deref(), Some(expected), "{format}");
        }
        assert_eq!(name("g"), None);
    }
}

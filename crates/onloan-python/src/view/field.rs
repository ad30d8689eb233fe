//! `m["name"]`: one field of every item, as a view of its own.
//!
//! ```text
//!   T{i:id:d:score:}   │ id │ score │ id │ score │ id │ score │
//!   m["score"]              └ item 0 ┘    └ item 1 ┘              the same strides, beginning at the field
//! ```
//!
//! A field that is a sub-array adds its dimensions behind those of the view, as in NumPy.

use std::ffi::CString;

use onloan::format::{Endian, Kind, Node, Record, Scalar};
use onloan::layout::Layout;
use pyo3::exceptions::{PyKeyError, PyNotImplementedError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::View;
use super::access::Access;
use super::assign;
use super::geometry::Geometry;
use super::item::Item;
use super::key;
use super::pool;

/// A field: what it is, and where.
struct Field {
    item: Item,
    geometry: Geometry,
    address: *mut u8,
}

pub(super) fn get<'py>(
    view: &View,
    access: &Access<'_>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = key.py();
    let field = find(view, access, key)?;
    // SAFETY: a field of each item lies inside of the item (the plan places it there).
    let made = || unsafe {
        view.derive(
            py,
            access,
            field.address,
            field.geometry,
            field.item,
            view.readonly,
        )
    };
    Ok(pool::make(py, made)?.into_any())
}

pub(super) fn set(view: &View, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let access = view.enter()?;
    let field = find(view, &access, key)?;
    assign::copy(view, &field.item, value, |_| {
        (field.address, field.geometry.copy())
    })
}

/// The names of the fields; empty for items that are no structures.
pub(super) fn names(view: &View) -> Vec<String> {
    let Some(record) = record(&view.item) else {
        return Vec::new();
    };
    let names = record.fields().iter().filter_map(|field| field.name());
    names.map(str::to_owned).collect()
}

fn record(item: &Item) -> Option<&Record> {
    match item.plan()?.root() {
        Node::Record(record) => Some(record),
        _ => None,
    }
}

fn find(view: &View, access: &Access<'_>, key: &Bound<'_, PyAny>) -> PyResult<Field> {
    let (Some(plan), Some(record)) = (view.item.plan(), record(&view.item)) else {
        return Err(key::invalid());
    };
    let name = key
        .cast::<PyString>()
        .map_err(|_| key::invalid())?
        .to_cow()?;
    let mut named = record
        .fields()
        .iter()
        .filter(|field| field.name().is_some())
        .peekable();
    if named.peek().is_none() {
        return Err(key::invalid());
    }
    let field = named
        .find(|field| field.name() == Some(name.as_ref()))
        .ok_or_else(|| PyKeyError::new_err(name.clone().into_owned()))?;
    let (dimensions, node) = match field.node() {
        Node::Array(array) => (
            array.shape().iter().copied().zip(array.strides()).collect(),
            array.element(),
        ),
        node => (Vec::new(), node),
    };
    let mut text = String::new();
    spell(node, &mut text).ok_or_else(|| {
        PyNotImplementedError::new_err(format!(
            "memoryview: field '{name}' has no format of its own"
        ))
    })?;
    let text = CString::new(text).map_err(crate::errors::value)?;
    let (layout, address) = place(
        access,
        plan.offset() + field.offset(),
        &dimensions,
        node.size(),
    )?;
    Ok(Field {
        item: Item::of(&text, node.size()),
        geometry: Geometry::of(layout),
        address,
    })
}

/// The layout with items that begin `offset` bytes later, and with further dimensions.
fn place(
    access: &Access<'_>,
    offset: usize,
    dimensions: &[(usize, usize)],
    itemsize: usize,
) -> PyResult<(Layout, *mut u8)> {
    let whole = access.layout();
    let (mut shape, mut strides) = (whole.shape().to_vec(), whole.strides().to_vec());
    for (extent, stride) in dimensions {
        shape.push(extent.cast_signed());
        strides.push(stride.cast_signed());
    }
    let Some(suboffsets) = whole.suboffsets() else {
        let layout = Layout::strided(&shape, &strides, itemsize).map_err(crate::errors::value)?;
        return Ok((layout, access.address().wrapping_add(offset)));
    };
    let mut suboffsets = suboffsets.to_vec();
    if let Some(last) = suboffsets.iter_mut().rfind(|suboffset| **suboffset >= 0) {
        *last = last
            .checked_add_unsigned(offset)
            .ok_or_else(|| PyTypeError::new_err("a suboffset beyond all bounds"))?;
    }
    suboffsets.resize(shape.len(), -1);
    let layout =
        Layout::indirect(&shape, &strides, &suboffsets, itemsize).map_err(crate::errors::value)?;
    Ok((layout, access.address()))
}

/// Writes the format of a part of an item: `i`, `>d`, `T{<I:id:4x<d:score:}`. `None` if it has none by itself.
fn spell(node: &Node, text: &mut String) -> Option<()> {
    match node {
        Node::Scalar(scalar) => letters(*scalar, true, text),
        Node::Record(record) => spell_record(record, text),
        Node::Array(_) => None,
    }
}

fn spell_record(record: &Record, text: &mut String) -> Option<()> {
    text.push_str("T{");
    let mut end = 0;
    for field in record.fields() {
        pad(field.offset().checked_sub(end)?, text);
        end = field.offset() + field.node().size();
        let element = match field.node() {
            Node::Array(array) => {
                let extents: Vec<String> = array.shape().iter().map(ToString::to_string).collect();
                text.push_str(&format!("({})", extents.join(",")));
                array.element()
            }
            node => node,
        };
        match element {
            Node::Scalar(scalar) => letters(*scalar, false, text)?,
            Node::Record(record) => spell_record(record, text)?,
            Node::Array(_) => return None,
        }
        if let Some(name) = field.name() {
            text.push_str(&format!(":{name}:"));
        }
    }
    pad(record.size().checked_sub(end)?, text);
    text.push('}');
    Some(())
}

fn pad(bytes: usize, text: &mut String) {
    if bytes > 0 {
        text.push_str(&format!("{bytes}x"));
    }
}

/// A code with its byte order. Alone, a native letter is left without one, which is what other consumers know best; inside of a structure each
/// has one, so that nothing is aligned.
fn letters(scalar: Scalar, alone: bool, text: &mut String) -> Option<()> {
    let size = scalar.size();
    let (count, code) = match (scalar.kind(), size) {
        (Kind::Signed, 1) => (1, "b"),
        (Kind::Signed, 2) => (1, "h"),
        (Kind::Signed, 4) => (1, "i"),
        (Kind::Signed, 8) => (1, "q"),
        (Kind::Unsigned, 1) => (1, "B"),
        (Kind::Unsigned, 2) => (1, "H"),
        (Kind::Unsigned, 4) => (1, "I"),
        (Kind::Unsigned, 8) => (1, "Q"),
        (Kind::Bool, 1) => (1, "?"),
        (Kind::Char, 1) => (1, "c"),
        (Kind::Float, 2) => (1, "e"),
        (Kind::Float, 4) => (1, "f"),
        (Kind::Float, 8) => (1, "d"),
        (Kind::LongDouble, _) => (1, "g"),
        (Kind::Complex, 4) => (1, "Ze"),
        (Kind::Complex, 8) => (1, "Zf"),
        (Kind::Complex, 16) => (1, "Zd"),
        (Kind::LongComplex, _) => (1, "Zg"),
        (Kind::Bytes, _) => (size, "s"),
        (Kind::Pascal, _) => (size, "p"),
        (Kind::Text { unit: 2 }, _) => (size / 2, "u"),
        (Kind::Text { .. }, _) => (size / 4, "w"),
        (Kind::Pointer, _) => (1, "P"),
        (Kind::Object, _) => (1, "O"),
        (Kind::Opaque, _) => (size, "x"),
        _ => return None,
    };
    let order = match scalar.endian() {
        endian if alone && endian == Endian::NATIVE => "",
        Endian::Little => "<",
        Endian::Big => ">",
    };
    text.push_str(order);
    if count != 1 {
        text.push_str(&count.to_string());
    }
    text.push_str(code);
    Some(())
}

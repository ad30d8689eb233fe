//! Whether an answer adds up: E-30 to E-33, E-36, E-37, E-39, and the format: E-40, E-41.

use onloan::format::{Format, Reading};
use onloan::layout::MAX_NDIM;
use onloan::request::Request;

use super::answer::{Answer, quoted, shown};
use super::breach::Breaches;
use super::poisoned::Filled;

/// `len` is the product of the shape and the item size.
pub(super) fn e30(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    let (Some(len), Some(itemsize)) = (filled.len, filled.itemsize) else {
        return;
    };
    let request = answer.request;
    if len < 0 {
        found.add(
            ("E-30", ""),
            request,
            "len is not negative",
            len.to_string(),
            "",
        );
        return;
    }
    let shape = match (&filled.shape, filled.ndim) {
        (Some(shape), _) => shape.as_slice(),
        (None, Some(0)) if request.wants(Request::ND) => &[],
        _ => return,
    };
    if shape.iter().any(|extent| *extent < 0) {
        return;
    }
    let product = shape.iter().try_fold(itemsize as i128, |product, extent| {
        product.checked_mul(*extent as i128)
    });
    let of_shape = product.map_or_else(
        || "more than any memory".to_owned(),
        |product| product.to_string(),
    );
    if product != Some(len as i128) {
        let beyond = product.is_none_or(|product| product > len as i128);
        found.add(
            ("E-30", if beyond { "beyond" } else { "" }),
            request,
            format!("len {of_shape}: shape {} of {itemsize} bytes", shown(Some(shape))),
            len.to_string(),
            "consumers that walk the shape and those that take len bytes see different memory, or memory that is not there",
        );
    }
}

/// The range of `ndim`.
pub(super) fn e31(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    if let Some(ndim) = filled.ndim
        && !(0..=MAX_NDIM as i32).contains(&ndim)
    {
        found.add(
            ("E-31", ""),
            answer.request,
            format!("ndim from 0 to {MAX_NDIM}"),
            ndim.to_string(),
            "consumers keep arrays of that size",
        );
    }
}

/// One item has no arrays.
pub(super) fn e32(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    if filled.ndim != Some(0) || !answer.request.wants(Request::ND) {
        return;
    }
    for (name, array) in [
        ("shape", &filled.shape),
        ("strides", &filled.strides),
        ("suboffsets", &filled.suboffsets),
    ] {
        if array.is_some() {
            found.add(
                ("E-32", ""),
                answer.request,
                format!("{name} is NULL, as ndim is 0"),
                "not NULL",
                "",
            );
        }
    }
}

/// Extents below zero.
pub(super) fn e33(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    if let Some(shape) = &filled.shape
        && shape.iter().any(|extent| *extent < 0)
    {
        found.add(
            ("E-33", ""),
            answer.request,
            "extents are not negative",
            format!("shape {}", shown(Some(shape))),
            "",
        );
    }
}

/// Suboffsets that lead nowhere.
pub(super) fn e36(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    if let Some(suboffsets) = &filled.suboffsets
        && !suboffsets.is_empty()
        && suboffsets.iter().all(|suboffset| *suboffset < 0)
    {
        found.add(
            ("E-36", ""),
            answer.request,
            "suboffsets are NULL, as none is followed",
            shown(Some(suboffsets)),
            "consumers refuse what seems to need pointers",
        );
    }
}

/// An address, also of nothing.
pub(super) fn e37(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    if filled.buf == Some(0) {
        let way = if filled.len == Some(0) { "empty" } else { "" };
        found.add(
            ("E-37", way),
            answer.request,
            "buf is not NULL",
            format!("NULL, len {}", filled.len.unwrap_or(0)),
            "PyMemoryView_FromBuffer refuses NULL, and memcpy from it is undefined",
        );
    }
}

/// Items of no bytes, or of fewer.
pub(super) fn e25_e39(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    match filled.itemsize {
        Some(0) => found.add(
            ("E-39", ""),
            answer.request,
            "itemsize is not 0",
            "0",
            "allowed, but consumers divide by it",
        ),
        Some(itemsize) if itemsize < 0 => found.add(
            ("E-25", ""),
            answer.request,
            "itemsize is not negative",
            itemsize.to_string(),
            "",
        ),
        _ => {}
    }
}

/// What the format means, and how large it is.
pub(super) fn e40_e41(answer: &Answer, filled: &Filled, found: &mut Breaches) {
    let request = answer.request;
    let (Some(text), Some(itemsize)) = (&filled.format, filled.itemsize) else {
        return;
    };
    // FORMAT without ND may be answered with bytes.
    if !request.wants(Request::ND) || !request.wants(Request::FORMAT) {
        return;
    }
    let shown = quoted(Some(text));
    // What freed memory is full of, in the children of the checker. Where it ends, no NUL ends the text.
    if let [first, second, third, fourth, ..] = text[..]
        && [0xDD, 0xB5, 0xCD].contains(&first)
        && [second, third, fourth] == [first; 3]
    {
        found.add(
            ("E-50", ""),
            request,
            "the format is there until the release",
            format!("freed memory: the text begins with 0x{first:02X} four times"),
            "format points to memory that was given back before the request was answered",
        );
        return;
    }
    let format = match Format::parse_bytes(text) {
        Ok(format) => format,
        Err(error) => {
            found.add(
                ("E-40", ""),
                request,
                "a format in the syntax of struct or PEP 3118",
                shown,
                error.to_string(),
            );
            return;
        }
    };
    if let Ok(itemsize) = usize::try_from(itemsize)
        && let Err(mismatch) = format.fit(itemsize)
    {
        // memoryview takes such an item for what its letter says, and reads that many bytes.
        let beyond =
            format.native_letter().is_some() && mismatch.size(Reading::Unpadded) > itemsize;
        found.add(
            ("E-41", if beyond { "beyond" } else { "" }),
            request,
            format!(
                "itemsize {}, the size of {shown}",
                mismatch.size(Reading::Padded)
            ),
            itemsize.to_string(),
            mismatch.to_string(),
        );
    }
    if is_bare(text) && !is_of_struct(text) {
        found.add(
            ("E-40", "not struct"),
            request,
            "a code that struct knows",
            shown,
            "PEP 3118 has this code and struct has not: memoryview lends such items and cannot index them",
        );
    }
}

/// One code of native order, with or without a count.
fn is_bare(text: &[u8]) -> bool {
    let code: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_digit() && *byte != b'@')
        .collect();
    matches!(code.as_slice(), [_] | [b'Z', _])
}

fn is_of_struct(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| b"@xcbB?hHiIlLqQnNefdspP0123456789".contains(byte))
}

//! What an exporter answered, held against itself and against what was asked.
//!
//! Missing arrays stand for what the documentation says they stand for (ctypes gives no strides though asked for); anything else must add up, or is
//! a [`Contradiction`] that names the rule. What comes out is a [`Geometry`], which holds together by construction.

use std::fmt;

use onloan_core::layout::{Layout, LayoutError, MAX_NDIM};
use onloan_core::request::{Clause, Request, negotiate};
use pyo3::ffi;

use super::geometry::{AXES, Geometry};

/// Reads where the items of an answer lie.
///
/// Without [`Request::ND`] the items are bytes, whatever `ndim` and `itemsize` say: some exporters leave them as they are, some set `ndim` to 0
/// or 1.
///
/// # Errors
/// What does not add up.
///
/// # Safety
/// Each array of `answer` is NULL or has `ndim` numbers that nobody writes to during the call.
pub(super) unsafe fn read(
    answer: &ffi::Py_buffer,
    request: Request,
    geometry: &mut Geometry,
) -> Result<(), Contradiction> {
    geometry.base = answer.buf.cast();
    geometry.facts.writable = request.wants(Request::WRITABLE) && answer.readonly == 0;
    let row = match request {
        // Then the usual has been tried, and there is probably more to it.
        Request::FULL_RO | Request::FULL => None,
        // SAFETY: granted by the caller.
        _ => unsafe { read_row(answer, request, None, geometry) },
    };
    // SAFETY: granted by the caller.
    if row.is_none() && unsafe { read_axes(answer, request, geometry) }.is_none() {
        // SAFETY: granted by the caller.
        unsafe { read_any(answer, request, geometry) }?;
    }
    // A request that takes whatever there is cannot be broken.
    if takes(request, answer).is_none() {
        keeps_to(geometry, answer.readonly != 0, request)?;
    }
    Ok(())
}

/// As [`read`], for what most exporters have and most consumers ask for; `None` if it is something else, or does not add up.
///
/// `likely` is the size that items probably have, if the compiler knows one: others are something else.
///
/// # Safety
/// As [`read`].
#[inline(always)]
pub(super) unsafe fn read_usual(
    answer: &ffi::Py_buffer,
    request: Request,
    likely: Option<usize>,
    geometry: &mut Geometry,
) -> Option<()> {
    let writable = takes(request, answer)?;
    geometry.base = answer.buf.cast();
    // SAFETY: granted by the caller.
    unsafe { read_row(answer, request, likely, geometry) }?;
    geometry.facts.writable = writable;
    Some(())
}

/// Whether what a request that takes any layout was granted may be written to; `None` of other requests, and of read-only memory for one
/// that writes.
#[inline(always)]
fn takes(request: Request, answer: &ffi::Py_buffer) -> Option<bool> {
    match request {
        Request::FULL_RO => Some(false),
        Request::FULL if answer.readonly == 0 => Some(true),
        _ => None,
    }
}

/// One axis without gaps, which is what most exporters have; `None` if there is more to it, or if it does not add up.
///
/// # Safety
/// As [`read`].
#[inline]
unsafe fn read_row(
    answer: &ffi::Py_buffer,
    request: Request,
    likely: Option<usize>,
    geometry: &mut Geometry,
) -> Option<()> {
    let (items, itemsize) = if request.wants(Request::ND) {
        let itemsize = match likely {
            Some(size) if answer.itemsize != size.cast_signed() => return None,
            Some(size) => size.cast_signed(),
            None => answer.itemsize,
        };
        if answer.ndim != 1 || answer.shape.is_null() || !answer.suboffsets.is_null() {
            return None;
        }
        // SAFETY: one number (granted by the caller).
        let items = unsafe { answer.shape.read() };
        if !answer.strides.is_null() {
            // SAFETY: as above.
            let stride = unsafe { answer.strides.read() };
            if stride != itemsize {
                return None;
            }
        }
        (items, itemsize)
    } else {
        (answer.len, 1)
    };
    // Not negative, and no more than can be counted.
    let counted = match likely {
        // Known to the compiler, and so one comparison.
        Some(size) if size > 0 => items.cast_unsigned() <= isize::MAX.cast_unsigned() / size,
        _ => items | itemsize >= 0,
    };
    // Without an address there may be no bytes; that is rare.
    if !counted || items.checked_mul(itemsize)? != answer.len || answer.buf.is_null() {
        return None;
    }
    geometry.set_row(items, itemsize);
    Some(())
}

/// A few axes without pointers; `None` if there is more to it, or if it does not add up.
///
/// # Safety
/// As [`read`].
unsafe fn read_axes(
    answer: &ffi::Py_buffer,
    request: Request,
    geometry: &mut Geometry,
) -> Option<()> {
    if request.wants(Request::ND) {
        let ndim = answer.ndim as usize;
        if ndim > AXES || !answer.suboffsets.is_null() {
            return None;
        }
        // SAFETY: granted by the caller.
        let array = |start: *mut isize| unsafe { numbers(start, ndim) };
        let shape = match array(answer.shape) {
            None if ndim > 0 => return None,
            shape => shape.unwrap_or_default(),
        };
        geometry.set_axes(shape, array(answer.strides), answer.itemsize)?;
    } else {
        geometry.set_axes(&[answer.len], None, 1)?;
    }
    let bytes = geometry.nbytes();
    let adds_up = answer.len == bytes.cast_signed() && (!answer.buf.is_null() || bytes == 0);
    adds_up.then_some(())
}

/// # Safety
/// As [`read`].
#[cold]
#[inline(never)]
unsafe fn read_any(
    answer: &ffi::Py_buffer,
    request: Request,
    geometry: &mut Geometry,
) -> Result<(), Contradiction> {
    let layout = if request.wants(Request::ND) {
        // SAFETY: granted by the caller.
        let layout = unsafe { items(answer) }?;
        if usize::try_from(answer.len) != Ok(layout.nbytes()) {
            return Err(Contradiction::Length {
                len: answer.len,
                items: layout.nbytes(),
            });
        }
        layout
    } else {
        let bytes =
            usize::try_from(answer.len).map_err(|_| Contradiction::NegativeLength(answer.len))?;
        Layout::vector(bytes, 1).map_err(Contradiction::Layout)?
    };
    if answer.buf.is_null() && layout.nbytes() > 0 {
        return Err(Contradiction::NoAddress(layout.nbytes()));
    }
    geometry.set(layout);
    Ok(())
}

/// # Safety
/// As [`read`].
unsafe fn items(answer: &ffi::Py_buffer) -> Result<Layout, Contradiction> {
    let ndim = usize::try_from(answer.ndim)
        .ok()
        .filter(|ndim| *ndim <= MAX_NDIM)
        .ok_or(Contradiction::Ndim(answer.ndim))?;
    let itemsize = usize::try_from(answer.itemsize)
        .map_err(|_| Contradiction::NegativeItemsize(answer.itemsize))?;
    let by_length = [answer.len.checked_div(answer.itemsize).unwrap_or(0)];
    // SAFETY: granted by the caller.
    let array = |start: *mut isize| unsafe { numbers(start, ndim) };
    let shape = match array(answer.shape) {
        Some(shape) => shape,
        None if ndim == 0 => &[],
        None if ndim == 1 => &by_length,
        None => return Err(Contradiction::NoShape(ndim)),
    };
    let layout = match (array(answer.strides), array(answer.suboffsets)) {
        (None, None) => Layout::c_order(shape, itemsize),
        (Some(strides), None) => Layout::strided(shape, strides, itemsize),
        (Some(strides), Some(suboffsets)) => Layout::indirect(shape, strides, suboffsets, itemsize),
        (None, Some(_)) => return Err(Contradiction::NoStrides),
    };
    layout.map_err(Contradiction::Layout)
}

/// # Safety
/// `start` is NULL, or leads to `count` numbers that nobody writes to while the reference is used.
#[inline]
unsafe fn numbers<'a>(start: *mut isize, count: usize) -> Option<&'a [isize]> {
    if start.is_null() || count == 0 {
        return None;
    }
    // SAFETY: granted by the caller.
    Some(unsafe { std::slice::from_raw_parts(start, count) })
}

/// Whether memory like this could have been granted to that request.
fn keeps_to(geometry: &Geometry, readonly: bool, request: Request) -> Result<(), Contradiction> {
    // Formats without a shape are given by some exporters and refused by others; both is fine.
    let asked = if request.wants(Request::ND) {
        request
    } else {
        request.without(Request::FORMAT)
    };
    match negotiate(geometry.offer(readonly), asked) {
        Ok(_) => Ok(()),
        Err(clause) => Err(Contradiction::Granted(clause, request)),
    }
}

/// What an answer says that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contradiction {
    Ndim(i32),
    NegativeItemsize(isize),
    NegativeLength(isize),
    NoShape(usize),
    NoStrides,
    NoAddress(usize),
    Length { len: isize, items: usize },
    Layout(LayoutError),
    Granted(Clause, Request),
}

impl Contradiction {
    /// The rule of the protocol that the exporter breaks.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            Self::Ndim(_) => "E-31",
            Self::NegativeItemsize(_) => "E-25",
            Self::NegativeLength(_) | Self::Length { .. } => "E-30",
            Self::NoShape(_) | Self::NoStrides => "E-20",
            Self::NoAddress(_) => "E-37",
            Self::Layout(LayoutError::NegativeExtent { .. }) => "E-33",
            Self::Layout(LayoutError::TooFarApart { .. }) => "E-35",
            Self::Layout(_) => "E-30",
            Self::Granted(Clause::NotWritable, _) => "E-23",
            Self::Granted(..) => "E-22",
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ndim(ndim) => {
                write!(f, "it has {ndim} dimensions, 0 to {MAX_NDIM} are possible")
            }
            Self::NegativeItemsize(itemsize) => write!(f, "its items have {itemsize} bytes"),
            Self::NegativeLength(len) => write!(f, "its length is {len}"),
            Self::NoShape(ndim) => write!(f, "it has {ndim} dimensions but no shape"),
            Self::NoStrides => f.write_str("it has suboffsets but no strides"),
            Self::NoAddress(bytes) => write!(f, "it has {bytes} bytes but no address"),
            Self::Length { len, items } => {
                write!(f, "its length is {len}, but its items have {items} bytes")
            }
            Self::Layout(error) => error.fmt(f),
            Self::Granted(clause, request) => write!(f, "{clause}, though it granted {request}"),
        }
    }
}

#[cfg(test)]
mod tests;

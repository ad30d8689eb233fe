//! The native letters: items that are read and written without a detour.
//!
//! Types, ranges and messages are memoryview's: an integer is what has `__index__`, and whatever does not fit is
//! `TypeError: memoryview: invalid type for format 'i'` or `ValueError: memoryview: invalid value for format 'i'`.

use std::ffi::{CStr, c_int, c_long, c_longlong, c_short};
use std::sync::OnceLock;

use onloan::format::{Format, Plan, Reading, Value};
use onloan_core::kernel::half_to_single;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt};

use super::place::Place;

/// What a native letter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NativeCode {
    UnsignedByte,
    SignedByte,
    Char,
    Bool,
    Short,
    UnsignedShort,
    Int,
    UnsignedInt,
    Long,
    UnsignedLong,
    LongLong,
    UnsignedLongLong,
    Size,
    UnsignedSize,
    Half,
    Float,
    Double,
    Pointer,
}

/// A letter, with or without the `@` that changes nothing.
pub(super) struct Native {
    text: &'static CStr,
    code: NativeCode,
    size: usize,
    plan: OnceLock<Plan>,
}

const fn native(text: &'static CStr, code: NativeCode, size: usize) -> Native {
    Native {
        text,
        code,
        size,
        plan: OnceLock::new(),
    }
}

macro_rules! natives {
    ($($letter:literal $code:ident $type:ty,)*) => {
        [$(
            native(
                match CStr::from_bytes_with_nul(concat!($letter, "\0").as_bytes()) {
                    Ok(text) => text,
                    Err(_) => c"B",
                },
                NativeCode::$code,
                size_of::<$type>(),
            ),
            native(
                match CStr::from_bytes_with_nul(concat!("@", $letter, "\0").as_bytes()) {
                    Ok(text) => text,
                    Err(_) => c"B",
                },
                NativeCode::$code,
                size_of::<$type>(),
            ),
        )*]
    };
}

/// In the order of [`NATIVES`], where each has two entries.
const LETTERS: &[u8; 18] = b"Bbc?hHiIlLqQnNefdP";

/// The place of each letter in [`LETTERS`]; beyond it for what is none.
static INDICES: [u8; 128] = {
    let mut indices = [u8::MAX; 128];
    let mut index = 0;
    while index < LETTERS.len() {
        indices[LETTERS[index] as usize] = index as u8;
        index += 1;
    }
    indices
};

static NATIVES: [Native; 2 * LETTERS.len()] = natives![
    "B" UnsignedByte u8,
    "b" SignedByte i8,
    "c" Char u8,
    "?" Bool bool,
    "h" Short c_short,
    "H" UnsignedShort c_short,
    "i" Int c_int,
    "I" UnsignedInt c_int,
    "l" Long c_long,
    "L" UnsignedLong c_long,
    "q" LongLong c_longlong,
    "Q" UnsignedLongLong c_longlong,
    "n" Size isize,
    "N" UnsignedSize usize,
    "e" Half u16,
    "f" Float f32,
    "d" Double f64,
    "P" Pointer usize,
];

impl Native {
    /// The entry of a format, if it is a native letter.
    #[inline]
    pub(super) fn find(text: &[u8]) -> Option<&'static Native> {
        let at = match text {
            [b'@', _] => 1,
            [_] => 0,
            _ => return None,
        };
        let index = usize::from(*INDICES.get(usize::from(text[at]))?);
        NATIVES.get(2 * index + at)
    }

    #[inline]
    pub(super) fn text(&self) -> &'static CStr {
        self.text
    }

    #[inline]
    pub(super) fn code(&self) -> NativeCode {
        self.code
    }

    #[inline]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn plan(&'static self) -> &'static Plan {
        self.plan.get_or_init(|| {
            let format = Format::parse_bytes(self.text.to_bytes()).unwrap_or_default();
            format.plan(Reading::Unpadded)
        })
    }
}

/// An item that does not have the size that its letter says: never, by the way views are made.
#[cold]
fn wrong_size() -> PyErr {
    PyValueError::new_err("memoryview: the item has another size than its format")
}

macro_rules! read {
    ($py:expr, $place:expr, $type:ty) => {{
        let number = <$type>::from_ne_bytes($place.read().ok_or_else(wrong_size)?);
        number.into_pyobject($py)?.into_any()
    }};
}

/// The value of an item.
#[inline]
pub(super) fn unpack<'py>(
    py: Python<'py>,
    code: NativeCode,
    place: Place<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    use NativeCode::*;
    Ok(match code {
        UnsignedByte => read!(py, place, u8),
        SignedByte => read!(py, place, i8),
        Short => read!(py, place, c_short),
        UnsignedShort => read!(py, place, u16),
        Int => read!(py, place, c_int),
        UnsignedInt => read!(py, place, u32),
        Long if size_of::<c_long>() == 4 => read!(py, place, i32),
        UnsignedLong if size_of::<c_long>() == 4 => read!(py, place, u32),
        Size if size_of::<isize>() == 4 => read!(py, place, i32),
        UnsignedSize | Pointer if size_of::<usize>() == 4 => read!(py, place, u32),
        Long | LongLong | Size => read!(py, place, i64),
        UnsignedLong | UnsignedLongLong | UnsignedSize | Pointer => read!(py, place, u64),
        Float => {
            let number = f32::from_ne_bytes(place.read().ok_or_else(wrong_size)?);
            PyFloat::new(py, number.into()).into_any()
        }
        Double => {
            let number = f64::from_ne_bytes(place.read().ok_or_else(wrong_size)?);
            PyFloat::new(py, number).into_any()
        }
        Bool => {
            let [byte] = place.read().ok_or_else(wrong_size)?;
            PyBool::new(py, byte != 0).to_owned().into_any()
        }
        Char => {
            let byte: [u8; 1] = place.read().ok_or_else(wrong_size)?;
            PyBytes::new(py, &byte).into_any()
        }
        Half => {
            let bits = u16::from_ne_bytes(place.read().ok_or_else(wrong_size)?);
            PyFloat::new(py, half_to_single(bits).into()).into_any()
        }
    })
}

/// How a half is written, which is rounded as the module `struct` rounds it.
fn half() -> &'static Plan {
    NATIVES[28].plan()
}

/// An object as the bytes of an item, or what memoryview raises.
pub(super) enum Packed {
    One([u8; 1]),
    Two([u8; 2]),
    Four([u8; 4]),
    Eight([u8; 8]),
}

impl Packed {
    /// Writes the item; `false` if it is read-only.
    #[inline]
    pub(super) fn write(self, place: Place<'_>) -> bool {
        match self {
            Packed::One(bytes) => place.write(bytes),
            Packed::Two(bytes) => place.write(bytes),
            Packed::Four(bytes) => place.write(bytes),
            Packed::Eight(bytes) => place.write(bytes),
        }
    }
}

/// Whether none of the object's code runs when it is packed: numbers and bytes as they are.
#[inline]
pub(super) fn is_plain(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyBool>()
        || object.is_exact_instance_of::<PyBytes>()
}

/// Packs an object. Runs its code: nothing may be held that could go away.
///
/// # Errors
/// `TypeError`, `ValueError` with memoryview's messages; other exceptions of the object's own code.
#[inline]
pub(super) fn pack(code: NativeCode, format: &CStr, object: &Bound<'_, PyAny>) -> PyResult<Packed> {
    use NativeCode::*;
    let fix = |error| fixed(object.py(), format, error);
    let value = || invalid_value(format);
    let signed = || object.extract::<i64>().map_err(fix);
    let unsigned = || object.extract::<u64>().map_err(fix);
    Ok(match code {
        UnsignedByte => Packed::One([u8::try_from(signed()?).map_err(|_| value())?]),
        SignedByte => Packed::One(i8::try_from(signed()?).map_err(|_| value())?.to_ne_bytes()),
        Short => Packed::Two(i16::try_from(signed()?).map_err(|_| value())?.to_ne_bytes()),
        UnsignedShort => Packed::Two(u16::try_from(signed()?).map_err(|_| value())?.to_ne_bytes()),
        Int => Packed::Four(i32::try_from(signed()?).map_err(|_| value())?.to_ne_bytes()),
        UnsignedInt => Packed::Four(u32::try_from(signed()?).map_err(|_| value())?.to_ne_bytes()),
        Long if size_of::<c_long>() == 4 => {
            Packed::Four(i32::try_from(signed()?).map_err(|_| value())?.to_ne_bytes())
        }
        UnsignedLong if size_of::<c_long>() == 4 => {
            Packed::Four(u32::try_from(signed()?).map_err(|_| value())?.to_ne_bytes())
        }
        Size if size_of::<isize>() == 4 => {
            Packed::Four(i32::try_from(signed()?).map_err(|_| value())?.to_ne_bytes())
        }
        UnsignedSize if size_of::<usize>() == 4 => {
            Packed::Four(u32::try_from(signed()?).map_err(|_| value())?.to_ne_bytes())
        }
        Long | LongLong | Size => Packed::Eight(signed()?.to_ne_bytes()),
        UnsignedLong | UnsignedLongLong | UnsignedSize => Packed::Eight(unsigned()?.to_ne_bytes()),
        Pointer => pointer(object).map_err(fix)?,
        // C's conversion: what is too large becomes infinite.
        Float => Packed::Four((object.extract::<f64>().map_err(fix)? as f32).to_ne_bytes()),
        Double => Packed::Eight(object.extract::<f64>().map_err(fix)?.to_ne_bytes()),
        Half => {
            let number = object.extract::<f64>().map_err(fix)?;
            let mut bytes = [0; 2];
            half()
                .write(&Value::Float(number), &mut bytes)
                .map_err(|_| value())?;
            Packed::Two(bytes)
        }
        Bool => Packed::One([u8::from(object.is_truthy()?)]),
        Char => {
            let bytes = object.cast::<PyBytes>().map_err(|_| invalid_type(format))?;
            match bytes.as_bytes() {
                [byte] => Packed::One([*byte]),
                _ => return Err(value()),
            }
        }
    })
}

/// `PyLong_AsVoidPtr`, which takes negative numbers too.
fn pointer(object: &Bound<'_, PyAny>) -> PyResult<Packed> {
    let number = match object.extract::<u64>() {
        Ok(number) => number,
        Err(_) => object.extract::<i64>()? as u64,
    };
    if size_of::<usize>() == 4 {
        let number =
            u32::try_from(number).map_err(|_| PyOverflowError::new_err("not an address"))?;
        return Ok(Packed::Four(number.to_ne_bytes()));
    }
    Ok(Packed::Eight(number.to_ne_bytes()))
}

/// `fix_error_int` of memoryview.
#[cold]
fn fixed(py: Python<'_>, format: &CStr, error: PyErr) -> PyErr {
    if error.is_instance_of::<PyTypeError>(py) {
        invalid_type(format)
    } else if error.is_instance_of::<PyOverflowError>(py)
        || error.is_instance_of::<PyValueError>(py)
    {
        invalid_value(format)
    } else {
        error
    }
}

#[cold]
pub(super) fn invalid_type(format: &CStr) -> PyErr {
    PyTypeError::new_err(format!(
        "memoryview: invalid type for format '{}'",
        format.to_string_lossy()
    ))
}

#[cold]
pub(super) fn invalid_value(format: &CStr) -> PyErr {
    PyValueError::new_err(format!(
        "memoryview: invalid value for format '{}'",
        format.to_string_lossy()
    ))
}

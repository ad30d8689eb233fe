//! Lists of items, at the cost of their objects.
//!
//! How an item becomes an object is looked up once for a list, not once for an item: a [`Maker`] is a function for one kind of number, or a list
//! of them for a structure. What has none (text of Python's, sub-arrays, long doubles, …) goes the long way of [`Reader`](super::value::Reader).
//!
//! # Into the list
//!
//! `PyList_SetItem` of the stable ABI asks anew for each item whether this is a list and has a place of that number. Where the places are
//! is verified on a list whose items are known; if they are not where they are looked for, that function stays in use.

use std::ffi::{c_long, c_longlong};
use std::mem::size_of;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use onloan::__private::GIL_DISABLED;
use onloan::format::{Endian, Kind, Node, Plan, Scalar};
use onloan_core::kernel::half_to_single;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyList};

use super::item::Item;
use super::native::NativeCode;
use super::place::{Place, Places};

/// A new reference, or NULL with an exception set.
type Object = *mut ffi::PyObject;

/// Makes the object of one item, after its bytes were read.
pub(super) type Make = fn(Python<'_>, Place<'_>) -> Object;

/// How an item becomes an object.
pub(super) enum Maker {
    Scalar(Make),
    /// A tuple: where each field begins, its bytes, and how it is made.
    Record(Vec<(usize, usize, Maker)>),
}

impl Maker {
    /// For the items of a view; `None` for those of the long way.
    pub(super) fn of(item: &Item) -> Option<Maker> {
        if let Some(code) = item.native() {
            return Some(Maker::Scalar(of_native(code)));
        }
        let plan = item.plan()?;
        let maker = Maker::of_node(plan.root())?;
        if starts_and_ends_with_its_root(plan) {
            return Some(maker);
        }
        None
    }

    fn of_node(node: &Node) -> Option<Maker> {
        match node {
            Node::Scalar(scalar) => scalar_maker(*scalar).map(Maker::Scalar),
            Node::Record(record) => {
                let field = |field: &onloan::format::Field| {
                    let node = field.node();
                    Some((field.offset(), node.size(), Maker::of_node(node)?))
                };
                let fields: Option<Vec<_>> = record.fields().iter().map(field).collect();
                fields.map(Maker::Record)
            }
            Node::Array(_) => None,
        }
    }

    fn make(&self, py: Python<'_>, place: Place<'_>) -> Object {
        match self {
            Maker::Scalar(make) => make(py, place),
            Maker::Record(fields) => tuple(py, fields, place),
        }
    }
}

/// How the items of a native letter are made.
#[inline]
pub(super) fn of_native(code: NativeCode) -> Make {
    use NativeCode::*;
    match code {
        UnsignedByte => unsigned_1::<false>,
        SignedByte => signed_1::<false>,
        Char => bytes,
        Bool => truth,
        Short => signed_2::<false>,
        UnsignedShort => unsigned_2::<false>,
        Int => signed_4::<false>,
        UnsignedInt => unsigned_4::<false>,
        Long if size_of::<c_long>() == 4 => signed_4::<false>,
        UnsignedLong if size_of::<c_long>() == 4 => unsigned_4::<false>,
        Size if size_of::<isize>() == 4 => signed_4::<false>,
        UnsignedSize | Pointer if size_of::<usize>() == 4 => unsigned_4::<false>,
        Long | LongLong | Size => signed_8::<false>,
        UnsignedLong | UnsignedLongLong | UnsignedSize | Pointer => unsigned_8::<false>,
        Half => half::<false>,
        Float => single::<false>,
        Double => double::<false>,
    }
}

/// Whether an item is its root and nothing else, so that one is read as the other.
fn starts_and_ends_with_its_root(plan: &Plan) -> bool {
    plan.offset() == 0 && plan.size() == plan.root().size()
}

fn tuple(py: Python<'_>, fields: &[(usize, usize, Maker)], place: Place<'_>) -> Object {
    // SAFETY: attached; a number of fields.
    let tuple = unsafe { ffi::PyTuple_New(fields.len().cast_signed()) };
    if tuple.is_null() {
        return tuple;
    }
    for (index, (offset, size, maker)) in fields.iter().enumerate() {
        let field = match place.part(*offset, *size) {
            Some(part) => maker.make(py, part),
            None => wrong_size(),
        };
        if field.is_null() {
            // SAFETY: a reference of our own.
            unsafe { ffi::Py_DECREF(tuple) };
            return field;
        }
        // SAFETY: a new tuple that nobody else knows, with so many places; the reference is given away.
        unsafe { ffi::PyTuple_SetItem(tuple, index.cast_signed(), field) };
    }
    tuple
}

/// The function for one kind of value.
fn scalar_maker(scalar: Scalar) -> Option<Make> {
    let swapped = scalar.endian() != Endian::NATIVE;
    macro_rules! either {
        ($make:ident) => {
            if swapped {
                $make::<true>
            } else {
                $make::<false>
            }
        };
    }
    Some(match (scalar.kind(), scalar.size()) {
        (Kind::Signed, 1) => either!(signed_1),
        (Kind::Signed, 2) => either!(signed_2),
        (Kind::Signed, 4) => either!(signed_4),
        (Kind::Signed, 8) => either!(signed_8),
        (Kind::Unsigned, 1) => either!(unsigned_1),
        (Kind::Unsigned, 2) => either!(unsigned_2),
        (Kind::Unsigned, 4) => either!(unsigned_4),
        (Kind::Unsigned, 8) => either!(unsigned_8),
        (Kind::Float, 2) => either!(half),
        (Kind::Float, 4) => either!(single),
        (Kind::Float, 8) => either!(double),
        (Kind::Complex, 8) => either!(complex_of_singles),
        (Kind::Complex, 16) => either!(complex_of_doubles),
        (Kind::Bool, 1) => truth,
        (Kind::Char | Kind::Bytes | Kind::Opaque, _) => bytes,
        _ => return None,
    })
}

macro_rules! numbers {
    ($($name:ident $type:ty => $make:expr;)*) => {$(
        #[inline]
        fn $name<const SWAPPED: bool>(_py: Python<'_>, place: Place<'_>) -> Object {
            let Some(mut bytes) = place.read::<{ size_of::<$type>() }>() else {
                return wrong_size();
            };
            if SWAPPED {
                bytes.reverse();
            }
            let make: fn($type) -> Object = $make;
            make(<$type>::from_ne_bytes(bytes))
        }
    )*};
}

numbers! {
    signed_1 i8 => |number| long(number.into());
    signed_2 i16 => |number| long(number.into());
    signed_4 i32 => |number| long(number.into());
    signed_8 i64 => long;
    unsigned_1 u8 => |number| long(number.into());
    unsigned_2 u16 => |number| long(number.into());
    unsigned_4 u32 => |number| long(number.into());
    unsigned_8 u64 => unsigned_long;
    half u16 => |bits| float(half_to_single(bits).into());
    single f32 => |number| float(number.into());
    double f64 => float;
}

#[inline]
fn long(number: c_longlong) -> Object {
    // SAFETY: attached, as all makers are.
    unsafe { ffi::PyLong_FromLongLong(number) }
}

#[inline]
fn unsigned_long(number: u64) -> Object {
    // SAFETY: attached, as all makers are.
    unsafe { ffi::PyLong_FromUnsignedLongLong(number) }
}

#[inline]
fn float(number: f64) -> Object {
    // SAFETY: attached, as all makers are.
    unsafe { ffi::PyFloat_FromDouble(number) }
}

macro_rules! complexes {
    ($($name:ident $type:ty;)*) => {$(
        fn $name<const SWAPPED: bool>(_py: Python<'_>, place: Place<'_>) -> Object {
            let Some(bytes) = place.read::<{ 2 * size_of::<$type>() }>() else {
                return wrong_size();
            };
            let (parts, _) = bytes.as_chunks();
            let part = |index: usize| -> f64 {
                let mut bytes: [u8; size_of::<$type>()] = parts[index];
                if SWAPPED {
                    bytes.reverse();
                }
                <$type>::from_ne_bytes(bytes).into()
            };
            let (re, im) = (part(0), part(1));
            // SAFETY: attached, as all makers are.
            unsafe { ffi::PyComplex_FromDoubles(re, im) }
        }
    )*};
}

complexes! {
    complex_of_singles f32;
    complex_of_doubles f64;
}

fn truth(py: Python<'_>, place: Place<'_>) -> Object {
    match place.read() {
        Some([byte]) => PyBool::new(py, byte != 0).to_owned().into_ptr(),
        None => wrong_size(),
    }
}

fn bytes(py: Python<'_>, place: Place<'_>) -> Object {
    place.to_bytes(py).map_or(ptr::null_mut(), Bound::into_ptr)
}

/// An item that does not have the bytes of its format: never, by the way views are made.
#[cold]
fn wrong_size() -> Object {
    // SAFETY: a static of the interpreter, set since it was initialised.
    let class = unsafe { ffi::PyExc_ValueError };
    let words = c"memoryview: the item has another size than its format";
    // SAFETY: attached, a class of exceptions and a string.
    unsafe { ffi::PyErr_SetString(class, words.as_ptr()) };
    ptr::null_mut()
}

/// The next `count` items as a list.
///
/// # Errors
/// There is no memory for it.
pub(super) fn list<'py>(
    py: Python<'py>,
    item: &Item,
    maker: &Maker,
    places: &mut Places<'_>,
    count: usize,
) -> PyResult<Bound<'py, PyList>> {
    use NativeCode::*;
    // Of the most frequent ones the function is a part of the loop.
    match (item.native(), size_of::<c_long>()) {
        (Some(UnsignedByte), _) => {
            filled(py, places, count, |place| unsigned_1::<false>(py, place))
        }
        (Some(Int), _) => filled(py, places, count, |place| signed_4::<false>(py, place)),
        (Some(LongLong), _) | (Some(Long), 8) => {
            filled(py, places, count, |place| signed_8::<false>(py, place))
        }
        (Some(Bool), _) => filled(py, places, count, |place| truth(py, place)),
        (Some(Float), _) => filled(py, places, count, |place| single::<false>(py, place)),
        (Some(Double), _) => filled(py, places, count, |place| double::<false>(py, place)),
        _ => match maker {
            Maker::Scalar(make) => filled(py, places, count, |place| make(py, place)),
            Maker::Record(fields) => filled(py, places, count, |place| tuple(py, fields, place)),
        },
    }
}

/// A list of what `make` makes of the next `count` places.
#[inline]
fn filled<'py>(
    py: Python<'py>,
    places: &mut Places<'_>,
    count: usize,
    mut make: impl FnMut(Place<'_>) -> Object,
) -> PyResult<Bound<'py, PyList>> {
    // SAFETY: attached; a number of items.
    let list = unsafe { ffi::PyList_New(count.cast_signed()) };
    // SAFETY: NULL with an exception set, or a new reference.
    let list = unsafe { Bound::from_owned_ptr_or_err(py, list) }?;
    // SAFETY: just made.
    let list = unsafe { list.cast_into_unchecked::<PyList>() };
    let mut made = 0;
    let mut next = |object: Object| {
        let index = made;
        made += 1;
        (!object.is_null()).then_some((index, object))
    };
    let done = match start(&list, count) {
        Some(start) => places.each(count, |place| {
            let Some((index, object)) = next(make(place)) else {
                return false;
            };
            // SAFETY: one of `count` places of a new list (verified), none of which holds anything yet; the reference is given away.
            unsafe { start.as_ptr().wrapping_add(index).write(object) };
            true
        }),
        None => places.each(count, |place| {
            let Some((index, object)) = next(make(place)) else {
                return false;
            };
            // SAFETY: a new list of `count` places; the reference is given away.
            unsafe { ffi::PyList_SetItem(list.as_ptr(), index.cast_signed(), object) };
            true
        }),
    };
    if done {
        Ok(list)
    } else {
        Err(PyErr::fetch(py))
    }
}

/// The head, the number of items, where they are, and for how many there is room: `PyListObject`.
const LIST: usize = 5;

/// The first place of a new list of `count` items, if lists are as they are known to be.
fn start(list: &Bound<'_, PyList>, count: usize) -> Option<NonNull<Object>> {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    if count == 0 || !*KNOWN.get_or_init(|| are_known(list.py())) {
        return None;
    }
    // SAFETY: a word of a list, which has so many (verified).
    NonNull::new(unsafe { list.as_ptr().cast::<*mut Object>().wrapping_add(3).read() })
}

/// Whether the items of a list are where they are looked for.
fn are_known(py: Python<'_>) -> bool {
    let size = py
        .get_type::<PyList>()
        .getattr("__basicsize__")
        .and_then(|size| size.extract::<usize>());
    if GIL_DISABLED || !size.is_ok_and(|size| size == LIST * size_of::<usize>()) {
        return false;
    }
    let Ok(list) = PyList::new(py, [py.None(), py.Ellipsis(), py.NotImplemented()]) else {
        return false;
    };
    let word = |index: usize| {
        // SAFETY: a word of a list, which has so many (checked).
        unsafe { list.as_ptr().cast::<usize>().wrapping_add(index).read() }
    };
    // A number of items, room for at least as many, and what remains is the address of the places.
    let (items, room) = (word(2), word(4));
    if items != list.len() || !(items..64).contains(&room) || word(3) < 4096 {
        return false;
    }
    // SAFETY: the third word, as above.
    let start = unsafe { list.as_ptr().cast::<*const Object>().wrapping_add(3).read() };
    start.is_aligned()
        && list.iter().enumerate().all(|(index, item)| {
            // SAFETY: the places of the items, which are as many.
            let found = unsafe { start.wrapping_add(index).read() };
            found == item.as_ptr()
        })
}

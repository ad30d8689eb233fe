"""Formats of elements: read by NumPy, ctypes, struct and memoryview as Rust wrote them, byte for byte."""

import ctypes
import struct

import numpy
import pytest

from onloan_suite import elements, raw

from suite.oracle import FULL_RO

#: name → format, and the shape of two items.
FORMATS = {
    "u8": "B",
    "u16": "H",
    "u32": "I",
    "u64": "Q",
    "usize": "Q",
    "i8": "b",
    "i16": "h",
    "i32": "i",
    "i64": "q",
    "isize": "q",
    "f32": "f",
    "f64": "d",
    "f16": "e",
    "Complex<f32>": "Zf",
    "Complex<f64>": "Zd",
    "bool": "?",
    "ByteBool": "?",
    "char": "w",
    "BigEndian<u16>": ">H",
    "BigEndian<u32>": ">I",
    "BigEndian<f64>": ">d",
    "LittleEndian<i64>": "<q",
    "FixedBytes<5>": "5s",
    "Padding<3>": "3x",
    "[f32; 3]": "f",
    "[[u8; 2]; 3]": "B",
    "Celsius": "d",
    "Mixed": "T{<I:id:4x<d:value:(4)<h:peak to peak:}",
    "Point": "T{<f:x:<f:y:}",
    "Header": "T{4s:magic:>I:length:<f:ratio:}",
    "Packed": "T{<B:tag:<Q:value:<h:last:}",
    "Pair": "T{<i:f0:<f:f1:}",
    "Deep": (
        "T{<B:kind:<?:flag:<?:exact:x(2)T{<f:x:<f:y:}:corners:T{4s:magic:>I:length:<f:ratio:}:header:"
        "<Zf:phase:<e:half:(2,3)<B:grid:<w:letter:}"
    ),
}

STRUCTURES = [name for name, format in FORMATS.items() if format.startswith("T{")]

#: Where an item is an array the buffer has its axes.
SHAPES = {"[f32; 3]": [2, 3], "[[u8; 2]; 3]": [1, 3, 2]}


def test_every_element_is_expected():
    assert [name for name, *_ in elements()] == list(FORMATS)


def element(name):
    for found, lent, size, fields in elements():
        if found == name:
            return lent, size, fields
    raise LookupError(name)


@pytest.mark.parametrize("name", FORMATS)
def test_format_and_item_size_are_those_of_the_type(name):
    lent, size, _ = element(name)
    held = raw.acquire(lent, FULL_RO)
    fields = held.fields()
    inner = 1
    for extent in SHAPES.get(name, [0])[1:]:
        inner *= extent
    assert fields["format"] == FORMATS[name]
    assert fields["itemsize"] * inner == size
    assert fields["len"] % size == 0
    if name in SHAPES:
        assert fields["shape"] == SHAPES[name]
    assert held.linear() == lent.items()


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "Padding<3>"])
def test_numpy_reads_the_very_bytes_at_the_offsets_of_the_compiler(name):
    lent, size, fields = element(name)
    array = numpy.asarray(lent)
    assert array.tobytes() == lent.items()
    if not fields:
        return
    dtype = array.dtype
    assert dtype.itemsize == size
    assert list(dtype.names) == sorted(fields, key=lambda field: fields[field][0])
    assert {field: (dtype.fields[field][1], dtype.fields[field][0].itemsize) for field in dtype.names} == fields


def test_numpy_reads_the_values():
    values = {
        "i64": [-(2**63), -1, 2**63 - 1],
        "f16": [0.5, -65504.0],
        "Complex<f64>": [1 - 2j, 0.1 + 1e300j],
        "bool": [True, False, True],
        "ByteBool": [True, False],
        "char": ["a", "ß", "𝄞"],
        "BigEndian<u16>": [0x0102],
        "BigEndian<f64>": [1.5, -0.0],
        "LittleEndian<i64>": [-2],
        "FixedBytes<5>": [b"abcde", b"xy"],
        "[[u8; 2]; 3]": [[[1, 2], [3, 4], [5, 6]]],
        "Celsius": [36.6, -273.15],
        "Mixed": [(1, 0.25, [-1, 0, 1, 2]), (2**32 - 1, (2**32 - 1) / 4, [-1, 0, 1, 2])],
        "Packed": [(9, 1 << 40, -5)],
        "Pair": [(1, 2.0), (-1, 0.5)],
        "Header": [(b"RIFF", 0x01020304, 0.5)] * 2,
    }
    for name, expected in values.items():
        seen = numpy.asarray(element(name)[0])
        if name in STRUCTURES:
            rows = [tuple(field.tolist() if hasattr(field, "tolist") else field for field in row) for row in seen]
            assert rows == expected, name
        else:
            assert seen.tolist() == expected, name


def test_numpy_reads_a_structure_of_everything():
    [deep] = numpy.asarray(element("Deep")[0])
    assert deep["kind"] == 7 and deep["flag"] and deep["exact"]
    assert deep["corners"].tolist() == [(1.0, 2.0), (-1.0, 0.5)]
    assert deep["header"].tolist() == (b"RIFF", 0x01020304, 0.5)
    assert deep["phase"] == 1j and deep["half"] == 1.5
    assert deep["grid"].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert deep["letter"] == "Ω"


def structure(name, *fields, pack=0):
    body = dict(_fields_=list(fields))
    if pack:
        body["_pack_"] = pack
    return type(name, (ctypes.Structure,), body)


CTYPES = {
    "Mixed": structure(
        "Mixed",
        ("id", ctypes.c_uint32),
        ("_padding", ctypes.c_uint8 * 4),
        ("value", ctypes.c_double),
        ("peak to peak", ctypes.c_int16 * 4),
    ),
    "Point": structure("Point", ("x", ctypes.c_float), ("y", ctypes.c_float)),
    "Packed": structure(
        "Packed", ("tag", ctypes.c_uint8), ("value", ctypes.c_uint64), ("last", ctypes.c_int16), pack=1
    ),
    "Pair": structure("Pair", ("f0", ctypes.c_int32), ("f1", ctypes.c_float)),
}


@pytest.mark.parametrize("name", CTYPES)
def test_a_structure_is_the_structure_that_c_has(name):
    lent, size, fields = element(name)
    layout = CTYPES[name]
    assert ctypes.sizeof(layout) == size
    for field, place in fields.items():
        descriptor = getattr(layout, field)
        assert (descriptor.offset, descriptor.size) == place
    items = lent.items()
    count = len(items) // size
    copied = (layout * count).from_buffer_copy(lent)
    assert bytes(copied) == items
    [first, *_] = numpy.asarray(lent)
    for field in fields:
        seen = getattr(copied[0], field)
        assert numpy.array_equal(list(seen) if isinstance(seen, ctypes.Array) else seen, first[field])


def test_struct_reads_what_it_has_a_code_for():
    for name, format in FORMATS.items():
        lent, size, _ = element(name)
        try:
            known = struct.calcsize(format)
        except struct.error:
            continue
        inner = numpy.prod(SHAPES.get(name, [1])[1:], dtype=int)
        assert known * inner == size, name
        unpacked = [value for item in struct.iter_unpack(format, lent.items()) for value in item]
        if format != "3x":
            flat = numpy.asarray(lent).reshape(-1).tolist()
            assert [value.rstrip(b"\0") if isinstance(value, bytes) else value for value in unpacked] == flat, name


def test_memoryview_indexes_bare_native_codes():
    for name, format in FORMATS.items():
        lent, _, _ = element(name)
        view = memoryview(lent)
        assert view.tobytes() == lent.items()
        if len(format) == 1 and format not in "ew":
            assert view.tolist() == numpy.asarray(lent).tolist(), name


def test_the_padding_between_fields_is_zero():
    lent, size, _ = element("Mixed")
    items = lent.items()
    assert {items[start + 4 : start + 8] for start in range(0, len(items), size)} == {bytes(4)}
    assert raw.acquire(lent, FULL_RO).linear() == items

"""The table of formats that onloan's core is tested with, held against those who wrote the formats: struct, NumPy and ctypes."""

import ctypes
import platform
import re
import struct
import sys
import warnings
from pathlib import Path

import pytest

from onloan import Buffer, _onloan

TABLE = Path(__file__).parents[2] / "crates/onloan-core/tests/formats.txt"
ROWS = [line.split("\t") for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64" or struct.calcsize("P") != 8,
    reason="the table has the sizes of 64-bit Linux on x86",
)


def rows(peer):
    return [(text, int(unpadded), int(padded)) for text, unpadded, padded, who in ROWS if peer in who.split("+")]


def test_struct_gives_the_sizes_of_the_table():
    assert len(rows("struct")) > 100
    wrong = [(text, size, struct.calcsize(text)) for text, size, _ in rows("struct") if struct.calcsize(text) != size]
    assert wrong == []


def test_numpy_gives_the_sizes_of_the_table():
    numpy = pytest.importorskip("numpy")
    read = numpy._core._internal._dtype_from_pep3118
    wrong = [(text, padded, read(text).itemsize) for text, _, padded in rows("numpy") if read(text).itemsize != padded]
    assert len(rows("numpy")) > 100 and wrong == []


def test_a_buffer_has_the_sizes_of_the_table():
    for text, unpadded, *_ in ROWS:
        if int(unpadded) == 0:
            with pytest.raises(ValueError, match="no bytes"):
                Buffer.zeros(1, text)
        elif "O" in re.sub(":[^:]*:", "", text):
            with pytest.raises(ValueError, match="references to Python objects"):
                Buffer.zeros(1, text)
        else:
            assert Buffer.zeros(2, text).itemsize == int(unpadded), text


def test_numpy_reads_every_buffer_of_a_format_it_knows_with_the_item_size_it_was_given():
    numpy = pytest.importorskip("numpy")
    for text, unpadded, _ in rows("numpy"):
        if unpadded == 0 or "O" in re.sub(":[^:]*:", "", text):
            continue
        buffer = Buffer.zeros(3, text)
        with warnings.catch_warnings():
            # NumPy says so where it makes up for a size that it reads otherwise.
            warnings.simplefilter("error")
            array = numpy.asarray(buffer)
        assert array.nbytes == buffer.nbytes, (text, buffer.format)


CTYPES = [
    ctypes.c_bool,
    ctypes.c_char,
    ctypes.c_byte,
    ctypes.c_ushort,
    ctypes.c_int,
    ctypes.c_ulong,
    ctypes.c_longlong,
    ctypes.c_float,
    ctypes.c_double,
    ctypes.c_longdouble,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_wchar_p,
    ctypes.POINTER(ctypes.c_int),
    ctypes.CFUNCTYPE(None),
    ctypes.c_int * 3,
    ctypes.c_short * 2 * 3,
    ctypes.c_uint.__ctype_be__,
    ctypes.c_double.__ctype_be__,
]


@pytest.mark.parametrize("kind", CTYPES, ids=lambda kind: kind.__name__)
def test_what_ctypes_emits_is_read_with_the_size_that_it_has(kind):
    facts = _onloan.describe(kind())
    assert facts["format_error"] is None
    assert facts["nbytes"] == ctypes.sizeof(kind)


def test_a_structure_of_ctypes_is_read_field_by_field():
    class Point(ctypes.Structure):
        _fields_ = [("x", ctypes.c_short), ("y", ctypes.c_double), ("tags", ctypes.c_ubyte * 3)]

    facts = _onloan.describe(Point())
    if sys.version_info < (3, 12):
        # Padding is not written out before 3.12 (gh-76961), and the format has another size.
        assert "24" in facts["format_error"]
        return
    offsets = {field["name"]: field["offset"] for field in facts["fields"]}
    assert offsets == {"x": Point.x.offset, "y": Point.y.offset, "tags": Point.tags.offset}
    assert facts["fields"][2]["shape"] == [3]


def test_a_union_of_ctypes_is_said_to_have_another_size():
    class Either(ctypes.Union):
        _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_double)]

    facts = _onloan.describe(Either())
    assert facts["itemsize"] == 8 and "item size is 8" in facts["format_error"]
    with pytest.raises(ValueError, match="item size is 8"):
        Buffer(Either())
    assert Buffer(Either(), format="d", shape=()).tolist() == 0.0

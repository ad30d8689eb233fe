"""Buffers from data, from values and of zeros; and what cannot be made."""

import array
import ctypes
import mmap
import os
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onloan import Buffer, _onloan

WORDS = sys.maxsize


def address(buffer):
    return _onloan.request(buffer, 0)["buf"]


# Data of other exporters


def test_without_data_there_is_an_empty_buffer_of_bytes():
    buffer = Buffer()
    assert (buffer.format, buffer.shape, buffer.nbytes, buffer.readonly) == ("B", (0,), 0, False)
    assert buffer.tobytes() == b"" and buffer.tolist() == [] and len(buffer) == 0


@pytest.mark.parametrize("data", [b"abc", bytearray(b"abc"), memoryview(b"abc"), array.array("B", b"abc")])
def test_bytes_are_copied(data):
    buffer = Buffer(data)
    assert buffer.tobytes() == b"abc" and buffer.format == "B" and buffer.shape == (3,)
    assert address(buffer) != address(data)


def test_format_and_shape_of_the_data_are_taken_over():
    source = memoryview(array.array("d", range(6))).cast("B").cast("d", (2, 3))
    buffer = Buffer(source)
    assert (buffer.format, buffer.shape, buffer.strides) == ("d", (2, 3), (24, 8))
    assert buffer.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_strided_data_is_copied_in_c_order():
    source = memoryview(bytes(range(10)))
    assert Buffer(source[::-3]).tobytes() == bytes([9, 6, 3, 0])
    numpy = pytest.importorskip("numpy")
    table = numpy.arange(24, dtype=">i4").reshape(2, 3, 4)
    buffer = Buffer(table.transpose(2, 0, 1)[::-1, :, ::2])
    assert buffer.format == ">i" and buffer.shape == (4, 2, 2)
    assert buffer.tolist() == table.transpose(2, 0, 1)[::-1, :, ::2].tolist()


def test_data_with_suboffsets_is_copied():
    testbuffer = pytest.importorskip("_testbuffer")
    source = testbuffer.ndarray(list(range(12)), shape=[3, 4], format="i", flags=testbuffer.ND_PIL)
    assert Buffer(source).tolist() == source.tolist()


def test_data_without_axes_stays_without_axes():
    buffer = Buffer(ctypes.c_double(2.5))
    assert buffer.shape == () and buffer.ndim == 0 and buffer.tolist() == 2.5
    with pytest.raises(TypeError, match="without axes has no length"):
        len(buffer)


def test_another_format_changes_the_last_extent():
    assert Buffer(bytes(24), format="d").shape == (3,)
    source = memoryview(bytes(48)).cast("B", (2, 24))
    assert Buffer(source, format="<I").shape == (2, 6)
    assert Buffer(array.array("I", [1, 2]), format="4s").tolist() == [struct.pack("I", 1), struct.pack("I", 2)]
    with pytest.raises(ValueError, match="24 bytes are not a number of items of 7 bytes"):
        Buffer(source, format="7s")


def test_a_shape_that_is_given_must_have_as_many_bytes_as_the_data():
    assert Buffer(bytes(24), shape=(2, 3), format="i").shape == (2, 3)
    assert Buffer(bytes(8), shape=(), format="d").tolist() == 0.0
    with pytest.raises(ValueError, match="24"):
        Buffer(bytes(24), shape=(2, 3), format="d")


def test_padding_that_readers_disagree_about_is_written_out():
    # struct gives ib 5 bytes, and NumPy 8.
    assert (Buffer.zeros(1, "ib").format, Buffer.zeros(1, "ib").itemsize) == ("^ib", 5)
    assert Buffer(bytes(10), format="ib").shape == (2,)
    numpy = pytest.importorskip("numpy")
    records = numpy.zeros(2, numpy.dtype([("a", "i4"), ("b", "i1")], align=True))
    copied = Buffer(records)
    assert copied.itemsize == records.itemsize == 8
    assert copied.format == "T{i:a:b:b:3x}"
    assert numpy.asarray(copied).dtype.itemsize == 8


def test_the_data_is_given_back():
    source = bytearray(b"abc")
    Buffer(source)
    source.append(1)
    with pytest.raises(ValueError):
        Buffer(source, format="7s")
    source.append(2)


# Values


@pytest.mark.parametrize(
    ("data", "format", "shape"),
    [
        ([1, 2, 3], "i", (3,)),
        ((1, 2, 3), "i", (3,)),
        (range(3), "i", (3,)),
        ((n for n in range(3)), "i", (3,)),
        ({1: "a", 2: "b"}.keys(), "q", (2,)),
        ([[1, 2, 3], [4, 5, 6]], "h", (2, 3)),
        ([[[1.5]], [[2.5]]], "f", (2, 1, 1)),
        ([], "i", (0,)),
        ([[], []], "i", (2, 0)),
        ([(1, 2.0), (3, 4.0)], "T{<I:id:<d:x:}", (2,)),
        ([[(1, 2.0)], [(3, 4.0)]], "Id", (2, 1)),
        ([[1, 2], [3, 4]], "2i", (2,)),
        ([[[1, 2], [3, 4]]], "(2,2)i", (1,)),
        (["ab", "c"], "2w", (2,)),
        ([b"ab", b"c"], "2s", (2,)),
        ([True, False], "?", (2,)),
        ([1 + 2j], "Zd", (1,)),
    ],
)
def test_nested_sequences_give_the_shape(data, format, shape):
    assert Buffer(data, format=format).shape == shape


def test_tuples_are_axes_unless_items_are_tuples():
    assert Buffer(((1, 2), (3, 4)), format="i").tolist() == [[1, 2], [3, 4]]
    assert Buffer([(1, 2), (3, 4)], format="ii").tolist() == [(1, 2), (3, 4)]
    assert Buffer((1, 2), format="ii").shape == ()


def test_with_a_shape_any_iterables_will_do():
    rows = ((column for column in range(row, row + 3)) for row in range(2))
    assert Buffer(rows, format="B", shape=(2, 3)).tolist() == [[0, 1, 2], [1, 2, 3]]
    assert Buffer(2.5, format="d", shape=()).tolist() == 2.5
    assert Buffer(7, format="i", shape=()).tolist() == 7


def test_objects_stand_for_numbers_by_their_special_methods():
    class Index:
        def __index__(self):
            return 7

    class Real:
        def __float__(self):
            return 0.5

    class Complex:
        def __complex__(self):
            return 1 + 2j

    assert Buffer([Index()], format="i").tolist() == [7]
    assert Buffer([Real(), 3], format="d").tolist() == [0.5, 3.0]
    assert Buffer([Complex(), 2, 0.5], format="Zd").tolist() == [1 + 2j, 2 + 0j, 0.5 + 0j]
    assert Buffer(["", []], format="?").tolist() == [False, False]


@pytest.mark.parametrize(
    ("data", "format", "error", "words"),
    [
        ([1, "a"], "i", TypeError, r"data\[1\]: needs an integer, not 'str'"),
        ([1, 2.0], "i", TypeError, r"data\[1\]: needs an integer, not 'float'"),
        ([1, 300], "B", ValueError, r"data\[1\]: argument out of range: 300, needs 0 <= number <= 255"),
        ([-1], "I", ValueError, "out of range"),
        ([2**64], "Q", ValueError, "out of range: 18446744073709551616"),
        ([-(2**63) - 1], "q", ValueError, "out of range"),
        ([10**5000], "q", ValueError, "out of range"),
        ([10**400], "d", ValueError, "too large"),
        ([1e300], "f", ValueError, "out of range"),
        (["a"], "d", TypeError, "real number"),
        ([b"abc"], "2s", ValueError, "too long"),
        (["ab"], "2s", TypeError, "needs bytes, not 'str'"),
        ([b"ab"], "c", ValueError, "exactly 1"),
        ([b"a"], "2w", TypeError, "needs a str"),
        ([(1, 2)], "T{I:id:d:x:I:y:}", ValueError, r"data\[0\]: needs exactly 3, not 2"),
        ([(1, "x")], "T{I:id:d:x:}", TypeError, r"data\[0\]: x: must be real number"),
        ([7], "Id", TypeError, "needs a tuple, not 'int'"),
        ([[1, 2], [3]], "i", ValueError, r"data\[1\]: needs exactly 2, not 1"),
        ([[1, 2], [3, 4, 5]], "i", ValueError, r"data\[1\]: needs exactly 2, not more"),
        ([[1], 2], "i", TypeError, r"data\[1\]: 'int' object is not iterable"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_place(data, format, error, words):
    with pytest.raises(error, match=words):
        Buffer(data, format=format)


@pytest.mark.parametrize(
    ("data", "keywords", "error", "words"),
    [
        (5, {}, TypeError, r"Buffer\.zeros\(5\)"),
        (5, {"format": "i"}, TypeError, r"Buffer\.zeros\(5\)"),
        ([1, 2], {}, TypeError, "needs a format"),
        ("abc", {}, TypeError, "needs a format"),
        (None, {"format": "B", "shape": 1}, TypeError, "not iterable"),
        (2.5, {"format": "d"}, TypeError, "not iterable"),
        (object(), {"format": "d"}, TypeError, "not iterable"),
        ([1], {"format": "i", "shape": 2}, ValueError, "exactly 2"),
        ([1, 2], {"format": "i", "shape": ()}, TypeError, "integer"),
        (b"abc", {"shape": -3}, ValueError, "extent"),
    ],
)
def test_what_cannot_be_data_says_why(data, keywords, error, words):
    with pytest.raises(error, match=words):
        Buffer(data, **keywords)


def test_an_endless_nesting_is_refused():
    nested = []
    nested.append(nested)
    with pytest.raises(ValueError, match="dimensions|nested"):
        Buffer(nested, format="i")


def test_an_exception_of_a_value_comes_through_as_it_is():
    class Broken:
        def __index__(self):
            raise KeyError("mine")

    class Wrong:
        def __index__(self):
            return "7"

    with pytest.raises(KeyError, match="mine"):
        Buffer([Broken()], format="i")
    with pytest.raises(TypeError, match="non-int"):
        Buffer([Wrong()], format="i")


# Zeros


@given(
    shape=st.lists(st.integers(0, 5), max_size=5),
    format=st.sampled_from(["B", "i", ">d", "T{<I:id:<d:x:}", "3s", "Zf"]),
    align=st.sampled_from([1, 64, 256, 4096]),
)
def test_zeros_have_their_shape_and_are_aligned(shape, format, align):
    buffer = Buffer.zeros(tuple(shape), format, align=align)
    assert buffer.shape == tuple(shape)
    assert buffer.tobytes() == bytes(buffer.nbytes)
    assert address(buffer) % max(align, 64) == 0
    assert buffer.align >= max(align, 64)
    assert memoryview(buffer).shape == tuple(shape)


@pytest.mark.skipif(not os.path.exists("/proc/self/pagemap"), reason="this system does not tell which pages are in memory")
def test_large_zeros_cost_nothing_until_they_are_used():
    with Buffer.zeros(1 << 30) as buffer, open("/proc/self/pagemap", "rb") as pages:
        pages.seek(address(buffer) // mmap.PAGESIZE * 8)
        entries = pages.read((1 << 30) // mmap.PAGESIZE * 8)
    # The last byte of an entry has a bit that says whether the page is in memory.
    assert sum(entry >> 7 for entry in entries[7::8]) * mmap.PAGESIZE < 1 << 26


def test_huge_pages_are_a_wish():
    buffer = Buffer.zeros(5 << 20, huge_pages=True)
    assert address(buffer) % (2 << 20) == 0 and buffer.tobytes() == bytes(5 << 20)


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        (-1, ValueError),
        ((2, -1), ValueError),
        ((0, -1), ValueError),
        ((1,) * 65, ValueError),
        (iter(lambda: 1, 2), ValueError),
        (WORDS, (MemoryError, ValueError)),
        ((WORDS, 2), ValueError),
        ((2**33, 2**33), ValueError),
        (WORDS + 1, OverflowError),
        ((1, 10**30), OverflowError),
        ((-(10**30),), OverflowError),
        (1 << 55, MemoryError),
        (2.0, TypeError),
        ("12", TypeError),
        ((1, None), TypeError),
        (None, TypeError),
    ],
)
def test_a_shape_that_cannot_be_is_refused(shape, error):
    with pytest.raises(error):
        Buffer.zeros(shape)


def test_zero_extents_allow_any_others():
    assert Buffer.zeros((WORDS, 0, WORDS)).nbytes == 0
    assert Buffer.zeros((0, 0)).tolist() == []


@pytest.mark.parametrize(
    ("format", "words"),
    [
        ("", "no bytes|at least one"),
        ("k", "found `k`"),
        ("T{i", "close"),
        ("i}", "found"),
        ("3", "found"),
        ("<n", "native"),
        ("0i", "no bytes"),
        ("(0)d", "no bytes"),
        ("0s", "no bytes"),
        ("O", "references to Python objects"),
        ("T{i:a:O:b:}", "references to Python objects"),
        ("i:a\0b:", "NUL"),
        ("(" + "9" * 30 + ")i", "number"),
        ("(9223372036854775807,9)i", "at most"),
        ("T{" * 500 + "i" + "}" * 500, "levels"),
        ("i" * 3 + "é", "found"),
    ],
)
def test_a_format_that_cannot_be_is_refused_with_the_reason(format, words):
    with pytest.raises(ValueError, match=words):
        Buffer.zeros(1, format)


@pytest.mark.parametrize("format", [b"i", 7, None, ["i"]])
def test_a_format_is_a_str(format):
    with pytest.raises(TypeError):
        Buffer.zeros(1, format)


def test_a_surrogate_in_a_format_is_refused():
    with pytest.raises((ValueError, TypeError)):
        Buffer.zeros(1, "i:\ud800:")


@pytest.mark.parametrize(("align", "error"), [(0, ValueError), (3, ValueError), (-64, ValueError), (2**70, OverflowError), (1.0, TypeError)])
def test_an_alignment_that_cannot_be_is_refused(align, error):
    with pytest.raises(error):
        Buffer.zeros(1, align=align)
    with pytest.raises(error):
        Buffer(b"a", align=align)


def test_an_alignment_beyond_all_memory_is_out_of_memory():
    with pytest.raises((MemoryError, ValueError)):
        Buffer.zeros(1, align=1 << 62)


def test_a_class_of_buffers_cannot_be_derived():
    with pytest.raises(TypeError):
        type("Mine", (Buffer,), {})

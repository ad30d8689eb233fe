"""Views of everything else that lends: what the standard library has, ctypes, PEP 688, onloan's own."""

import array
import ctypes
import io
import math
import mmap
import pickle
import struct
import sys

import onloan_suite_view as rust
import pytest

from view.seen import assert_sees, flat

try:
    import _testbuffer
except ImportError:
    _testbuffer = None

needs_testbuffer = pytest.mark.skipif(_testbuffer is None, reason="this Python has no _testbuffer")
needs_pep_688 = pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688 is of Python 3.12")


CODES = dict(zip("bBhHiIlLqQfd", "i8 u8 i16 u16 i32 u32 i64 u64 i64 u64 f32 f64".split()))


@pytest.mark.parametrize("code, item", CODES.items())
def test_arrays_of_every_code(code, item):
    items = [type(array.array(code, [0])[0])(number) for number in range(5)]
    assert_sees(rust.look(array.array(code, items), item), (5,), items)
    assert_sees(rust.look(array.array(code), item), (0,), [])


@pytest.mark.parametrize("of", [bytes, bytearray, memoryview, pickle.PickleBuffer, lambda data: io.BytesIO(data).getbuffer()])
@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256))])
def test_bytes_of_every_kind(of, data):
    seen = rust.look(of(data), "u8")
    assert_sees(seen, (len(data),), data)
    assert seen["c"] and seen["f"]


@pytest.mark.parametrize("index", [slice(2, 7), slice(None, None, -1), slice(1, None, 3), slice(4, 4), slice(None, None, -4)])
def test_slices_of_memoryviews(index):
    items = array.array("i", range(10))
    assert_sees(rust.look(memoryview(items)[index], "i32"), items[index].buffer_info()[1:], items[index])


@pytest.mark.parametrize("shape", [[12], [3, 4], [2, 3, 2], []])
def test_casts_of_memoryviews(shape):
    data = bytes(range(96)) if shape else bytes(range(8))
    view = memoryview(data).cast("d", shape)
    assert_sees(rust.look(view, "f64"), shape, flat(view.tolist(), view.ndim))


def test_characters_are_bytes():
    assert_sees(rust.look(memoryview(b"abc").cast("c"), "u8"), (3,), b"abc")
    assert_sees(rust.look(ctypes.create_string_buffer(b"abc"), "u8"), (4,), b"abc\0")


def test_a_map_of_memory():
    with mmap.mmap(-1, 16) as memory:
        memory[:3] = b"abc"
        assert_sees(rust.look(memory, "u8"), (16,), memory[:])


class Point(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint32), ("value", ctypes.c_double)]


def test_ctypes_gives_no_strides_and_c_order_is_meant():
    row = (ctypes.c_int32 * 4)(1, 2, 3, 4)
    assert_sees(rust.look(row, "i32"), (4,), [1, 2, 3, 4])
    table = ((ctypes.c_double * 3) * 2)((1, 2, 3), (4, 5, 6))
    assert_sees(rust.look(table, "f64"), (2, 3), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert rust.trace(table) == 6.0
    empty = (ctypes.c_int32 * 0)()
    assert_sees(rust.look(empty, "i32"), (0,), [])


def test_ctypes_scalars_have_no_axes():
    assert_sees(rust.look(ctypes.c_double(2.5), "f64"), (), [2.5])
    assert_sees(rust.look(ctypes.c_uint8(7), "u8"), (), [7])
    assert_sees(rust.look(ctypes.c_bool(True), "ByteBool"), (), [True])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="ctypes leaves padding out of formats before 3.12 (gh-76961)")
def test_ctypes_structures():
    points = (Point * 2)((1, 0.5), (2, 1.5))
    assert_sees(rust.look(points, "Sample"), (2,), [(1, 0.5), (2, 1.5)])
    assert_sees(rust.look(points[1], "Sample"), (), [(2, 1.5)])


def test_ctypes_in_the_other_byte_order():
    numbers = (ctypes.c_uint32.__ctype_be__ * 2)(1, 0x01020304)
    assert_sees(rust.look(numbers, "BigEndian<u32>"), (2,), [1, 0x01020304])
    with pytest.raises(ValueError, match="byte order"):
        rust.look(numbers, "u32")


def test_a_union_is_bytes_that_do_not_fit_its_size_and_is_copied_all_the_same():
    class Either(ctypes.Union):
        _fields_ = [("word", ctypes.c_uint64), ("half", ctypes.c_uint32)]

    either = Either(word=0x0102030405060708)
    seen = rust.raw(either)
    assert (seen["format"], seen["itemsize"]) == (b"B", 8)
    assert seen["bytes"] == struct.pack("=Q", 0x0102030405060708)
    assert "the item size is 8" in seen["no_value"]
    with pytest.raises(ValueError, match="item type"):
        rust.look(either, "u8")


def test_ctypes_may_have_no_bytes_at_all():
    class Nothing(ctypes.Structure):
        _fields_ = []

    assert rust.raw((Nothing * 3)())["bytes"] == b""


@needs_testbuffer
@pytest.mark.parametrize("flags", ["ND_PIL", "ND_FORTRAN", "ND_WRITABLE"])
@pytest.mark.parametrize("shape", [[12], [3, 4], [2, 3, 2], [1, 1, 1], [2, 0, 3], [0]])
def test_rows_behind_pointers_and_other_orders(shape, flags):
    items = [number * 7 % 251 for number in range(max(1, math.prod(shape)))]
    exporter = _testbuffer.ndarray(items, shape=shape, format="H", flags=getattr(_testbuffer, flags))
    view = memoryview(exporter)
    seen = rust.look(exporter, "u16")
    assert_sees(seen, shape, flat(exporter.tolist(), len(shape)))
    assert (seen["suboffsets"] or []) == list(view.suboffsets)


@needs_testbuffer
def test_parts_of_rows_behind_pointers():
    exporter = _testbuffer.ndarray(list(range(24)), shape=[2, 3, 4], format="H", flags=_testbuffer.ND_PIL)
    for index in (slice(None), slice(1, 3), slice(None, None, 2)), (slice(None, None, -1),), (slice(1, 2), slice(2, None)):
        part = exporter[index]
        assert_sees(rust.look(part, "u16"), part.shape, flat(part.tolist(), part.ndim))


@needs_testbuffer
def test_a_static_buffer_that_ignores_every_flag():
    exporter = _testbuffer.staticarray()
    seen = rust.raw(exporter)
    assert seen["bytes"] == memoryview(exporter).tobytes()
    legacy = _testbuffer.staticarray(legacy_mode=True)
    assert rust.raw(legacy)["exporter"] is None


@needs_pep_688
def test_a_class_of_python_that_lends():
    class Lender:
        def __init__(self):
            self.out = 0

        def __buffer__(self, flags):
            self.out += 1
            return memoryview(array.array("d", [1, 2, 3]))

        def __release_buffer__(self, view):
            self.out -= 1

    lender = Lender()
    assert_sees(rust.look(lender, "f64"), (3,), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError):
        rust.look(lender, "f32")
    assert lender.out == 0


def test_cells_of_onloan():
    for writable in False, True:
        cell = rust.lend_cell([1, 2, 3], writable)
        seen = rust.look(cell, "u32")
        assert_sees(seen, (3,), [1, 2, 3])
        assert seen["readonly"] is not writable


def test_values_by_format():
    numpy = pytest.importorskip("numpy")
    record = numpy.array([(7, b"ab", [[1.5, 2.5]], "é")], [("i", "<i4"), ("s", "S3"), ("m", "f8", (1, 2)), ("u", "U2")])
    assert rust.raw(record)["first"] == (7, b"ab\0", [[1.5, 2.5]], "é\0")
    assert rust.raw(numpy.array(1 + 2j))["first"] == 1 + 2j
    assert "first" not in rust.raw(numpy.zeros(0))


def test_one_view_is_asked_for_each_type_in_turn():
    assert rust.fits(array.array("d", [1])) == ["f64", "LittleEndian<f64>"]
    assert rust.fits(b"abc") == ["u8"]
    assert rust.fits(memoryview(b"abc").cast("c")) == ["u8"]

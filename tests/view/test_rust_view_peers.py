"""What PyO3's `PyBuffer` (0.30.1) refuses or misreads, one test a case; what it does stands in the test's docstring."""

import array
import ctypes
import sys

import onloan_suite_view as rust
import pytest

from view.seen import assert_sees

np = pytest.importorskip("numpy")


def test_a_big_endian_number_is_read_as_one():
    """`PyBuffer::<i32>` takes `>i4` on a little-endian machine and reads 16777216 for 1."""
    numbers = np.array([1, 2], ">u4")
    with pytest.raises(ValueError, match="byte order"):
        rust.look(numbers, "u32")
    assert_sees(rust.look(numbers, "BigEndian<u32>"), (2,), [1, 2])


def test_a_little_endian_spelling_is_taken_on_a_little_endian_machine():
    """`PyBuffer::<i32>` refuses `<i`."""
    if sys.byteorder != "little":
        pytest.skip("this machine is big-endian")
    row = (ctypes.c_int32 * 2)(1, 2)
    assert memoryview(row).format == "<i"
    assert_sees(rust.look(row, "i32"), (2,), [1, 2])


def test_ctypes_arrays_are_taken():
    """`PyBuffer` fails: "strides is null"."""
    assert_sees(rust.look((ctypes.c_double * 2)(1, 2), "f64"), (2,), [1.0, 2.0])


def test_a_buffer_without_axes_is_taken():
    """`PyBuffer` fails: "shape is null"."""
    assert_sees(rust.look(np.array(2.5), "f64"), (), [2.5])
    assert rust.look_of_rank(np.array(2.5), 0) == []


def test_no_bytes_at_no_address_are_a_slice():
    """`PyBuffer::as_slice` makes a slice from NULL."""
    empty = rust.Liar(offset=None, len=0, shape=[0], itemsize=1, strides=[1], format=b"B")
    assert rust.slice_of(empty, "u8") == []
    assert rust.look(empty, "u8")["vec"] == []


def test_items_without_bytes_do_not_panic():
    """`PyBuffer` divides by the item size."""
    assert rust.raw(rust.Liar(itemsize=0, len=0, format=b"0s"))["bytes"] == b""


@pytest.mark.parametrize("dtype, item, value", [("?", "ByteBool", True), ("f2", "f16", 0.5), ("c16", "Complex<f64>", 1 + 2j), ("S4", "FixedBytes<4>", b"abcd")])  # fmt: skip
def test_other_items_than_integers_and_floats_are_taken(dtype, item, value):
    """`PyBuffer` has no bool, half, complex, bytes or structures."""
    assert_sees(rust.look(np.array([value, value], dtype), item), (2,), [value, value])


def test_a_consumer_chooses_what_to_ask_for():
    """`PyBuffer` asks for `PyBUF_FULL_RO`, always (#5245)."""
    rows = np.arange(6.0).reshape(2, 3)
    assert rust.look(rows, "f64", 0x38)["vec"] == rows.ravel().tolist()
    assert rust.look(rows, "u8", 0x00)["vec"] == list(rows.tobytes())
    with pytest.raises(BufferError):
        rust.look(rows.T, "f64", 0x38)


def test_a_slice_of_what_may_change_is_not_to_be_had():
    """`PyBuffer::as_slice` gives one of any buffer; deprecated as unsound (#6267)."""
    assert rust.slice_of(bytearray(b"abc"), "u8") is None
    assert rust.slice_of(array.array("d", [1]), "f64") is None
    assert rust.slice_of(b"abc", "u8") == [97, 98, 99]

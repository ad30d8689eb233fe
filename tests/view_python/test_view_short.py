"""The short ways of View beside the long ones: plain bytes, one letter, one dimension, and everything that is not quite that."""

import array
import math
import struct

import pytest

from onloan import View


class Int(int):
    """An int that goes the long way."""


@pytest.mark.parametrize("format", ["B", "b", "h", "H", "i", "I", "l", "L", "q", "Q", "n", "N", "P", "e", "f", "d", "?"])
def test_values_are_packed_as_struct_packs_them_by_both_ways(format):
    size = struct.calcsize(format)
    numbers = [0, 1, 7, -1, 127, 128, -128, -129, 255, 256, 2**15 - 1, 2**15, -(2**15), 2**16 - 1, 2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**32]
    numbers += [2**63 - 1, 2**63, -(2**63), 2**64 - 1, 2**64, 0.5, -0.0, math.inf, 1e300, True, False]
    for number in numbers:
        try:
            expected = struct.pack("@" + format, number)
        except (struct.error, OverflowError):
            expected = None
        given = [number] if isinstance(number, (bool, float)) else [number, Int(number)]
        for value in given:
            memory = bytearray(b"\xaa" * size)
            view = View(memory).cast(format)
            try:
                view[0] = value
            except (TypeError, ValueError, OverflowError):
                # struct takes more for a double than fits into a float; memoryview makes it infinite.
                assert memory == b"\xaa" * size, (format, value)
                assert expected is None, (format, value)
            else:
                assert expected is None and format in "fe" or memory == expected, (format, value)


def test_one_byte_is_packed_and_nothing_else_for_a_char():
    view = View(bytearray(2)).cast("c")
    view[0] = b"x"
    for value in (b"", b"xy"):
        with pytest.raises(ValueError, match="invalid value"):
            view[1] = value
    for value in (120, "x", bytearray(b"x")):
        with pytest.raises(TypeError, match="invalid type"):
            view[1] = value
    assert view.tobytes() == b"x\0"


@pytest.mark.parametrize("length", [0, 1, 2, 3, 31, 32, 33, 100, 4095, 4096, 4097, 70000])
def test_hexadecimal_text_is_that_of_bytes_and_nobody_elses(length):
    data = bytes(number * 7 % 256 for number in range(length))
    view = View(data)
    first = view.hex()
    assert first == data.hex()
    assert len(first) == 2 * length and hash(first) == hash(data.hex())
    # Strings of zeros are what they were.
    assert "0" * (2 * length) == bytes(length).hex() == View(bytes(length)).hex()
    assert view[::-2].hex() == data[::-2].hex()
    assert first == data.hex()


def test_bytes_are_counted_and_found_as_sequences_do():
    data = bytes([1, 0, 255, 128, 1, 7, 0, 1])
    for format in ("B", "b", "c"):
        for view in (View(data).cast(format), View(data + b"...").cast(format)[: len(data)], View(data[::-1]).cast(format)[::-1]):
            items = view.tolist()
            wanted = [*items, 0, 1, 7, 9, -1, -128, 127, 128, 255, 256, 2**70, True, 1.0, b"\1", b"", b"\1\0", "1", None]
            for value in wanted:
                assert view.count(value) == items.count(value), (format, value)
                assert (value in view) == (value in items), (format, value)
                if value in items:
                    assert view.index(value) == items.index(value)
                else:
                    with pytest.raises(ValueError, match="not found"):
                        view.index(value)
            assert view.index(items[0], 1) == 4
            assert view.index(items[0], -1) == 7
    empty = View(b"")
    assert (empty.count(0), 0 in empty) == (0, False)
    empty.release()
    for call in (lambda: empty.count(0), lambda: empty.index(0), lambda: 0 in empty):
        with pytest.raises(ValueError, match="released"):
            call()


@pytest.mark.parametrize("code", "BbhHiIlLqQfd")
def test_numbers_are_counted_and_found_as_sequences_do(code):
    numbers = array.array(code, [3, 1, 4, 1, 5] * 40)
    view = View(numbers)
    for value in (1, 1.0, 5, 9, True, 2**80, "1", None, math.nan):
        assert view.count(value) == numbers.count(value)
        if value in numbers:
            assert view.index(value) == numbers.index(value)
    for wrong in ((), (1, 2, 3, 4)):
        with pytest.raises(TypeError):
            view.index(*wrong)


def test_equal_means_what_memoryview_means_by_it():
    nan = array.array("d", [math.nan])
    zeros = array.array("d", [0.0, -0.0]), array.array("d", [-0.0, 0.0])
    truths = bytearray([1, 2]), bytearray([3, 1])
    pairs = [
        *[(b"abc", b"abc"), (b"abc", bytearray(b"abc")), (b"abc", b"abd"), (b"abc", b"ab"), (b"", b""), (b"abc", "abc"), (b"abc", 3)],
        *[(nan, nan), zeros, (array.array("i", [1]), array.array("f", [1])), (array.array("b", [-1]), b"\xff"), (array.array("i", [1]), b"\1\0\0\0")],
    ]
    for one, two in pairs:
        for other in (two, View(two)) if isinstance(two, (bytes, bytearray, array.array)) else (two,):
            assert (View(one) == other) is (memoryview(one) == two), (one, other)
            assert (View(one) != other) is (memoryview(one) != two), (one, other)
            assert (other == View(one)) is (two == memoryview(one)), (one, other)
    assert View(truths[0]).cast("?") == View(truths[1]).cast("?")
    view = View(b"abc")
    assert view[::-1] == b"cba" and view[::-1] != b"abc" and view[::2] == View(b"ac")
    with pytest.raises(TypeError):
        view < b"abd"
    other = View(b"abc")
    other.release()
    assert view != other and other != view and other == other
    view.release()
    assert view != other and view != b"abc"


@pytest.mark.parametrize("code", "Bbid")
def test_parts_are_assigned_from_bytes_from_views_and_from_themselves(code):
    size = array.array(code).itemsize
    memory = bytearray(number % 251 for number in range(16 * size))
    view = View(memory).cast(code)
    expected = array.array(code, bytes(memory))
    # They lie on each other.
    view[3:9] = view[1:7]
    expected[3:9] = expected[1:7]
    assert memory == expected.tobytes()
    view[8:2:-1] = view[3:9]
    expected[8:2:-1] = expected[3:9]
    assert memory == expected.tobytes()
    view[...] = view[::-1]
    assert memory == expected[::-1].tobytes()
    before = bytes(memory)
    for wrong in (view[1:4], b"123", bytearray(b"123"), array.array("h", [1, 2])):
        with pytest.raises(ValueError, match="different structures"):
            view[0:2] = wrong
    for nothing in (5, "ab", None):
        with pytest.raises(TypeError):
            view[0:2] = nothing
        with pytest.raises(TypeError):
            view[...] = nothing
    if code != "B":
        with pytest.raises(ValueError, match="different structures"):
            view[0:2] = bytes(2)
    else:
        view[0:2] = b"yz"
        view[2:4] = bytearray(b"yz")
        assert memory[:4] == b"yzyz"
        memory[:4] = before[:4]
    assert memory == before
    readonly = view.toreadonly()
    for key in (slice(0, 2), ...):
        with pytest.raises(TypeError, match="read-only"):
            readonly[key] = view[0:2]

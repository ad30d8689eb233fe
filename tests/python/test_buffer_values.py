"""Items as Python values: against struct and NumPy, there and back."""

import math
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onloan import Buffer

INTEGERS = {letter: struct.calcsize("<" + letter) for letter in "bBhHiIlLqQ"}


def integers(letter, order):
    bits = 8 * struct.calcsize(order + letter)
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1) if letter.islower() else st.integers(0, (1 << bits) - 1)


SCALARS = st.one_of(
    st.sampled_from(sorted(INTEGERS)),
    st.sampled_from(["e", "f", "d", "?", "c", "5s"]),
)


@st.composite
def items(draw):
    """A format that struct knows, and tuples of values for it."""
    order = draw(st.sampled_from("<>=!@"))
    letters = draw(st.lists(SCALARS, min_size=1, max_size=5))
    width = {"e": 16, "f": 32, "d": 64}
    kinds = [
        integers(letter, order)
        if letter in INTEGERS
        else st.floats(width=width[letter])
        if letter in width
        else st.booleans()
        if letter == "?"
        else st.binary(min_size=1, max_size=1)
        if letter == "c"
        else st.binary(min_size=5, max_size=5)
        for letter in letters
    ]
    return order + "".join(letters), draw(st.lists(st.tuples(*kinds), max_size=4))


def alike(one, two):
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(two)
    if isinstance(one, complex):
        return type(two) is complex and alike(one.real, two.real) and alike(one.imag, two.imag)
    if isinstance(one, (tuple, list)):
        return type(one) is type(two) and len(one) == len(two) and all(map(alike, one, two))
    return type(one) is type(two) and one == two


@given(items())
def test_items_are_what_struct_packs_and_unpacks(case):
    format, values = case
    packed = b"".join(struct.pack(format, *value) for value in values)
    # A single letter is its value, several are a tuple.
    plain = values if len(struct.unpack(format, bytes(struct.calcsize(format)))) > 1 else [value for (value,) in values]
    buffer = Buffer(plain, format=format)
    assert buffer.itemsize == struct.calcsize(format)
    assert buffer.tobytes() == packed
    assert alike(Buffer(packed, format=format).tolist(), plain)


@pytest.mark.parametrize(
    ("format", "value", "packed"),
    [
        ("Zf", 1 - 2j, struct.pack("ff", 1, -2)),
        (">Zd", 1 - 2j, struct.pack(">dd", 1, -2)),
        ("<3w", "aé𝄞", "aé𝄞".encode("utf-32-le")),
        (">2u", "𝄞", "𝄞".encode("utf-16-be")),
        ("w", "\ud800", b"\x00\xd8\x00\x00" if sys.byteorder == "little" else b"\x00\x00\xd8\x00"),
        ("4p", b"abc", b"\x03abc"),
        ("P", 7, struct.pack("P", 7)),
        ("(2,2)<h", [[1, 2], [3, 4]], struct.pack("<4h", 1, 2, 3, 4)),
        ("3<h", [1, 2, 3], struct.pack("<3h", 1, 2, 3)),
        ("T{<h:a:T{<b:x:<b:y:}:p:}", (1, (2, 3)), struct.pack("<hbb", 1, 2, 3)),
        ("<3t", 5, b"\x05"),
    ],
)
def test_codes_beyond_struct_go_there_and_back(format, value, packed):
    buffer = Buffer([value], format=format, shape=1)
    assert buffer.tobytes() == packed
    assert alike(buffer.tolist(), [value])
    assert alike(Buffer(packed, format=format, shape=()).tolist(), value)


def test_a_long_double_is_read_as_a_float():
    buffer = Buffer([0.5, -2.0], format="g")
    assert buffer.tolist() == [0.5, -2.0]
    numpy = pytest.importorskip("numpy")
    assert Buffer(numpy.array([0.25], "g")).tolist() == [0.25]


def test_code_units_that_are_no_characters_are_an_error_and_no_crash():
    with pytest.raises(ValueError, match="0x110000"):
        Buffer((0x110000).to_bytes(4, "little"), format="<w").tolist()


def test_text_and_bytes_keep_what_fills_them():
    assert Buffer(["ab"], format="4w").tolist() == ["ab\0\0"]
    assert Buffer([b"ab"], format="4s").tolist() == [b"ab\0\0"]


@given(st.data())
def test_lists_are_those_of_numpy(data):
    numpy = pytest.importorskip("numpy")
    shape = tuple(data.draw(st.lists(st.integers(0, 4), max_size=4)))
    # No bytes here: NumPy leaves trailing NULs out.
    dtype = numpy.dtype(data.draw(st.sampled_from(["u1", ">i2", "<f4", "f8", "c8", ">c16", "?", "i4,f8"])))
    size = math.prod(shape) * dtype.itemsize
    raw = bytearray(data.draw(st.binary(min_size=size, max_size=size)))
    if dtype == "?":
        raw = bytearray(byte & 1 for byte in raw)
    source = numpy.ndarray(shape, dtype, raw) if size else numpy.zeros(shape, dtype)
    assert alike(Buffer(source).tolist(), source.tolist())


def test_a_snapshot_is_taken_before_the_list_is_made():
    buffer = Buffer.zeros((1000, 10), "d")
    listed = buffer.tolist()
    assert buffer.exports == 0 and len(listed) == 1000

"""View against NumPy: N-d keys, assignment, casts and every format, where memoryview has nothing to say."""

import math
import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onloan import View

np = pytest.importorskip("numpy")
hnp = pytest.importorskip("hypothesis.extra.numpy")

#: No example base in the work tree; a failing example is printed as a call that repeats it.
CHECK = settings(database=None, deadline=None, max_examples=300, print_blob=True)

DTYPES = [
    "b1", "i1", "u1", "<i2", ">i2", "<u4", ">u4", "<i8", ">i8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<c8", ">c8", "<c16", ">c16", "S3", "<U2", ">U2",
]  # fmt: skip


def same(value, expected):
    """Equal as Python values, NaNs too."""
    if isinstance(expected, list):
        return isinstance(value, list) and len(value) == len(expected) and all(map(same, value, expected))
    if isinstance(expected, complex):
        return same(value.real, expected.real) and same(value.imag, expected.imag)
    if isinstance(expected, float) and math.isnan(expected):
        return isinstance(value, float) and math.isnan(value)
    return value == expected


def as_list(array):
    """NumPy's own list; its text and bytes lose trailing NULs, ours keep them."""
    if array.dtype.kind == "S":
        return nested(array, lambda item: bytes(item).ljust(array.dtype.itemsize, b"\0"))
    if array.dtype.kind == "U":
        return nested(array, lambda item: str(item).ljust(array.dtype.itemsize // 4, "\0"))
    return array.tolist()


def nested(array, convert):
    return convert(array[()]) if array.ndim == 0 else [nested(array[(at, ...)], convert) for at in range(len(array))]


@st.composite
def arrays(draw, max_dims=4, dtypes=tuple(DTYPES), min_side=0):
    """Arrays of any layout: reversed, stepped, transposed, repeated."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=max_dims, min_side=min_side, max_side=4))
    # The memory is what hypothesis makes; text and bools have to be what they say.
    if dtype.kind in "Ub":
        array = draw(hnp.arrays(dtype, shape))
    else:
        size = int(np.prod(shape)) * dtype.itemsize
        array = np.frombuffer(bytearray(draw(st.binary(min_size=size, max_size=size))), dtype).reshape(shape)
    array = array.transpose(draw(st.permutations(range(array.ndim))))
    steps = tuple(slice(None, None, draw(st.sampled_from([1, 1, 2, -1, -2]))) for _ in range(array.ndim))
    return array[(*steps, ...)]


@st.composite
def arrays_and_keys(draw, **kwargs):
    array = draw(arrays(**kwargs))
    key = draw(hnp.basic_indices(array.shape, allow_newaxis=False))
    return array, key


@CHECK
@given(arrays())
def test_a_view_says_of_itself_what_numpy_says(array):
    view = View(array)
    assert (view.shape, view.itemsize, view.ndim) == (array.shape, array.itemsize, array.ndim)
    # Not array.strides: NumPy lends those of a contiguous array where it makes no difference.
    assert view.strides == memoryview(array).strides
    assert (view.c_contiguous, view.f_contiguous) == (array.flags.c_contiguous, array.flags.f_contiguous)
    assert view.nbytes == array.nbytes
    assert same(view.tolist(), as_list(array))
    for order in "CF":
        assert view.tobytes(order) == array.tobytes(order)
    assert view.tobytes("A") == array.tobytes("A")
    assert view.hex() == array.tobytes().hex()
    lent = np.asarray(view)
    assert (lent.ctypes.data, lent.tobytes()) == (array.ctypes.data, array.tobytes()) or not array.size


@CHECK
@given(arrays_and_keys())
def test_a_key_gives_the_item_or_the_part_that_numpy_gives(case):
    array, key = case
    view = View(array)
    found, expected = view[key], array[key]
    if isinstance(found, View):
        assert found.shape == expected.shape
        assert same(found.tolist(), as_list(np.asarray(expected, array.dtype)))
        # What NumPy makes of our part is its own part.
        assert np.asarray(found).tobytes() == expected.tobytes()
    else:
        assert np.ndim(expected) == 0
        assert same(found, as_list(np.asarray(expected, array.dtype)))


@CHECK
@given(arrays_and_keys(dtypes=("u1", ">i4", "<f8", "S3")), st.data())
def test_assigning_to_a_part_writes_what_numpy_writes(case, data):
    array, key = case
    array = array.copy()
    expected = array.copy()
    part = expected[key]
    value = data.draw(hnp.arrays(array.dtype, np.shape(part)))
    expected[key] = value
    view = View(array)
    if isinstance(view[key], View) and view[key].ndim:
        view[key] = value
    else:
        view[key] = as_list(np.asarray(value))
    assert array.tobytes() == expected.tobytes()


@CHECK
@given(arrays(dtypes=("u1", "<i4", ">f8"), min_side=1), st.data())
def test_parts_of_one_array_that_overlap_are_copied_as_through_a_copy(array, data):
    array = array.copy()
    if not array.ndim:
        return
    step = data.draw(st.sampled_from([1, -1]))
    length = data.draw(st.integers(0, len(array)))
    expected = array.copy()
    expected[:length] = array[::step][:length].copy()
    view = View(array)
    view[:length] = view[::step][:length]
    assert array.tobytes() == expected.tobytes()


@CHECK
@given(arrays(max_dims=3), arrays(max_dims=3))
def test_two_views_are_equal_if_numpy_finds_all_values_equal(one, two):
    comparable = one.dtype.kind != "U" and two.dtype.kind != "U"
    # As for memoryview: what comes behind an extent of 0 does not count.
    if up_to_zero(one.shape) != up_to_zero(two.shape) or one.ndim != two.ndim:
        expected = False
    elif (one.dtype.kind == "S") != (two.dtype.kind == "S") or not comparable:
        # No array of text is equal to anything, as for memoryview; bytes are no numbers.
        expected = one.size == 0 and comparable
    else:
        expected = all(map(operator.eq, flat(one), flat(two)))
    assert (View(one) == View(two)) is expected
    assert (View(one) != two) is not expected


def up_to_zero(shape):
    return shape[: shape.index(0) + 1] if 0 in shape else shape


def flat(array):
    return [as_list(item) for item in map(np.asarray, array.reshape(-1))] if array.size else []


@CHECK
@given(arrays(dtypes=("<U2", ">U2", "<c8", ">f2")))
def test_a_view_equals_a_copy_of_any_format(array):
    copied = array.astype(array.dtype.newbyteorder("S"))
    expected = not any(value != value for value in flat(array))
    assert View(array).equals(copied) is expected


@CHECK
@given(arrays(dtypes=("u1", "<i2", ">f4")))
def test_iteration_goes_along_the_first_dimension(array):
    if not array.ndim:
        with pytest.raises(TypeError, match="0-dim"):
            iter(View(array))
        return
    parts = list(View(array))
    assert len(parts) == len(array)
    for part, expected in zip(parts, array, strict=True):
        value = part.tolist() if isinstance(part, View) else part
        assert same(value, expected.tolist())
    backwards = [part.tolist() if isinstance(part, View) else part for part in reversed(View(array))]
    assert same(backwards, array[::-1].tolist())


@CHECK
@given(hnp.arrays("u1", st.integers(0, 40)), st.integers(0, 5), st.integers(-45, 45), st.integers(-45, 45))
def test_count_and_index_are_those_of_a_list(array, value, start, stop):
    array = array % 6
    view, items = View(array), array.tolist()
    assert view.count(value) == items.count(value)
    try:
        expected = items.index(value, start, stop)
    except ValueError:
        with pytest.raises(ValueError, match="not found"):
            view.index(value, start, stop)
    else:
        assert view.index(value, start, stop) == expected


@CHECK
@given(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
       st.sampled_from(["C", "F"]), st.sampled_from(["B", "<i", ">d", "Zf", "3s", "T{<H:a:x<H:b:}"]))  # fmt: skip
def test_a_cast_with_an_order_is_numpys_reshape_of_the_bytes(shape, wanted, order, format):
    itemsize = View(b"\0" * 16).cast("B", order="C").cast(format, [1], strides=[16]).itemsize
    size = int(np.prod(wanted)) * itemsize
    if size == 0 and int(np.prod(shape)) != 0:
        shape = (0,)
    memory = np.arange(size, dtype="u1") if size else np.zeros(shape, "u1")
    view = View(memory).cast(format, wanted, order=order)
    expected = np.ndarray(wanted, np.dtype((np.void, itemsize)), memory, order=order)
    assert view.shape == tuple(wanted)
    assert view.itemsize == itemsize
    assert view.tobytes() == expected.tobytes()


def test_a_cast_with_strides_stays_inside_of_the_memory():
    view = View(bytes(range(12)))
    rows = view.cast("B", [3, 2], strides=[4, 1])
    assert rows.tolist() == [[0, 1], [4, 5], [8, 9]]
    assert view.cast("<H", [4], strides=[3], order="C").tolist() == [0x0100, 0x0403, 0x0706, 0x0A09]
    for strides in ([6, 1], [4, 5], [-1, 1]):
        with pytest.raises(ValueError, match="region|outside|lie"):
            view.cast("B", [3, 2], strides=strides)


def test_structures_are_tuples_and_their_fields_are_views():
    record = np.dtype([("id", "<u4"), ("at", ">f8", (2,)), ("in", [("a", "u1"), ("b", "<i2")]), ("text", "S4")])
    array = np.zeros((2, 3), record)
    array["id"] = np.arange(6).reshape(2, 3)
    array["at"] = np.arange(12).reshape(2, 3, 2)
    array["in"]["b"] = -array["id"].astype("i2")
    array["text"] = b"ab"
    view = View(array)
    assert view.fields == ("id", "at", "in", "text")
    assert view[1, 2] == (5, [10.0, 11.0], (0, -5), b"ab\0\0")
    assert view["id"].tolist() == array["id"].tolist()
    assert view["at"].shape == (2, 3, 2)
    assert view["at"].tolist() == array["at"].tolist()
    assert view["in"]["b"].tolist() == array["in"]["b"].tolist()
    assert view["in"].tolist() == array["in"].tolist()
    assert view[::-1, 1]["text"].tolist() == [b"ab\0\0"] * 2
    assert view["id"].obj is array
    view["id"] = np.full((2, 3), 7, "<u4")
    assert array["id"].tolist() == [[7] * 3] * 2
    view[0, 0] = (1, [2, 3], (4, 5), b"six")
    assert array[0, 0].item()[0] == 1 and array["in"][0, 0].item() == (4, 5) and array["text"][0, 0] == b"six"
    with pytest.raises(KeyError):
        view["nothing"]
    with pytest.raises(TypeError, match="invalid slice key"):
        View(b"abc")["id"]


@pytest.mark.parametrize("value", [(1, 2), 5, "text", (1, [2], (3, 4), b""), (2**32, [0, 0], (0, 0), b"")])
def test_what_is_no_such_structure_is_refused_and_changes_nothing(value):
    array = np.zeros(1, [("id", "<u4"), ("at", ">f8", (2,)), ("in", [("a", "u1"), ("b", "<i2")]), ("text", "S4")])
    with pytest.raises((TypeError, ValueError)):
        View(array)[0] = value
    assert array.tobytes() == bytes(array.nbytes)


def test_a_part_keeps_the_memory_when_the_whole_is_released():
    memory = bytearray(range(12))
    whole = View(memory).cast("B", [3, 4])
    part = whole[1, ::2]
    whole.release()
    assert part.tolist() == [4, 6]
    with pytest.raises(BufferError):
        memory.append(0)
    part.release()
    # The view before the cast is gone already.
    memory.append(0)


def test_an_empty_cut_with_a_step_is_contiguous():
    """D-12: memoryview says that it is not, and refuses 31 of 72 requests."""
    view = View(b"abc")[2:1:2]
    assert view.c_contiguous and view.f_contiguous and view.contiguous
    assert b"".join([view, b"x"]) == b"x"


def test_a_view_made_of_few_flags_does_not_contradict_itself():
    """D-13: memoryview shows items of 4 bytes by a format of 1."""
    array = np.arange(3, dtype="<i4")
    view = View._from_flags(array, 0)
    assert (view.format, view.itemsize, view.shape) == ("B", 1, (12,))
    assert view.tobytes() == array.tobytes()


def test_comparing_a_view_with_itself_looks_at_the_values():
    nan = np.array([1.0, math.nan])
    view = View(nan)
    assert view != view and View(nan[:1]) == View(nan[:1])

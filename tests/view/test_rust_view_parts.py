"""Parts of views, against NumPy's parts of the same array."""

import onloan_suite_view as rust
import pytest

from view.seen import assert_sees, flat

np = pytest.importorskip("numpy")
hypothesis = pytest.importorskip("hypothesis")
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

extents = st.lists(st.integers(0, 4), max_size=4)
slices = st.builds(slice, *[st.none() | st.integers(-6, 6)] * 2, st.none() | st.integers(-3, 3).filter(bool))


@st.composite
def arrays(draw):
    """Arrays of any order, with steps, reversed and transposed."""
    array = np.arange(4**4, dtype="u2")[: 4**4].reshape(4, 4, 4, 4)
    array = array[tuple(slice(0, extent) for extent in draw(extents))]
    array = array[tuple(draw(st.lists(slices, max_size=array.ndim)))]
    return array.transpose(draw(st.permutations(range(array.ndim))))


@st.composite
def indexed(draw):
    array = draw(arrays())
    index = [
        draw(slices) if extent == 0 or draw(st.booleans()) else draw(st.integers(-extent, extent - 1))
        for extent in array.shape[: draw(st.integers(0, array.ndim))]
    ]
    if draw(st.booleans()):
        index.append(Ellipsis)
    return array, tuple(index)


@hypothesis.settings(max_examples=400, deadline=None, print_blob=True)
@given(indexed())
def test_a_part_is_the_part_that_numpy_gives(case):
    array, index = case
    # With `...` the part is an array also where it is one item.
    part = array[(*index, ...)] if Ellipsis not in index else array[index]
    assert_sees(rust.part(array, "u16", index), part.shape, part.ravel().tolist())


@hypothesis.settings(max_examples=200, deadline=None, print_blob=True)
@given(arrays())
def test_a_transposed_view_is_the_transposed_array(array):
    seen = rust.transposed(array, "u16")
    assert_sees(seen, array.T.shape, array.T.ravel().tolist())
    if array.ndim == 2:
        assert seen["extents"] == list(array.T.shape)


@hypothesis.settings(max_examples=200, deadline=None, print_blob=True)
@given(arrays())
def test_any_arrangement_is_read_in_c_order(array):
    assert_sees(rust.look(array, "u16"), array.shape, array.ravel().tolist())


@hypothesis.settings(max_examples=400, deadline=None, print_blob=True)
@given(arrays())
def test_an_array_of_rust_is_the_array(array):
    copied, proven, promised = rust.arrays(array)
    assert copied == promised == array.tolist()
    # NumPy proves nothing, except that there is nothing.
    assert proven == (array.tolist() if array.size == 0 else None)


def test_an_array_in_place_needs_proof_alignment_and_whole_strides():
    assert rust.arrays(np.array(5, "u2")) == (5, None, 5)
    data = np.arange(24, dtype="u2").tobytes()
    assert rust.arrays(memoryview(data).cast("H")[::-2])[1] == list(range(23, 0, -2))
    assert rust.arrays(memoryview(data).cast("H", [4, 6]))[1] == np.arange(24).reshape(4, 6).tolist()
    unaligned = np.frombuffer(b"?" + data, "u2", offset=1)
    assert rust.arrays(unaligned) == (list(range(24)), None, None)
    records = np.zeros(4, [("a", "u1"), ("b", "<u2")])
    assert rust.arrays(records["b"]) == ([0] * 4, None, None)


@pytest.mark.parametrize("index", [(3,), (-4,), (0, 5), (0, 0, 0), (slice(None, None, 0),), (..., ...)])
def test_an_index_that_cannot_be_is_refused(index):
    with pytest.raises(IndexError):
        rust.part(np.zeros((3, 5)), "f64", index)


def test_parts_of_rows_behind_pointers():
    testbuffer = pytest.importorskip("_testbuffer")
    rows = testbuffer.ndarray(list(range(24)), shape=[2, 3, 4], format="H", flags=testbuffer.ND_PIL)
    table = np.arange(24).reshape(2, 3, 4)
    assert flat(rows.tolist(), 3) == table.ravel().tolist()
    for index in [(1,), (slice(None), slice(1, 3)), (slice(None, None, -1),), (1, 2), (1, 2, 3), (0, slice(None, None, 2), slice(1, None))]:
        part = table[(*index, ...)]
        assert_sees(rust.part(rows, "u16", index), part.shape, part.ravel().tolist())


def test_more_items_than_there_is_memory_for_are_a_memory_error():
    many = np.broadcast_to(np.zeros(1, "u2"), (1 << 30, 1 << 26))
    for copy in rust.raw, rust.arrays:
        with pytest.raises(MemoryError, match="cannot allocate"):
            copy(many)
    assert rust.part(many, "u16", (slice(0, 2), slice(5, 8)))["shape"] == [2, 3]

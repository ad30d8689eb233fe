"""Views that travel, by protocol 5."""

import array
import copy
import ctypes
import multiprocessing
import pickle

import onloan
import pytest
from hypothesis import given
from hypothesis import strategies as st

FORMATS = ["B", "@i", "<h", ">d", "Zd", "?", "3s", "T{<I:id:>h:y:}", "(2)<h"]


def view_of(nbytes, format, shape, order="C", readonly=False):
    kind = bytes if readonly else bytearray
    return onloan.View(kind(index % 2 for index in range(nbytes))).cast(format, shape, order=order)


def itemsize(format):
    return onloan.View(bytearray(480)).cast(format, order="C").itemsize


def same(one, two):
    return (one.format, one.itemsize, one.shape) == (two.format, two.itemsize, two.shape) and one.equals(two)


@given(st.sampled_from(FORMATS), st.lists(st.integers(0, 4), max_size=4), st.sampled_from("CF"), st.booleans())
def test_every_format_shape_and_order_travels_inside_of_the_pickle(format, shape, order, readonly):
    count = 1
    for extent in shape:
        count *= extent
    view = view_of(count * itemsize(format), format, tuple(shape), order, readonly)
    loaded = pickle.loads(pickle.dumps(view, 5))
    assert type(loaded) is onloan.View and same(loaded, view)
    assert loaded.readonly == readonly
    assert (loaded.c_contiguous, loaded.f_contiguous) == (view.c_contiguous, view.f_contiguous)


def test_beside_the_pickle_the_memory_stays_where_it_is():
    memory = bytearray(range(24))
    view = onloan.View(memory).cast(">h", (3, 4), order="F")
    beside = []
    packed = pickle.dumps(view, 5, buffer_callback=beside.append)
    assert len(beside) == 1
    loaded = pickle.loads(packed, buffers=beside)
    assert same(loaded, view) and loaded.f_contiguous
    loaded[0, 0] = 513
    assert memory[:2] == b"\x02\x01"
    with pytest.raises(BufferError):
        view.release()
    loaded.release()
    beside[0].release()
    view.release()
    memory.append(1)


def test_the_carrier_may_bring_the_bytes_in_any_memory():
    view = onloan.View(array.array("i", range(6))).cast("B").cast("i", (2, 3))
    beside = []
    packed = pickle.dumps(view, 5, buffer_callback=beside.append)
    raw = bytes(beside[0].raw())
    doubled = bytes(byte for pair in zip(raw, raw) for byte in pair)
    for carried in (raw, bytearray(raw), memoryview(b"x" + raw)[1:], memoryview(raw).cast("B", (4, 6)), memoryview(doubled)[::2]):
        loaded = pickle.loads(packed, buffers=[carried])
        assert loaded.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert loaded.readonly == (not isinstance(carried, bytearray))


def test_a_view_with_gaps_travels_as_a_copy_without_them():
    memory = bytearray(range(12))
    for view in (onloan.View(memory)[::3], onloan.View(memory)[::-1], onloan.View(memory).cast("B", (3, 4))[:, 1:3]):
        loaded = pickle.loads(pickle.dumps(view, 5))
        assert loaded.tolist() == view.tolist() and loaded.c_contiguous and not loaded.readonly
        loaded[...] = view
    frozen = onloan.View(bytes(memory))[::3]
    assert pickle.loads(pickle.dumps(frozen, 5)).readonly


def test_what_is_read_only_stays_so_in_memory_that_is_not():
    beside = []
    packed = pickle.dumps(onloan.View(bytearray(4)).toreadonly(), 5, buffer_callback=beside.append)
    assert pickle.loads(packed, buffers=[bytearray(4)]).readonly


@pytest.mark.parametrize("protocol", range(5))
def test_protocols_without_buffers_are_refused_with_the_one_that_has_them(protocol):
    with pytest.raises(TypeError, match=f"cannot pickle 'View' object by protocol {protocol}: buffers travel from protocol 5 on"):
        pickle.dumps(onloan.View(b"abc"), protocol)
    with pytest.raises(TypeError, match="cannot pickle"):
        copy.copy(onloan.View(b"abc"))


def test_addresses_and_formats_that_nobody_knows_do_not_travel():
    with pytest.raises(TypeError, match="items of format '<O' mean nothing elsewhere"):
        pickle.dumps(onloan.View((ctypes.py_object * 2)()), 5)
    with pytest.raises(TypeError, match="mean nothing elsewhere"):

        class Either(ctypes.Union):
            _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_double)]

        pickle.dumps(onloan.View(Either()), 5)


def test_a_released_view_does_not_travel():
    view = onloan.View(b"abc")
    view.release()
    with pytest.raises(ValueError, match="released"):
        pickle.dumps(view, 5)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((b"abcd", "i", 4, (2,), "C", False), TypeError),
        ((b"abcd", "i", 4, (-1,), "C", False), ValueError),
        ((b"abcd", "i", 4, (1,), "K", False), ValueError),
        ((b"abcd", "?!", 4, (1,), "C", False), ValueError),
        ((b"abcdefgh", "O", 8, (1,), "C", False), ValueError),
        ((b"abcd", "i", 8, (1,), "C", False), ValueError),
        ((b"abcd", "i", 4, [1] * 65, "C", False), ValueError),
        ((7, "i", 4, (1,), "C", False), TypeError),
    ],
)
def test_a_forged_pickle_is_an_error(arguments, error):
    from onloan._onloan import _rebuild_view

    with pytest.raises(error):
        _rebuild_view(*arguments)


def load_and_sum(packed):
    return sum(pickle.loads(packed))


def test_a_view_reaches_another_process():
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        packed = pickle.dumps(onloan.View(array.array("d", [1, 2])), 5)
        assert pool.apply(load_and_sum, (packed,)) == 3.0

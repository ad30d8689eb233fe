"""Buffers that travel: pickles, copies, and what carriers make of them."""

import array
import copy
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onloan import Buffer, _onloan


def table(**keywords):
    return Buffer([[(1, 0.5), (2, 1.5)]], format="T{<I:id:<d:x:}", **keywords)


def address(exporter):
    return _onloan.request(exporter, 0)["buf"]


def same(one, two):
    return (one.format, one.shape, one.readonly, one.tobytes()) == (two.format, two.shape, two.readonly, two.tobytes())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("readonly", [False, True])
@pytest.mark.parametrize("dumps", [pickle.dumps, pickle._dumps], ids=["C", "Python"])
def test_every_protocol_carries_shape_format_and_access(protocol, readonly, dumps):
    buffer = table(readonly=readonly)
    loaded = pickle.loads(dumps(buffer, protocol))
    assert same(loaded, buffer) and buffer.exports == 0
    if not readonly:
        loaded.fill((7, 7.0))
        loaded.append([(8, 8.0), (9, 9.0)])
        assert loaded.tolist() == [[(7, 7.0), (7, 7.0)], [(8, 8.0), (9, 9.0)]]
    assert buffer.tolist() == [[(1, 0.5), (2, 1.5)]]


@given(st.lists(st.integers(0, 4), max_size=4), st.sampled_from(["B", "<h", "d", "T{>I:a:3s:b:}"]), st.booleans())
def test_any_shape_and_format_travel(shape, format, readonly):
    buffer = Buffer.zeros(tuple(shape), format, readonly=readonly)
    for protocol in (4, 5):
        assert same(pickle.loads(pickle.dumps(buffer, protocol)), buffer)


def test_out_of_band_the_memory_stays_where_it_is():
    buffer = Buffer.zeros((100, 100), "d")
    beside = []
    packed = pickle.dumps(buffer, 5, buffer_callback=beside.append)
    assert len(packed) < 200 and len(beside) == 1 and buffer.exports == 1
    loaded = pickle.loads(packed, buffers=beside)
    assert address(loaded) == address(buffer) and loaded.shape == (100, 100)
    assert buffer.exports == 2
    with pytest.raises(BufferError, match="cannot resize: 2 exports are out"):
        buffer.resize(1)
    loaded.fill(1)
    assert buffer.tolist()[0][0] == 1.0
    # Growing takes memory of its own, and gives back what was lent.
    loaded.resize(101)
    assert buffer.exports == 1 and address(loaded) != address(buffer) and loaded.tolist()[99][99] == 1.0
    beside[0].release()
    assert buffer.exports == 0


CARRIERS = {
    "bytes": bytes,
    "bytearray": bytearray,
    "flat view": lambda data: memoryview(bytes(data)),
    "part of a larger message, unaligned": lambda data: memoryview(b"x" + bytes(data) + b"y")[1:-1],
    "writable part, unaligned": lambda data: memoryview(bytearray(b"x" + bytes(data)))[1:],
    "with another shape": lambda data: memoryview(bytes(data)).cast("B", (2, 12)),
    "of another type": lambda data: array.array("I", bytes(data)),
    "with gaps": lambda data: memoryview(bytes(byte for pair in zip(bytes(data), bytes(24)) for byte in pair))[::2],
}


@pytest.mark.parametrize("name", CARRIERS)
@pytest.mark.parametrize("readonly", [False, True])
def test_what_a_carrier_made_of_the_bytes_is_taken_as_it_is(name, readonly):
    buffer = table(readonly=readonly)
    beside = []
    packed = pickle.dumps(buffer, 5, buffer_callback=beside.append)
    carried = CARRIERS[name](memoryview(beside[0].raw()))
    loaded = pickle.loads(packed, buffers=[carried])
    assert (loaded.format, loaded.shape, loaded.tolist()) == (buffer.format, buffer.shape, buffer.tolist())
    copied = name == "with gaps"
    assert loaded.readonly == (readonly or (memoryview(carried).readonly and not copied))
    if not copied:
        assert address(loaded) == address(carried)
    del carried
    assert loaded.tolist() == buffer.tolist()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((b"abc", "B", (4,), False), ValueError),
        ((b"abc", "B", (-3,), False), ValueError),
        ((b"abc", "B", (3, 2**62, 0), False), ValueError),
        ((b"abc", "k", (3,), False), ValueError),
        ((b"abcdefgh", "O", (1,), False), ValueError),
        ((b"abc", "B", (1,) * 65, False), ValueError),
        ((b"abc", "B", "abc", False), TypeError),
        (("abc", "B", (3,), False), TypeError),
        ((None, "B", (0,), False), TypeError),
        ((b"", "0s", (5,), False), ValueError),
    ],
)
def test_a_pickle_that_was_tampered_with_is_refused(arguments, error):
    with pytest.raises(error):
        _onloan._rebuild(*arguments)


def test_a_pickle_can_be_read_by_another_process():
    packed = pickle.dumps(table(), 5)
    child = "import pickle, sys\nprint(pickle.loads(sys.stdin.buffer.read()).tolist())"
    done = subprocess.run([sys.executable, "-c", child], input=packed, capture_output=True, timeout=60)
    assert done.stdout.decode().strip() == "[[(1, 0.5), (2, 1.5)]]"


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, lambda buffer: copy.deepcopy([buffer, buffer])[1]])
@pytest.mark.parametrize("readonly", [False, True])
def test_a_copy_has_memory_of_its_own(copier, readonly):
    buffer = table(readonly=readonly)
    with memoryview(buffer):
        copied = copier(buffer)
    assert same(copied, buffer) and address(copied) != address(buffer)
    assert copied.exports == 0


def test_copies_of_memory_made_on_demand_are_memory():
    buffer = Buffer.lazy(lambda: bytes(range(6)), format="H")
    for copied in (copy.copy(buffer), pickle.loads(pickle.dumps(buffer, 5))):
        assert copied.tobytes() == bytes(range(6)) and copied.readonly and "lazy" not in repr(copied)


def test_numpy_reads_what_travelled_without_a_copy():
    numpy = pytest.importorskip("numpy")
    buffer = table()
    loaded = pickle.loads(pickle.dumps(buffer, 5))
    assert numpy.asarray(loaded)["x"].tolist() == [[0.5, 1.5]]

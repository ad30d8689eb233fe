"""Those who ask for buffers every day: the standard library and NumPy, each with its own request."""

import binascii
import ctypes
import hashlib
import io
import pickle
import socket
import struct
import sys
import zlib

import numpy
import pytest

from onloan_suite import FrozenCell, laid_out, raw

from suite.child import printed
from suite.oracle import FULL_RO, is_contiguous


@pytest.fixture
def items(exporter):
    """What the exporter lends, in C order."""
    held = raw.acquire(exporter, FULL_RO)
    contents = held.to_contiguous("C")
    held.release()
    return contents


def through_a_socket(exporter, size):
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        sent = here.send(exporter)
        received = there.recv(sent) if sent else b""
    return received


def test_readers_read_contiguous_memory_as_it_lies(exporter, items, tmp_path):
    held = raw.acquire(exporter, FULL_RO)
    contiguous = is_contiguous(held.fields(), "C")
    held.release()
    if not contiguous:
        for read in (hashlib.sha256, zlib.crc32, binascii.hexlify, io.BytesIO().write):
            with pytest.raises((BufferError, TypeError)):
                read(exporter)
        return
    before = sys.getrefcount(exporter)
    assert hashlib.sha256(exporter).digest() == hashlib.sha256(items).digest()
    assert zlib.crc32(exporter) == zlib.crc32(items)
    assert binascii.hexlify(exporter) == binascii.hexlify(items)
    assert b"-".join([exporter, b"end"]) == items + b"-end"
    file = io.BytesIO()
    assert file.write(exporter) == len(items) and file.getvalue() == items
    with open(tmp_path / "written", "wb", buffering=0) as written:
        written.write(exporter)
    assert (tmp_path / "written").read_bytes() == items
    assert items.startswith(through_a_socket(exporter, len(items)))
    assert struct.unpack_from(f"{min(len(items), 10)}s", exporter)[0] == items[:10]
    assert (b"hay" + items + b"stack").find(exporter) == (0 if not items else 3)
    if items:
        assert numpy.frombuffer(exporter, dtype="u1").tobytes() == items
    assert sys.getrefcount(exporter) == before


def test_readers_who_understand_strides_read_every_layout(exporter, items):
    before = sys.getrefcount(exporter)
    assert bytes(exporter) == items
    assert bytearray(exporter) == items
    assert memoryview(exporter).tobytes() == items
    assert sys.getrefcount(exporter) == before


def test_a_pickle_takes_it_out_of_band(exporter, items):
    taken = []
    try:
        pickled = pickle.dumps(pickle.PickleBuffer(exporter), protocol=5, buffer_callback=taken.append)
    except (BufferError, pickle.PicklingError):
        return  # Not contiguous, or with suboffsets.
    [buffer] = taken
    try:
        with buffer.raw() as view:
            assert sorted(view) == sorted(items)
    except BufferError as error:
        assert "1 export is out" in str(error), "PickleBuffer holds one, and asks for another"
    assert pickle.loads(pickled, buffers=[buffer]) is buffer
    buffer.release()


def test_writers_write_into_it():
    cell = FrozenCell("writable", bytes(16))
    before = sys.getrefcount(cell)
    assert io.BytesIO(b"read into").readinto(cell) == 9
    assert cell.look(0, 16)[0] == b"read into" + bytes(7)
    struct.pack_into("<I", cell, 12, 0x04030201)
    assert cell.look(12, 4)[0] == b"\1\2\3\4"
    number = ctypes.c_uint16.from_buffer(cell, 9)
    number.value = 0x4141
    assert cell.look(9, 2)[0] == b"AA" and cell.exports == 1
    del number
    numpy.frombuffer(cell, dtype="u1")[:] = 7
    assert cell.look(0, 16)[0] == bytes([7] * 16)
    here, there = socket.socketpair()
    with here, there:
        here.send(b"received")
        assert there.recv_into(cell) == 8
    assert cell.look(0, 8)[0] == b"received"
    assert cell.exports == 0 and sys.getrefcount(cell) == before


def test_writers_are_refused_where_they_may_not():
    cell = FrozenCell("read_only", bytes(16))
    with pytest.raises(TypeError):
        io.BytesIO(b"read into").readinto(cell)
    with pytest.raises(TypeError):
        struct.pack_into("<I", cell, 0, 1)
    with pytest.raises(TypeError):
        ctypes.c_uint16.from_buffer(cell)
    assert cell.exports == 0 and cell.look(0, 16)[0] == bytes(16)


def test_an_exclusive_cell_serves_one_after_the_other():
    cell = FrozenCell("exclusive", bytes(8))
    first = numpy.frombuffer(cell, dtype="u1")
    with pytest.raises(BufferError, match="1 export is out"):
        hashlib.sha256(cell)
    first[:] = 1
    del first
    assert hashlib.sha256(cell).digest() == hashlib.sha256(b"\1" * 8).digest()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688 came with 3.12")
def test_two_dimensions_asked_for_by_few_flags_do_not_crash_cpython():
    """Its memoryview reads the arrays of more than one dimension, though they were not asked for."""
    script = """
        from onloan_suite import laid_out
        table = laid_out("writable", bytes(range(12)), shape=[3, 4])
        for flags in (0, 1, 4):
            try:
                view = table.__buffer__(flags)
                print(view.tobytes() == bytes(range(12)), table.exports)
                view.release()
            except BufferError:
                print("refused", table.exports)
    """
    assert printed(script) == ["True 1", "True 1", "refused 0"]

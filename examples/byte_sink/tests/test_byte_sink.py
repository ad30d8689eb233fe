"""A byte sink as programs meet it: as a file, and as memory."""

import array
import ctypes
import gzip
import hashlib
import io
import mmap
import os
import pickle
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import weakref
import zipfile
import zlib

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byte_sink import ByteSink

OPERATIONS = st.one_of(
    st.tuples(st.just("write"), st.binary(max_size=12)),
    st.tuples(st.just("seek"), st.integers(-30, 30), st.sampled_from([0, 1, 2])),
    st.tuples(st.just("read"), st.one_of(st.none(), st.integers(-2, 20))),
    st.tuples(st.just("truncate"), st.one_of(st.none(), st.integers(-2, 30))),
    st.tuples(st.just("tell")),
)


def sink_of(data):
    sink = ByteSink()
    sink.write(data)
    return sink


def outcome(file, name, arguments):
    try:
        return getattr(file, name)(*arguments)
    except (ValueError, OverflowError) as error:
        return type(error)


@settings(deadline=None, database=None)
@given(st.lists(OPERATIONS, max_size=30))
def test_it_behaves_as_bytesio(operations):
    sink, oracle = ByteSink(), io.BytesIO()
    for name, *arguments in operations:
        assert outcome(sink, name, arguments) == outcome(oracle, name, arguments), (name, arguments)
        assert bytes(sink) == oracle.getvalue()
        assert sink.tell() == oracle.tell()
    assert sink.exports == 0


def test_its_bytes_are_lent_writable_and_where_they_lie():
    sink = sink_of(b"abcdef")
    view = memoryview(sink)
    assert (view.format, view.shape, view.itemsize, view.readonly) == ("B", (6,), 1, False)
    assert view.obj is sink
    numpy.asarray(sink)[0] = ord("X")
    struct.pack_into("2s", sink, 2, b"YZ")
    (ctypes.c_char * 6).from_buffer(sink)[5] = b"!"
    assert bytes(view) == b"XbYZe!"


def test_an_empty_sink_lends_no_bytes():
    sink = ByteSink()
    assert memoryview(sink).shape == (0,)
    assert bytes(sink) == b"" and numpy.asarray(sink).size == 0


def test_gzip_writes_into_it_and_reads_from_it():
    text = b"growable " * 10_000
    sink = ByteSink()
    with gzip.GzipFile(fileobj=sink, mode="wb") as file:
        for start in range(0, len(text), 1000):
            file.write(text[start : start + 1000])
    assert gzip.decompress(memoryview(sink)) == text
    sink.seek(0)
    with gzip.GzipFile(fileobj=sink, mode="rb") as file:
        assert file.read() == text


def test_copyfileobj_copies_into_it_and_out_of_it():
    data = bytes(range(256)) * 5000
    sink, target = ByteSink(), io.BytesIO()
    shutil.copyfileobj(io.BytesIO(data), sink)
    assert bytes(sink) == data
    sink.seek(0)
    shutil.copyfileobj(sink, target, 1000)
    assert target.getvalue() == data


def test_zlib_and_hashlib_take_it_as_memory():
    data = b"lend me your bytes" * 100
    sink = sink_of(data)
    assert zlib.decompress(zlib.compress(sink)) == data
    assert zlib.crc32(sink) == zlib.crc32(data)
    assert hashlib.sha256(sink).digest() == hashlib.sha256(data).digest()
    assert hashlib.file_digest(sink, "sha256").digest() == hashlib.sha256(data).digest()
    assert sink.exports == 0


def test_archives_and_pickles_are_written_into_it():
    sink = ByteSink()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.txt", "in a zip")
    assert zipfile.ZipFile(sink).read("a.txt") == b"in a zip"
    sink = ByteSink()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        member = tarfile.TarInfo("b.txt")
        member.size = 8
        archive.addfile(member, io.BytesIO(b"in a tar"))
    sink.seek(0)
    assert tarfile.open(fileobj=sink).extractfile("b.txt").read() == b"in a tar"
    sink = ByteSink()
    pickle.dump({"key": [1, 2, 3]}, sink)
    assert pickle.loads(sink) == {"key": [1, 2, 3]}


def test_a_socket_sends_it_and_receives_into_it():
    sink, other = sink_of(b"over the wire"), sink_of(bytes(13))
    left, right = socket.socketpair()
    with left, right:
        left.sendall(sink)
        assert right.recv_into(other) == 13
    assert bytes(other) == b"over the wire"


@pytest.mark.parametrize(
    "data",
    [
        bytearray(b"bytes"),
        memoryview(b"abcdef")[::-2],
        array.array("H", [1, 2, 65535]),
        numpy.arange(6.0)[::2],
        numpy.arange(12, dtype="u1").reshape(3, 4).T,
        numpy.float64(1.5),
        numpy.zeros(3, dtype="i4,f8"),
        (ctypes.c_int * 3)(1, 2, 3),
        sink_of(b"another sink"),
        b"",
    ],
    ids=lambda data: type(data).__name__,
)
def test_the_bytes_of_any_buffer_can_be_written(data):
    sink = sink_of(b"before ")
    assert sink.write(data) == memoryview(data).nbytes
    assert bytes(sink) == b"before " + memoryview(data).tobytes()


@pytest.mark.parametrize("data", ["text", 3, None, [1, 2]])
def test_what_is_no_buffer_is_refused(data):
    sink = sink_of(b"kept")
    with pytest.raises(TypeError):
        sink.write(data)
    assert bytes(sink) == b"kept" and sink.tell() == 4


def test_growth_is_refused_while_exported_and_the_refusal_counts():
    sink = sink_of(b"fixed")
    views = [memoryview(sink), numpy.asarray(sink), memoryview(sink)]
    for left in (3, 2, 1):
        assert sink.exports == left
        exports = "1 export is" if left == 1 else f"{left} exports are"
        with pytest.raises(BufferError, match=f"the size of the sink is fixed: {exports} out"):
            sink.write(b"more")
        with pytest.raises(BufferError, match=f"{exports} out"):
            sink.truncate(0)
        assert bytes(sink) == b"fixed" and sink.tell() == 5
        views.pop()
    assert sink.write(b" no more") == 8
    assert bytes(sink) == b"fixed no more"


def test_it_can_be_read_while_it_is_exported():
    sink = sink_of(b"readable")
    view = memoryview(sink)
    view[0] = ord("R")
    assert sink.seek(-8, io.SEEK_END) == 0
    assert (sink.read(4), sink.read(), sink.read(), sink.exports) == (b"Read", b"able", b"", 1)


@pytest.mark.parametrize(
    "part",
    [lambda sink: sink, memoryview, lambda sink: memoryview(sink)[1:3], numpy.asarray, lambda sink: sink.getbuffer().cast("H")],
    ids=["itself", "view", "slice", "array", "cast"],
)
def test_writing_the_sink_into_itself_is_refused(part):
    sink = sink_of(b"ouroboros!")
    with pytest.raises(BufferError):
        sink.write(part(sink))
    assert bytes(sink) == b"ouroboros!" and sink.exports == 0
    sink.write(b" eats")
    assert bytes(sink) == b"ouroboros! eats"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes lend buffers from Python 3.12 on")
def test_a_buffer_that_writes_while_it_is_written_is_refused():
    sink = sink_of(b"first ")

    class Meddler:
        def __buffer__(self, flags):
            sink.write(b"in between")
            return memoryview(b"never")

    with pytest.raises(RuntimeError):
        sink.write(Meddler())
    sink.write(b"second")
    assert bytes(sink) == b"first second"


def test_more_than_memory_is_a_memory_error_and_changes_nothing():
    sink = sink_of(b"small")
    for position in (2**62, sys.maxsize):
        sink.seek(position)
        with pytest.raises(MemoryError):
            sink.write(b"x")
        assert bytes(sink) == b"small" and sink.tell() == position


@pytest.mark.parametrize("arguments", [(0, 3), (0, -1), (0, "end"), (1.5,), (2**70,)])
def test_a_seek_to_nowhere_is_refused(arguments):
    sink = sink_of(b"here")
    with pytest.raises((ValueError, TypeError, OverflowError)):
        sink.seek(*arguments)
    assert sink.tell() == 4


def test_a_release_on_another_thread_lets_it_grow_again():
    sink = sink_of(b"one")
    view = memoryview(sink)
    with pytest.raises(BufferError):
        sink.write(b", two")
    thread = threading.Thread(target=view.release)
    thread.start()
    thread.join()
    sink.write(b", two")
    assert bytes(sink) == b"one, two"


def test_threads_that_write_lose_no_bytes():
    sink = ByteSink()
    threads = [threading.Thread(target=lambda: [sink.write(b"0123456789") for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bytes(sink) == b"0123456789" * 4000


def test_a_subclass_lends_the_same_memory():
    class Counting(ByteSink):
        writes = 0

        def write(self, data):
            self.writes += 1
            return super().write(data)

    sink = Counting()
    shutil.copyfileobj(io.BytesIO(b"counted"), sink, 3)
    assert sink.writes == 3 and bytes(sink) == b"counted"
    view = memoryview(sink)
    assert view.obj is sink and sink.exports == 1
    with pytest.raises(BufferError, match="1 export is out"):
        sink.write(b"more")


def test_exports_keep_it_alive_and_are_counted():
    sink = sink_of(b"kept alive")
    references, gone = sys.getrefcount(sink), weakref.ref(sink)
    view, values = memoryview(sink), numpy.asarray(sink)
    assert sink.exports == 2
    view.release()
    assert sink.exports == 1
    del values
    assert sink.exports == 0 and sys.getrefcount(sink) == references
    view = memoryview(sink)[5:]
    del sink
    assert bytes(view) == b"alive" and gone().exports == 1
    del view
    assert gone() is None


def in_memory(address, nbytes):
    """How many of these bytes are in memory, by the pages. Whatever else the process does meanwhile is not counted."""
    with open("/proc/self/pagemap", "rb") as pages:
        pages.seek(address // mmap.PAGESIZE * 8)
        entries = pages.read(nbytes // mmap.PAGESIZE * 8)
    return mmap.PAGESIZE * sum(entry >> 7 for entry in entries[7::8])


def export_and_drop():
    block = bytes([1]) * (1 << 20)
    sink = ByteSink()
    for _ in range(48):
        sink.write(block)
    view = memoryview(sink)
    place = numpy.frombuffer(view, "u1").ctypes.data, 48 << 20
    del sink
    assert in_memory(*place) > 47 << 20 and view[-1] == 1
    view.release()
    assert in_memory(*place) < 8 << 20


def in_a_process_of_its_own(function):
    """Runs a function of this module where nothing else has used the heap: in a used one, memory may come from there, and go back there."""
    code = f"import test_byte_sink; test_byte_sink.{function.__name__}()"
    done = subprocess.run([sys.executable, "-c", code], cwd=os.path.dirname(__file__), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not os.path.exists("/proc/self/pagemap"), reason="this system does not tell which pages are in memory")
def test_the_memory_goes_with_the_last_export():
    in_a_process_of_its_own(export_and_drop)

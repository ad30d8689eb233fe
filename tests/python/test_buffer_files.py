"""Mapped files and shared memory."""

import array
import ctypes
import mmap
import os
import pickle
import subprocess
import sys
from multiprocessing import shared_memory
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onloan import Buffer

CONTENT = bytes(range(256)) * 64


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    return path


# Files


def test_a_file_is_mapped_for_reading(path):
    buffer = Buffer.from_file(path)
    assert (buffer.format, buffer.shape, buffer.readonly) == ("B", (len(CONTENT),), True)
    assert buffer.tobytes() == CONTENT
    # Seen through the mapping: it is the file and no copy.
    with path.open("r+b") as file:
        file.write(b"new")
    assert buffer.tobytes()[:4] == b"new\x03"
    buffer.close()


@pytest.mark.parametrize("kind", [str, Path, lambda path: path])
def test_a_path_may_be_text_or_a_path(path, kind):
    assert Buffer.from_file(kind(path), "r").nbytes == len(CONTENT)


def test_what_is_written_to_a_shared_mapping_is_in_the_file(path):
    with Buffer.from_file(path, "r+", format="<I") as buffer:
        assert not buffer.readonly
        with memoryview(buffer) as view:
            view.cast("B")[:3] = b"new"
    assert path.read_bytes() == b"new" + CONTENT[3:]


def test_what_is_written_to_a_private_mapping_is_nowhere_else(path):
    path.chmod(0o444)
    with Buffer.from_file(path, "c") as buffer, Buffer.from_file(path, "c") as other:
        buffer.fill(7)
        assert buffer.tobytes() == bytes([7]) * len(CONTENT)
        assert other.tobytes() == path.read_bytes() == CONTENT


def test_items_and_shape_are_laid_over_the_bytes(path):
    assert Buffer.from_file(path, format=">H").tolist()[:2] == [0x0001, 0x0203]
    assert Buffer.from_file(path, format="T{<B:a:<H:b:x}").shape == (len(CONTENT) // 4,)
    buffer = Buffer.from_file(path, shape=(4, 3), format="<I")
    assert buffer.shape == (4, 3) and buffer.tobytes() == CONTENT[:48]
    assert Buffer.from_file(path, shape=()).tolist() == 0
    assert Buffer.from_file(path, shape=(0, 7)).tobytes() == b""


@given(data=st.data())
def test_any_part_can_be_mapped(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "part.bin"
    if not path.exists():
        path.write_bytes(CONTENT)
    offset = data.draw(st.integers(0, len(CONTENT)))
    length = data.draw(st.one_of(st.none(), st.integers(0, len(CONTENT) - offset)))
    buffer = Buffer.from_file(path, offset=offset, length=length)
    end = len(CONTENT) if length is None else offset + length
    assert buffer.tobytes() == CONTENT[offset:end]


@pytest.mark.parametrize(
    ("keywords", "error", "words"),
    [
        ({"mode": "w"}, ValueError, 'mode is "w"'),
        ({"offset": len(CONTENT) + 1}, ValueError, "offset is 16385, but the file has 16384 bytes"),
        ({"offset": -1}, ValueError, "negative"),
        ({"offset": 2**70}, OverflowError, "counted"),
        ({"offset": "1"}, TypeError, "offset is an integer"),
        ({"length": len(CONTENT) + 1}, ValueError, "there are 16384"),
        ({"length": -1}, ValueError, "negative"),
        ({"length": 10, "offset": len(CONTENT) - 5}, ValueError, "there are 5"),
        ({"shape": len(CONTENT), "format": "d"}, ValueError, "there are 16384"),
        ({"shape": -3}, ValueError, "extent"),
        ({"shape": (2**40, 2**40)}, ValueError, None),
        ({"shape": 4, "length": 5}, ValueError, "length is 5"),
        ({"length": 10, "format": "d"}, ValueError, "10 bytes are not a number of items of 8 bytes"),
        ({"format": "k"}, ValueError, "found `k`"),
    ],
)
def test_what_the_file_has_not_is_refused_with_numbers(path, keywords, error, words):
    with pytest.raises(error, match=words):
        Buffer.from_file(path, **keywords)


def test_errors_of_the_system_have_the_file_name(tmp_path):
    missing = tmp_path / "missing"
    with pytest.raises(FileNotFoundError) as caught:
        Buffer.from_file(missing)
    assert caught.value.filename == str(missing) and caught.value.errno == 2
    with pytest.raises(FileNotFoundError):
        Buffer.from_file(missing, "r+")
    assert not missing.exists()
    with pytest.raises(IsADirectoryError):
        Buffer.from_file(tmp_path)
    with pytest.raises(ValueError):
        Buffer.from_file("a\0b")
    with pytest.raises(TypeError):
        Buffer.from_file(7)
    if os.geteuid() != 0:
        missing.write_bytes(b"a")
        missing.chmod(0)
        with pytest.raises(PermissionError):
            Buffer.from_file(missing)


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_an_empty_file_is_no_bytes(tmp_path, mode):
    path = tmp_path / "empty"
    path.touch()
    buffer = Buffer.from_file(path, mode, format="d")
    assert (buffer.shape, buffer.tobytes(), buffer.readonly) == ((0,), b"", mode == "r")
    assert memoryview(buffer).tobytes() == b""


def test_a_mapping_keeps_its_size_and_can_be_copied(path):
    buffer = Buffer.from_file(path, "r+", length=8)
    for change in (lambda: buffer.resize(4), lambda: buffer.append(1), lambda: buffer.extend(b"a")):
        with pytest.raises(TypeError, match="of mapped memory"):
            change()
    copied = pickle.loads(pickle.dumps(buffer))
    copied.append(9)
    assert copied.tobytes() == CONTENT[:8] + b"\x09"
    assert repr(buffer) == "<onloan.Buffer 8 of 'B', 8 bytes, writable, mapped file>"


def test_the_file_stays_mapped_for_who_still_looks(path):
    view = memoryview(Buffer.from_file(path))
    path.unlink()
    assert view.tobytes() == CONTENT
    buffer = view.obj
    with pytest.raises(BufferError, match="1 export is out"):
        buffer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="mappings are listed in /proc")
def test_a_closed_mapping_is_gone(path):
    def mapped():
        return str(path) in Path("/proc/self/maps").read_text()

    buffer = Buffer.from_file(path, offset=mmap.PAGESIZE)
    assert mapped()
    buffer.close()
    assert not mapped()


# Shared memory

needs_shared = pytest.mark.skipif(sys.platform == "win32", reason="no POSIX shared memory")


@pytest.fixture
def segment():
    buffer = Buffer.shared(create=True, shape=(2, 3), format="h")
    yield buffer
    try:
        buffer.unlink()
    except FileNotFoundError:
        pass


@needs_shared
def test_shared_memory_is_what_the_standard_library_opens(segment):
    assert segment.tolist() == [[0, 0, 0], [0, 0, 0]] and not segment.readonly
    other = shared_memory.SharedMemory(segment.name)
    try:
        assert other.size >= 12
        other.buf[:4] = array.array("h", [1, 2]).tobytes()
        assert segment.tolist() == [[1, 2, 0], [0, 0, 0]]
    finally:
        other.close()
        other.unlink()


@needs_shared
def test_what_the_standard_library_made_is_opened():
    other = shared_memory.SharedMemory(create=True, size=64)
    try:
        with Buffer.shared(other.name, format="d", shape=4) as buffer:
            buffer.fill(2.5)
            assert buffer.name == other.name
        assert bytes(other.buf[:32]) == array.array("d", [2.5] * 4).tobytes()
        whole = Buffer.shared(other.name, readonly=True)
        assert whole.readonly and whole.nbytes == other.size
        whole.close()
    finally:
        other.close()
        other.unlink()


@needs_shared
def test_another_process_sees_and_writes(segment):
    child = "import sys, onloan\nb = onloan.Buffer.shared(sys.argv[1], shape=6, format='h')\nprint(b.tolist())\nb.fill(7)"
    segment.fill(3)
    done = subprocess.run([sys.executable, "-c", child, segment.name], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[3, 3, 3, 3, 3, 3]", "")
    assert segment.tolist() == [[7, 7, 7], [7, 7, 7]]
    # The child has ended, and the name is still there.
    Buffer.shared(segment.name).close()


@needs_shared
def test_names_are_with_or_without_the_slash(segment):
    assert "/" not in segment.name
    Buffer.shared("/" + segment.name).close()
    assert repr(segment) == f"<onloan.Buffer 2×3 of 'h', 12 bytes, writable, shared memory '{segment.name}'>"


@needs_shared
def test_a_name_that_is_taken_or_gone_is_an_error_of_the_system(segment):
    with pytest.raises(FileExistsError) as caught:
        Buffer.shared(segment.name, create=True, shape=1)
    assert caught.value.filename == segment.name
    segment.unlink()
    segment.fill(1)  # the memory stays
    for gone in (lambda: Buffer.shared(segment.name), segment.unlink):
        with pytest.raises(FileNotFoundError):
            gone()
    # The name is free for others.
    Buffer.shared(segment.name, create=True, shape=1).unlink()


@needs_shared
def test_unlinking_works_on_a_closed_buffer_and_on_shared_memory_only(segment):
    segment.close()
    segment.unlink()
    with pytest.raises(TypeError, match="not shared memory"):
        Buffer(b"abc").unlink()


@needs_shared
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"create": True}, TypeError, "needs a shape"),
        ({}, TypeError, "needs a name"),
        ({"name": "a/b"}, ValueError, "cannot be the name"),
        ({"name": ""}, ValueError, "cannot be the name"),
        ({"name": "/"}, ValueError, "cannot be the name"),
        ({"name": ".."}, ValueError, "cannot be the name"),
        ({"name": "a\0b"}, ValueError, "cannot be the name"),
        ({"name": "x" * 5000}, OSError, None),
        ({"create": True, "shape": 0}, ValueError, "at least one byte"),
        ({"create": True, "shape": (3, 0)}, ValueError, "at least one byte"),
        ({"create": True, "shape": -1}, ValueError, "extent"),
        ({"create": True, "shape": 1 << 60}, (OSError, MemoryError), None),
    ],
)
def test_shared_memory_that_cannot_be_is_refused(arguments, error, words):
    before = set(os.listdir("/dev/shm")) if sys.platform == "linux" else set()
    with pytest.raises(error, match=words):
        Buffer.shared(**arguments)
    if sys.platform == "linux":
        assert {name for name in set(os.listdir("/dev/shm")) - before if name.startswith("onloan_")} == set()


@needs_shared
def test_a_shape_larger_than_the_segment_is_refused(segment):
    with pytest.raises(ValueError, match="there are"):
        Buffer.shared(segment.name, shape=1 << 20)


@needs_shared
def test_read_only_shared_memory_lends_nothing_to_write(segment):
    reader = Buffer.shared(segment.name, readonly=True)
    with pytest.raises(TypeError):
        (ctypes.c_char * 4).from_buffer(reader)
    with pytest.raises(TypeError, match="read-only"):
        reader.fill(1)
    segment.fill(1)
    assert reader.tobytes()[:12] == segment.tobytes()

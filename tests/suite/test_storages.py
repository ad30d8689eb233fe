"""Every storage, as it looks to consumers and to its owner in Rust."""

import mmap

import numpy
import pytest

from onloan_suite import FrozenCell, laid_out, map_file, raw, storages

from suite.oracle import FULL, FULL_RO, WRITABLE

#: name → format, shape, strides (None: C order), read-only.
EXPECTED = {
    "Vec": ("H", [3], None, 0),
    "Vec read-only": ("H", [3], None, 1),
    "Vec exclusive": ("H", [3], None, 0),
    "Vec empty": ("H", [0], None, 0),
    "Vec of arrays": ("H", [2, 3], None, 0),
    "Box": ("H", [3], None, 0),
    "Arc": ("H", [3], None, 1),
    "Arc of Vec": ("H", [3], None, 1),
    "Part": ("H", [2], None, 1),
    "static slice": ("i", [3], None, 1),
    "static str": ("B", [6], None, 1),
    "String": ("B", [6], None, 1),
    "Rows": ("q", [3, 2], [8, 8], 0),
    "AlignedVec": ("d", [2], None, 0),
    "AlignedVec at 4096": ("B", [3], None, 1),
    "AlignedVec on huge pages": ("Q", [300_000], None, 0),
    "AlignedVec empty": ("f", [0], None, 0),
    "bytes::Bytes": ("B", [5], None, 1),
    "bytes::BytesMut": ("B", [7], None, 0),
    "memmap2::MmapMut": ("B", [4096], None, 0),
    "memmap2::Mmap": ("B", [16], None, 1),
    "arrow_buffer::Buffer": ("B", [5], None, 1),
    "arrow_buffer::ScalarBuffer": ("i", [2], None, 1),
    "ndarray in C order": ("d", [2, 3], None, 0),
    "ndarray in Fortran order": ("B", [3, 2], [1, 3], 0),
    "ndarray transposed": ("d", [3, 2], [8, 24], 0),
    "ndarray sliced": ("h", [2, 2, 2], [24, 12, -4], 0),
    "ndarray reversed": ("i", [4], [-4], 0),
    "ndarray of dynamic rank": ("I", [2, 1, 2], None, 0),
    "ndarray without axes": ("f", [], None, 0),
    "ndarray empty": ("d", [0, 3], None, 0),
    "ndarray shared": ("d", [2, 3], None, 1),
    "an author's own": ("f", [2], None, 0),
}

ALIGNED = {"AlignedVec": 64, "AlignedVec at 4096": 4096, "AlignedVec on huge pages": 2 << 20, "AlignedVec empty": 64}


def test_every_storage_is_expected():
    assert [name for name, _ in storages()] == list(EXPECTED)


@pytest.fixture(params=EXPECTED)
def name(request):
    return request.param


@pytest.fixture
def storage(name):
    return dict(storages())[name]


def test_format_shape_and_strides_are_those_of_the_storage(name, storage):
    format, shape, strides, readonly = EXPECTED[name]
    held = raw.acquire(storage, FULL_RO)
    fields = held.fields()
    assert fields["format"] == format and fields["readonly"] == readonly
    assert (fields["shape"] or []) == shape
    if strides is None:
        assert held.is_contiguous("C")
    else:
        assert fields["strides"] == strides
    assert (fields["suboffsets"] is not None) == (name == "Rows")
    assert fields["buf"] % ALIGNED.get(name, 1) == 0


def test_consumers_see_the_items_that_rust_has(name, storage):
    items = storage.items()
    held = raw.acquire(storage, FULL_RO)
    assert held.to_contiguous("C") == items
    assert storage.copied() == items, "also copied beside an export"
    if name == "Rows":
        return  # NumPy does not know suboffsets.
    if EXPECTED[name][3] or name != "Vec exclusive":
        array = numpy.asarray(storage)
        assert array.tobytes() == items
        assert array.flags.writeable == (not EXPECTED[name][3])


def test_what_consumers_write_is_what_rust_has(name, storage):
    if EXPECTED[name][3]:
        with pytest.raises(BufferError, match="not writable"):
            raw.acquire(storage, WRITABLE)
        return
    held = raw.acquire(storage, FULL)
    fields = held.fields()
    if not fields["len"]:
        return
    last = [extent - 1 for extent in fields["shape"] or []]
    new = bytes(range(1, fields["itemsize"] + 1))
    held.set_item(last, new)
    with pytest.raises(BufferError, match="1 export is out"):
        storage.items()
    held.release()
    assert storage.items().endswith(new)


def test_rust_copies_what_is_lent_also_while_python_may_write_to_it():
    cell = FrozenCell("writable", b"0123456789")
    with memoryview(cell) as view:
        view[3] = ord("x")
        assert cell.look(0, 10) == (b"012x456789", 10)
        assert cell.look(2, 3) == (b"2x4", 10)
        assert cell.look(10, 0) == (b"", 10)
        for start, count in [(0, 11), (10, 1), (11, 0), (2**63, 5)]:
            with pytest.raises(BufferError, match=f"cannot copy {count} bytes from byte {start} on: there are 10"):
                cell.look(start, count)
    cell.take()
    with pytest.raises(BufferError, match="taken back"):
        cell.look(0, 1)
    assert cell.exports == 0


def test_a_look_is_refused_while_rust_writes_and_leaves_nothing_behind():
    cell = FrozenCell("writable", b"abc")

    def writing():
        with pytest.raises(BufferError, match="Rust is writing"):
            cell.look(0, 1)
        return b"defg"

    cell.write(writing)
    assert cell.look(1, 2) == (b"ef", 4)
    cell.push(1)


def test_what_is_copied_is_what_is_lent():
    strided = laid_out("writable", bytes(range(20)), shape=[3, 2], strides=[-4, 2], offset=16)
    assert strided.copied() == raw.acquire(strided, FULL_RO).to_contiguous("C") == bytes([16, 18, 12, 14, 8, 10])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mapped"
    path.write_bytes(bytes(range(256)) * 40)
    return path


@pytest.mark.parametrize("offset, length", [(0, 10240), (0, 1), (4096, 100), (1, 4096), (5000, 5240), (17, 0)])
def test_any_part_of_a_file_can_be_mapped(file, offset, length):
    mapping = map_file(file, "read_only", "read_only", offset, length)
    assert memoryview(mapping) == file.read_bytes()[offset : offset + length]
    assert memoryview(mapping).readonly


def test_what_is_written_to_a_shared_mapping_is_in_the_file_and_others_see_it(file):
    mapping = map_file(file, "shared", "writable", 5000, 10)
    with open(file, "r+b") as opened, mmap.mmap(opened.fileno(), 0) as other:
        with memoryview(mapping) as view:
            view[:] = b"0123456789"
            assert other[5000:5010] == b"0123456789"
            other[5000] = ord("X")
            assert view[0] == ord("X"), "nothing is assumed of the contents"
    assert mapping.items()[5000:5010] == b"X123456789"


def test_what_is_written_to_a_private_mapping_stays_there(file):
    before = file.read_bytes()
    mapping = map_file(file, "private", "exclusive", 100, 50)
    with memoryview(mapping) as view:
        view[:] = bytes(50)
        assert view == bytes(50)
    assert file.read_bytes() == before


def test_a_mapping_outlives_its_file(file):
    view = memoryview(map_file(file, "read_only", "read_only", 0, 100))
    file.unlink()
    assert view == bytes(range(100))


@pytest.mark.parametrize("offset, length", [(0, 10241), (10240, 1), (10241, 0), (2**63, 2**62)])
def test_a_part_that_the_file_has_not_cannot_be_mapped(file, offset, length):
    with pytest.raises(OSError, match="the file has 10240 bytes"):
        map_file(file, "read_only", "read_only", offset, length)


def test_a_mapping_for_reading_lends_no_memory_for_writing(file):
    nothing = map_file(file, "read_only", "writable", 0, 100)
    with memoryview(nothing) as view:
        assert view.nbytes == 0

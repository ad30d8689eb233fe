"""Writing through views, held against what NumPy and the exporter itself then have."""

import array
import ctypes

import onloan_suite_view as rust
import pytest

np = pytest.importorskip("numpy")

WAYS = ["slice", "set"]
TYPES = {"f8": "f64", "u1": "u8", "i2": "i16", ">f8": "BigEndian<f64>", "?": "ByteBool", "c16": "Complex<f64>", "S4": "FixedBytes<4>"}

LAYOUTS = {
    "C": lambda array: array,
    "F": np.asfortranarray,
    "reversed": lambda array: array[::-1, :, ::-1],
    "stepped": lambda array: array[:, ::2, 1::2],
    "transposed": lambda array: array.transpose(2, 0, 1),
    "one axis": lambda array: array[0, 0],
    "one axis, stepped": lambda array: array[0, 0, ::-2],
    "no axes": lambda array: array[1, 2, 3, ...],
    "no items": lambda array: array[:, :0],
}


def fresh(dtype):
    return np.zeros((2, 4, 6), dtype)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", TYPES)
def test_what_is_written_is_what_numpy_would_have_written(dtype, layout, how):
    written, expected = fresh(dtype), fresh(dtype)
    target = LAYOUTS[layout](written)
    if layout == "F":
        written = target
        expected = np.asfortranarray(expected)
    places = LAYOUTS[layout](expected) if layout != "F" else expected
    values = (np.arange(target.size) % 90 + 1).astype(dtype).reshape(target.shape)
    places[...] = values
    items = [item.ljust(4, b"\0") if dtype == "S4" else item for item in values.ravel().tolist()]
    rust.write_items(target, TYPES[dtype], how, items)
    assert written.tobytes() == expected.tobytes()
    if target.size:
        rust.write_items(target, TYPES[dtype], "fill", items[-1:])
        places[...] = values.ravel()[-1]
        assert written.tobytes() == expected.tobytes()


def test_structures_and_arrays_are_written_whole():
    records = np.zeros(3, np.dtype({"names": ["id", "value"], "formats": ["u4", "f8"], "offsets": [0, 8], "itemsize": 16}))
    rust.write_items(records[::2], "Sample", "slice", [(1, 0.5), (2, -1.5)])
    assert records.tolist() == [(1, 0.5), (0, 0.0), (2, -1.5)]
    points = np.zeros((4, 3), "f4")
    rust.write_items(points[::2], "[f32; 3]", "slice", [[1, 2, 3], [4, 5, 6]])
    assert points.tolist() == [[1, 2, 3], [0, 0, 0], [4, 5, 6], [0, 0, 0]]


def test_a_part_is_written_and_nothing_else():
    table = np.zeros((3, 4))
    rust.write_part(table, "f64", (slice(None, None, -1), 2), "slice", [1.0, 2.0, 3.0])
    rust.write_part(table, "f64", (1, slice(0, 2)), "fill", [9.0])
    assert table.tolist() == [[0, 0, 3, 0], [9, 9, 2, 0], [0, 0, 1, 0]]


@pytest.mark.parametrize("exporter, item", [(bytearray(4), "u8"), (array.array("d", [0] * 4), "f64"), ((ctypes.c_int32 * 4)(), "i32"), (memoryview(bytearray(8))[::2], "u8"), (rust.lend_cell([0] * 4, True), "u32")])  # fmt: skip
def test_other_exporters_are_written_too(exporter, item):
    rust.write_items(exporter, item, "slice", [1, 2, 3, 4])
    assert rust.look(exporter, item)["vec"] == [1, 2, 3, 4]
    rust.write_items(exporter, item, "fill", [7])
    assert rust.look(exporter, item)["vec"] == [7] * 4


def test_rows_behind_pointers_are_written():
    testbuffer = pytest.importorskip("_testbuffer")
    flags = testbuffer.ND_PIL | testbuffer.ND_WRITABLE
    rows = testbuffer.ndarray(list(range(6)), shape=[2, 3], format="H", flags=flags)
    rust.write_items(rows, "u16", "slice", range(10, 16))
    assert rows.tolist() == [[10, 11, 12], [13, 14, 15]]
    rust.write_items(rows, "u16", "set", range(20, 26))
    assert rows.tolist() == [[20, 21, 22], [23, 24, 25]]
    rust.write_items(rows, "u16", "fill", [3])
    assert rows.tolist() == [[3, 3, 3], [3, 3, 3]]


def test_bytes_are_written_whatever_the_items_are():
    table = np.zeros((2, 3), "i4")
    rust.copied_in(table.T, np.arange(6, dtype="i4").tobytes())
    assert table.T.tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("items", [[], [1.0], [1.0] * 5])
def test_another_number_of_items_is_refused_and_nothing_written(items):
    target = array.array("d", [5.0, 6.0])
    with pytest.raises(ValueError, match=f"the view has 2 items, the slice {len(items)}"):
        rust.write_items(target, "f64", "slice", items)
    assert target.tolist() == [5.0, 6.0]


def test_a_view_that_did_not_ask_to_write_does_not_write():
    holder = rust.Holder(b"abc")
    for write in (lambda: holder.copy_from(b"xyz"), lambda: holder.fill(b"x")):
        with pytest.raises(TypeError, match="cannot modify read-only memory"):
            write()
    writable = bytearray(b"abc")
    holder = rust.Holder(writable)
    holder.copy_from(b"xyz")
    assert writable == b"xyz"
    with pytest.raises(BufferError):
        holder.copy_from(b"xyzw")
    holder.fill(b"-")
    assert writable == b"---"

"""Any layout over any memory: built if and only if it fits, lent as a slow walk over the bytes says."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onloan_suite import FrozenCell, laid_out, lazy_numbers, raw

from suite.oracle import (
    ANY_CONTIGUOUS,
    C_CONTIGUOUS,
    F_CONTIGUOUS,
    FORMAT,
    FULL_RO,
    ND,
    REQUESTS,
    WRITABLE,
    STRIDES,
    asks,
    c_strides,
    canonical,
    expected,
    indices,
    show,
    strided,
)

ITEMSIZES = {None: 1, "H": 2, "<i": 4, "3s": 3, "T{<H:a:x<B:b:}": 4}
KINDS = ["read_only", "writable", "exclusive"]


@st.composite
def layouts(draw):
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    format = draw(st.sampled_from(list(ITEMSIZES)))
    if draw(st.booleans()):
        strides = [draw(st.integers(-12, 12)) for _ in shape]
    else:
        strides = draw(st.permutations(c_strides(shape, ITEMSIZES[format])))
    return dict(shape=shape, strides=strides, format=format)


def room(shape, strides, itemsize):
    """From the lowest byte of an item to behind the highest, seen from item [0,…,0]; None without items."""
    starts = [sum(i * stride for i, stride in zip(index, strides)) for index in indices(shape)]
    return (min(starts), max(starts) + itemsize) if starts else None


@settings(max_examples=300, deadline=None)
@given(layout=layouts(), size=st.integers(0, 60), place=st.integers(0, 70), kind=st.sampled_from(KINDS))
def test_a_layout_is_built_exactly_if_every_item_lies_in_the_memory(layout, size, place, kind):
    data = bytes(range(size))
    itemsize = ITEMSIZES[layout["format"]]
    needed = room(layout["shape"], layout["strides"], itemsize)
    if needed is None:
        offset = min(place, size)
        fits = True
    else:
        offset = max(0, place - needed[0] - 5)
        fits = offset + needed[0] >= 0 and offset + needed[1] <= size
    if not fits:
        with pytest.raises(ValueError):
            laid_out(kind, data, **layout, offset=offset)
        return
    exporter = laid_out(kind, data, **layout, offset=offset)
    items = strided(data, layout["shape"], layout["strides"], offset, itemsize)
    held = raw.acquire(exporter, FULL_RO)
    buffer = held.fields()
    assert held.to_contiguous("C") == items and buffer["itemsize"] == itemsize
    assert (buffer["shape"] or []) == layout["shape"]
    assert exporter.copied() == items
    held.release()
    for flags in REQUESTS:
        try:
            held = raw.acquire(exporter, flags)
            if asks(flags, STRIDES):
                given = layout["shape"], layout["strides"], itemsize
                assert (held.fields()["strides"] or []) == canonical(*given, flags), show(flags)
            held.release()
            granted = True
        except BufferError:
            granted = False
        assert expected(buffer, flags) in (granted, None), show(flags)
    assert exporter.exports == 0


@settings(max_examples=150, deadline=None)
@given(layout=layouts(), kind=st.sampled_from(KINDS), new=st.binary(min_size=8, max_size=8), data=st.data())
def test_with_copies_every_consumer_gets_contiguous_items_and_what_it_wrote_arrives(layout, kind, new, data):
    itemsize = ITEMSIZES[layout["format"]]
    low, high = room(layout["shape"], layout["strides"], itemsize) or (0, 0)
    memory = bytes(7 * place % 256 for place in range(high - low))
    exporter = laid_out(kind, memory, **layout, offset=-low, copies=True)
    items = strided(memory, layout["shape"], layout["strides"], -low, itemsize)
    flags = data.draw(st.sampled_from([0, ND, C_CONTIGUOUS, ND | FORMAT]))
    held = raw.acquire(exporter, flags | (WRITABLE if kind != "read_only" else 0))
    assert held.linear() == items
    if not asks(flags, C_CONTIGUOUS):
        assert held.fields()["strides"] is None
    distinct = len(set(strided_places(layout, itemsize))) == len(items)
    if kind == "read_only" or not items or not distinct:
        return
    written = bytes(byte ^ new[place % 8] for place, byte in enumerate(items))
    held.set_linear(written)
    held.release()
    held = raw.acquire(exporter, FULL_RO)
    assert held.to_contiguous("C") == written


@pytest.mark.parametrize(
    "shape, strides, in_c, in_f",
    [
        ([1, 4], [99, 2], [8, 2], [2, 2]),
        ([4, 1], [2, -7], [2, 2], [2, 8]),
        ([3, 1, 2], [4, 50, 2], [4, 4, 2], None),
        ([2, 1, 3], [2, 0, 4], None, [2, 4, 4]),
        ([1, 1], [5, 7], [2, 2], [2, 2]),
        ([2, 1], [6, 50], None, None),
    ],
)
def test_contiguous_memory_has_the_strides_of_its_order_also_where_there_is_one_item(shape, strides, in_c, in_f):
    """E-27. Some consumers compare strides without a look at the shape."""
    exporter = laid_out("read_only", bytes(range(32)), shape=shape, strides=strides, format="H", offset=8)

    def seen(flags):
        try:
            return raw.acquire(exporter, flags).fields()["strides"]
        except BufferError:
            return None

    assert (seen(C_CONTIGUOUS), seen(F_CONTIGUOUS)) == (in_c, in_f)
    assert seen(ANY_CONTIGUOUS) == (in_c or in_f)
    assert seen(FULL_RO) == (in_c or in_f or strides)
    items = raw.acquire(exporter, FULL_RO)
    assert items.to_contiguous("C") == strided(bytes(range(32)), shape, strides, 8, 2)


def strided_places(layout, itemsize):
    """Every byte of every item, by its place."""
    for index in indices(layout["shape"]):
        start = sum(i * stride for i, stride in zip(index, layout["strides"]))
        yield from range(start, start + itemsize)


WRONG = {
    "a format that is none": (dict(format="T{i:a"), 'format "T{i:a": byte 5: found the end, expected `:`'),
    "an unknown code": (dict(format="Y"), 'format "Y": byte 0: found `Y`, expected a type code'),
    "a format of another size": (dict(format="i", layout=([3], [8], 3)), "`i` has 4 bytes; the item size is 3"),
    "items of another size than the memory's": (
        dict(layout=([3, 2], [16, 4], 4)),
        "a layout of items of 4 bytes, but the memory's have 1",
    ),
    "a format with a NUL": (dict(format="i\0"), "byte 1"),
    "too few strides": (dict(shape=[2, 3], strides=[3]), "strides has 1 entries for 2 dimensions"),
    "more items than there is memory": (dict(shape=[100]), "items lie at bytes 0..100 of a region of 48 bytes"),
    "an offset beyond the end": (dict(shape=[1], offset=48), "items lie at bytes 48..49 of a region of 48 bytes"),
    "a negative stride from the start": (dict(shape=[2], strides=[-1]), "items lie at bytes -1..1 of a region of 48"),
    "more bytes than can be counted": (dict(shape=[2**62, 2**62]), f"exceed {2**63 - 1} bytes"),
    "an extent beyond a Py_ssize_t": (dict(shape=[2**63]), f"exceed {2**63 - 1} bytes"),
    "sixty-five axes": (dict(shape=[1] * 65), "65 dimensions, at most 64 are possible"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_builder_says_what_does_not_fit(what):
    arguments, said = WRONG[what]
    with pytest.raises(ValueError, match=re.escape(said)):
        laid_out("writable", bytes(48), **arguments)


def test_a_fixed_shape_stays_while_the_memory_changes():
    cell = FrozenCell("writable", bytes(range(6)), [2, 3])
    assert memoryview(cell).tolist() == [[0, 1, 2], [3, 4, 5]]
    cell.push(6)
    assert memoryview(cell).shape == (2, 3), "what is more is not lent"
    cell.write(lambda: b"12345")
    for _ in range(2):
        with pytest.raises(BufferError, match="the memory does not fit its layout any more: items lie at bytes 0..6"):
            memoryview(cell)
    assert cell.exports == 0 and cell.read(bytes) == b"12345"
    cell.push(ord("6"))
    assert memoryview(cell).tobytes() == b"123456"


def test_what_does_not_fit_is_not_put_and_the_cell_stays_empty():
    cell = FrozenCell("writable", bytes(range(6)), [2, 3])
    cell.take()
    for _ in range(2):
        with pytest.raises(BufferError, match="cannot put a storage into the cell: items lie at bytes 0..6"):
            cell.put(b"12345")
        assert cell.is_taken
        with pytest.raises(BufferError, match="taken back"):
            memoryview(cell)
    cell.put(b"1234567")
    assert memoryview(cell).tolist() == [[49, 50, 51], [52, 53, 54]]


def test_a_write_guard_can_lay_the_memory_out_anew():
    cell = FrozenCell("writable", bytes(range(6)))
    cell.lay_out(bytes(range(12)), 11, [3, 4], [-4, -1], 1)
    with memoryview(cell) as view:
        assert view.tolist() == [[11, 10, 9, 8], [7, 6, 5, 4], [3, 2, 1, 0]]
        with pytest.raises(BufferError, match="1 export is out"):
            cell.lay_out(b"", 0, [0], [1], 1)
    for wrong in [(0, [13], [1], 1), (0, [2], [-1], 1), (9, [2], [1], 2), (0, [3], [2], 2)]:
        with pytest.raises(ValueError, match="items lie at bytes|a layout of items of 2 bytes"):
            cell.lay_out(bytes(range(12)), *wrong)
        assert memoryview(cell).shape == (3, 4), "as it was"
    cell.lay_out(b"abc", 2, [], [], 1)
    assert memoryview(cell).tolist() == ord("c")


NUMBERS = list(range(12))


@pytest.mark.parametrize(
    "layout, expected",
    [
        (dict(), NUMBERS),
        (dict(shape=[3, 4]), [NUMBERS[0:4], NUMBERS[4:8], NUMBERS[8:]]),
        (dict(shape=[3], strides=[8]), [0, 4, 8]),
        (dict(shape=[3], strides=[-2], offset=22), [11, 10, 9]),
        (dict(strides=[0]), [0] * 12),
        (dict(offset=20), [10, 11]),
        (dict(shape=[2], format="B"), [0, 0]),
        (dict(shape=[2], strides=[2], format="B", offset=2), [1, 2]),
    ],
)
def test_a_lazy_storage_is_laid_out_by_the_size_of_the_items_that_are_made(layout, expected):
    lazy = lazy_numbers(NUMBERS, **layout)
    with memoryview(lazy) as view:
        assert view.tolist() == expected
        assert (view.format, view.itemsize) == (("B", 1) if "format" in layout else ("H", 2))


def test_a_lazy_storage_that_does_not_fit_is_refused_when_it_is_there():
    lazy = lazy_numbers(NUMBERS, shape=[13])
    with pytest.raises(BufferError, match="the memory does not fit its layout any more: items lie at bytes 0..26"):
        memoryview(lazy)
    with pytest.raises(ValueError, match="strides has 1 entries for 2 dimensions"):
        lazy_numbers(NUMBERS, shape=[1, 2], strides=[3])

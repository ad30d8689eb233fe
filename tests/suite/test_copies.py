"""Contiguous copies for consumers whose request the layout cannot meet."""

import pytest

from onloan_suite import laid_out, raw, rows

from suite.oracle import (
    ANY_CONTIGUOUS,
    C_CONTIGUOUS,
    F_CONTIGUOUS,
    FORMAT,
    FULL,
    FULL_RO,
    INDIRECT,
    ND,
    REQUESTS,
    SIMPLE,
    STRIDES,
    WRITABLE,
    asks,
    c_strides,
    expected,
    show,
    strided,
)

DATA = bytes(range(48))

LAYOUTS = {
    "columns": dict(shape=[6, 4], strides=[8, 2]),
    "reversed": dict(shape=[48], strides=[-1], offset=47),
    "Fortran order": dict(shape=[6, 8], strides=[1, 6]),
    "bottom-up integers": dict(shape=[3, 2], strides=[-16, 8], offset=32, format="I"),
    "structures with gaps": dict(shape=[4], strides=[12], format="T{<h:a:<i:b:}"),
}


def make(kind, layout):
    return laid_out(kind, DATA, **layout, copies=True)


def fields_of(exporter):
    held = raw.acquire(exporter, FULL_RO)
    fields = held.fields()
    held.release()
    return fields


def in_order(exporter, order):
    held = raw.acquire(exporter, FULL_RO)
    items = held.to_contiguous(order)
    held.release()
    return items


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return LAYOUTS[request.param]


def test_only_what_the_layout_cannot_grant_is_a_copy(layout, kind):
    exporter = make(kind, layout)
    buffer = fields_of(exporter)
    for flags in REQUESTS:
        right = expected(buffer, flags)
        never = asks(flags, WRITABLE) and kind == "read_only" or asks(flags, FORMAT) and not asks(flags, ND)
        both = asks(flags, C_CONTIGUOUS | F_CONTIGUOUS) and len(buffer["shape"]) > 1
        if never or both:
            with pytest.raises(BufferError):
                raw.acquire(exporter, flags)
            continue
        held = raw.acquire(exporter, flags)
        fields = held.fields()
        assert (fields["buf"] == buffer["buf"]) == bool(right), show(flags)
        for name in ("obj", "len", "itemsize", "readonly"):
            assert fields[name] == buffer[name], (name, show(flags))
        assert fields["ndim"] == (buffer["ndim"] if asks(flags, ND) else 1), show(flags)
        held.release()
    assert exporter.exports == 0


def test_a_copy_has_the_items_in_the_order_that_was_asked_for(layout, kind):
    exporter = make(kind, layout)
    buffer = fields_of(exporter)
    items = strided(DATA, buffer["shape"], buffer["strides"], layout.get("offset", 0), buffer["itemsize"])
    assert in_order(exporter, "C") == items
    for flags in (SIMPLE, ND, C_CONTIGUOUS, ND | FORMAT, C_CONTIGUOUS | INDIRECT | FORMAT):
        held = raw.acquire(exporter, flags)
        fields = held.fields()
        assert held.linear() == items, show(flags)
        if asks(flags, ND):
            assert fields["shape"] == buffer["shape"]
        if asks(flags, STRIDES):
            assert fields["strides"] == c_strides(buffer["shape"], buffer["itemsize"])
            assert held.is_contiguous("C")
        assert fields["suboffsets"] is None
        assert fields["format"] == (buffer["format"] if asks(flags, FORMAT) else None)
        held.release()
    fortran = raw.acquire(exporter, F_CONTIGUOUS)
    assert fortran.is_contiguous("F") and fortran.linear() == in_order_of(exporter, kind, fortran)


def in_order_of(exporter, kind, held):
    if kind == "exclusive":
        items = held.to_contiguous("F")
        held.release()
        assert in_order(exporter, "F") == items
        return items
    return in_order(exporter, "F")


@pytest.mark.parametrize("flags", [WRITABLE, SIMPLE, C_CONTIGUOUS | WRITABLE, F_CONTIGUOUS | WRITABLE | FORMAT])
@pytest.mark.parametrize("kind", ["writable", "exclusive"])
def test_what_the_consumer_wrote_is_written_back_at_the_release_and_nothing_else(layout, kind, flags):
    exporter = make(kind, layout)
    held = raw.acquire(exporter, flags)
    size = held.fields()["len"]
    order = "F" if asks(flags, F_CONTIGUOUS) else "C"
    before = held.linear()
    new = bytes(255 - byte if place % 3 else byte for place, byte in enumerate(before))
    held.set_linear(new)
    held.release()
    assert in_order(exporter, order) == new
    untouched = exporter.items()
    changed = sum(now != old for now, old in zip(untouched, DATA))
    assert changed == sum(now != old for now, old in zip(new, before)) <= size


def test_the_copy_of_one_consumer_is_not_seen_by_another_before_its_release():
    exporter = make("writable", LAYOUTS["columns"])
    first, second, direct = (raw.acquire(exporter, flags) for flags in (WRITABLE, WRITABLE, FULL))
    assert exporter.exports == 3
    old = first.linear()
    first.set_linear(b"\xff" + old[1:])
    assert second.linear() == old and direct.item([0, 0]) == b"\x00"
    first.release()
    assert second.linear() == old and direct.item([0, 0]) == b"\xff"
    second.set_linear(old[:1] + b"\xee" + old[2:])
    second.release()
    assert direct.item([0, 0]) == b"\xff", "what the second did not write stays"
    assert direct.item([0, 1]) == b"\xee"


def test_of_two_that_write_the_same_item_the_later_release_wins():
    exporter = make("writable", LAYOUTS["reversed"])
    first, second = raw.acquire(exporter, WRITABLE), raw.acquire(exporter, WRITABLE)
    first.set_linear(b"1" * 48)
    second.set_linear(b"2" * 48)
    second.release()
    first.release()
    assert exporter.items() == b"1" * 48


def test_a_copy_goes_back_through_a_copy_of_the_struct_and_on_another_thread(layout):
    exporter = make("writable", layout)
    held = raw.acquire(exporter, WRITABLE)
    new = bytes(len(held.linear()))
    held.set_linear(new)
    held.relocate()
    held.release_elsewhere()
    assert in_order(exporter, "C") == new and exporter.exports == 0
    held = raw.acquire(exporter, SIMPLE)
    pending = ValueError()
    assert held.release_pending(pending) is pending


def test_rows_go_to_everybody_as_copies(kind):
    numbers = [[1, 2, 3], [-4, 5, -6]]
    exporter = rows(kind, numbers, copies=True)
    flat = b"".join(number.to_bytes(4, "little", signed=True) for row in numbers for number in row)
    direct = raw.acquire(exporter, FULL_RO)
    assert direct.fields()["suboffsets"] == [0, -1]
    assert direct.to_contiguous("C") == flat
    direct.release()
    for flags in (SIMPLE, ND, STRIDES, C_CONTIGUOUS, STRIDES | FORMAT, ANY_CONTIGUOUS):
        held = raw.acquire(exporter, flags)
        assert held.linear() == flat
        held.release()
    if kind != "read_only":
        held = raw.acquire(exporter, STRIDES | WRITABLE)
        held.set_item([1, 2], b"\x07\x00\x00\x00")
        held.release()
        assert exporter.items() == flat[:-4] + b"\x07\x00\x00\x00"


def test_rows_without_copies_are_for_those_who_know_suboffsets():
    exporter = rows("writable", [[1, 2], [3, 4]])
    for flags in (SIMPLE, ND, STRIDES, C_CONTIGUOUS, FULL & ~(INDIRECT & ~STRIDES)):
        with pytest.raises(BufferError, match="without suboffsets|not C-contiguous"):
            raw.acquire(exporter, flags)
    with memoryview(exporter) as view:
        assert view.tolist() == [[1, 2], [3, 4]] and view.suboffsets == (0, -1)
        view[1, 0] = 30
    assert exporter.items() == b"".join(n.to_bytes(4, "little") for n in (1, 2, 30, 4))


def test_rows_must_be_of_equal_length():
    with pytest.raises(ValueError, match="row 2 has 1 elements, the first row has 2"):
        rows("writable", [[1, 2], [3, 4], [5]])
    empty = rows("writable", [])
    assert memoryview(empty).nbytes == 0

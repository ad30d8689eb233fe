"""`__buffer__` and `__release_buffer__` of Python, from 3.12 on: called, overridden, misused."""

import gc
import sys

import pytest

from onloan_suite import FrozenCell, raw

from suite.oracle import FULL_RO, WRITABLE

if sys.version_info < (3, 12):
    pytest.skip("PEP 688 came with 3.12", allow_module_level=True)


def test_every_class_has_the_methods_of_pep_688(exporter):
    from collections.abc import Buffer

    assert isinstance(exporter, Buffer)
    held = raw.acquire(exporter, FULL_RO)
    ndim = held.fields()["ndim"]
    held.release()
    for flags in (FULL_RO,) if ndim != 1 else (FULL_RO, 0, 0x8, 0x18):
        try:
            view = exporter.__buffer__(flags)
        except BufferError:
            continue
        assert type(view) is memoryview and view.obj is exporter
        view.release()
    if hasattr(exporter, "exports"):
        assert exporter.exports in (0, (0, 0))


def test_release_buffer_takes_a_view_of_this_very_object_once():
    """P-07."""
    cell, other = FrozenCell("writable", b"data"), FrozenCell("writable", b"data")
    view = cell.__buffer__(FULL_RO)
    with pytest.raises(ValueError):
        other.__release_buffer__(view)
    with pytest.raises(TypeError):
        cell.__release_buffer__(b"no view")
    assert (cell.exports, other.exports) == (1, 0)
    cell.__release_buffer__(view)
    assert cell.exports == 0
    with pytest.raises(ValueError):
        view.tobytes()
    for _ in range(3):
        with pytest.raises(ValueError):
            cell.__release_buffer__(view)
    view.release()
    assert (cell.exports, other.exports) == (0, 0)
    cell.push(1)


def test_flags_that_are_no_int_of_c_are_an_overflow():
    """P-08."""
    cell = FrozenCell("writable", b"data")
    for flags in (2**31, 2**100, -(2**100)):
        with pytest.raises(OverflowError):
            cell.__buffer__(flags)
    with pytest.raises(TypeError):
        cell.__buffer__("FULL_RO")
    assert cell.exports == 0


def test_flags_that_are_no_request_are_answered_or_refused_but_never_counted_alone():
    """E-13."""
    cell = FrozenCell("read_only", b"data")
    for flags in (0x100, 0x200, 0x300, 0x4000, -1, -(2**31), 2**31 - 1):
        try:
            view = cell.__buffer__(flags)
        except (BufferError, SystemError):
            assert cell.exports == 0
            continue
        assert cell.exports == 1 and view.tobytes() == b"data"
        view.release()
        assert cell.exports == 0


def test_a_subclass_hears_of_the_release_before_the_memory_is_given_back():
    """P-06: with a view that gives out nothing more; then the exporter in Rust is called, always."""
    seen = []

    class Heard(FrozenCell):
        def __release_buffer__(self, view):
            seen.append((view.tobytes(), self.exports))
            for use in (memoryview, lambda view: view[:2], lambda view: view.cast("b")):
                with pytest.raises(ValueError):
                    use(view)

    heard = Heard("writable", b"data")
    for count in (1, 2):
        view = memoryview(heard)
        view.release()
        assert seen == [(b"data", 1)] * count
        assert heard.exports == 0
    held = raw.acquire(heard, WRITABLE)
    pending = KeyError("pending")
    held.relocate()
    assert held.release_pending(pending) is pending
    assert len(seen) == 3 and heard.exports == 0


def test_a_subclass_whose_release_raises_gives_the_memory_back(unraisable):
    """P-05."""

    class Fails(FrozenCell):
        def __release_buffer__(self, view):
            raise ZeroDivisionError

    fails = Fails("writable", b"data")
    held = raw.acquire(fails, FULL_RO)
    pending = KeyError("pending")
    assert held.release_pending(pending) is pending
    assert [type(error) for error in unraisable] == [ZeroDivisionError]
    assert fails.exports == 0
    fails.push(1)


def test_a_subclass_that_releases_twice_is_refused_the_second_time(unraisable):
    class Twice(FrozenCell):
        def __release_buffer__(self, view):
            super().__release_buffer__(view)

    twice = Twice("writable", b"data")
    for _ in range(3):
        memoryview(twice).release()
    assert twice.exports == 0
    twice.push(1)


def test_a_subclass_may_lend_a_part_of_what_its_base_lends():
    """P-02: the view that it gives is asked again with the same flags."""

    class Part(FrozenCell):
        def __buffer__(self, flags):
            return super().__buffer__(flags)[1:3]

    part = Part("writable", b"data")
    view = memoryview(part)
    assert view.tobytes() == b"at" and part.exports == 1
    view[0] = ord("A")
    with pytest.raises(BufferError, match="1 export is out"):
        part.push(1)
    view.release()
    del view
    gc.collect()
    assert part.exports == 0
    part.write(lambda: b"more data")
    assert memoryview(part) == b"or"


def test_a_subclass_that_lends_something_else_leaves_its_base_alone():
    class Else(FrozenCell):
        def __buffer__(self, flags):
            return memoryview(b"something else")

    other = Else("writable", b"data")
    with memoryview(other) as view:
        assert view == b"something else" and other.exports == 0
        other.push(1)
    assert FrozenCell.__buffer__(other, FULL_RO).tobytes() == b"data\x01"
    assert other.exports == 0

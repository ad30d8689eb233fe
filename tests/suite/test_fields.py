"""Where a class may have its cell: one of several, perhaps none, nested, without a name, shared."""

import pytest

from onloan_suite import Boxed, Misled, Nested, Optional, Panicking, Several, Shared, Tuple, raw

from suite.oracle import FULL_RO, SIMPLE


def test_a_method_chooses_the_cell_anew_at_each_request():
    several = Several(b"bytes", [1.5, 2.5])
    first = memoryview(several)
    assert first.tobytes() == b"bytes" and not first.readonly
    several.lend("floats")
    second = memoryview(several)
    assert second.tolist() == [1.5, 2.5] and second.readonly
    assert several.exports == (1, 1)
    several.lend("bytes")
    second.release()
    assert several.exports == (1, 0), "given back to the cell that it came from"
    several.lend("nothing")
    with pytest.raises(BufferError, match="has no memory now"):
        memoryview(several)
    first.release()
    assert several.exports == (0, 0)


def test_releases_find_their_own_cell_whatever_is_chosen_by_then():
    several = Several(b"bytes", [1.5])
    held = []
    for round in range(10):
        several.lend("floats" if round % 2 else "bytes")
        held.append(raw.acquire(several, FULL_RO))
    assert several.exports == (5, 5)
    for one in held[::2]:
        one.relocate()
        one.release()
    assert several.exports == (0, 5)
    for one in held[1::2]:
        one.release_elsewhere()
    assert several.exports == (0, 0)


def test_an_object_without_memory_refuses_and_with_memory_lends():
    optional = Optional()
    error, left = raw.refused(optional, SIMPLE)
    assert type(error) is BufferError and left == 0
    assert str(error) == "nothing to lend: the object has no memory now"
    optional.set(b"now")
    view = memoryview(optional)
    optional.set(None)
    with pytest.raises(BufferError, match="has no memory now"):
        memoryview(optional)
    assert view.tobytes() == b"now", "what is out stays"
    view.release()


def test_fields_without_names_within_fields_and_behind_pointers_are_lent():
    assert memoryview(Tuple([1, 2, 3])).tolist() == [1, 2, 3]
    assert memoryview(Nested([-1, 1])).tolist() == [-1, 1]
    assert memoryview(Boxed(b"boxed")).tobytes() == b"boxed"


def test_objects_that_share_a_cell_count_together():
    one = Shared(b"shared")
    other = one.another()
    view = memoryview(one)
    with pytest.raises(BufferError, match="1 export is out"):
        memoryview(other)
    del one
    assert other.exports == 1 and view.tobytes() == b"shared"
    view.release()
    view = memoryview(other)
    view[0] = ord("S")
    view.release()
    assert memoryview(other.another()) == b"Shared"


def test_a_method_that_panics_refuses_the_request_and_the_next_one_is_answered():
    panicking = Panicking(b"fine")
    view = memoryview(panicking)
    panicking.set_panics(True)
    for _ in range(3):
        with pytest.raises(BaseException, match="cannot choose") as caught:
            memoryview(panicking)
        assert type(caught.value).__name__ == "PanicException"
        error, left = raw.refused(panicking, FULL_RO)
        assert type(error).__name__ == "PanicException" and left == 0
    view.release()
    assert panicking.exports == 0, "the release asks nobody"
    panicking.set_panics(False)
    assert memoryview(panicking) == b"fine"


def test_a_path_of_fields_that_panics_on_the_way_refuses_the_request():
    misled = Misled()
    for _ in range(3):
        with pytest.raises(BaseException) as caught:
            memoryview(misled)
        assert type(caught.value).__name__ == "PanicException"

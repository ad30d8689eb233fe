"""`==`: of equal formats, of different numbers, and of a view with itself."""

from __future__ import annotations

import array
import importlib
from collections.abc import Callable
from typing import Any

import ways
from case import LARGE, SIZES, Case, Group, Made, Mark

OURS, THEIRS, NUMPY = "onloan.View ==", "memoryview ==", "numpy.array_equal"
MEMCMP, BYTES = "memcmp", "bytes =="
SMALL_SELF, LARGE_SELF, THEIR_SELF = "1 KB", "16 MB", "memoryview, 16 MB"

MEMCMP_AT_MOST = 1.3
NANOSECONDS_AN_ITEM = 2.0
#: Constant time, as it can be measured: 16,384 times as many items.
CONSTANT = 1.5


def groups(here: set[str]) -> list[Group]:
    """Three tables."""
    return [same_format(), mixed(), itself()]


def same_format() -> Group:
    """All items equal, so that all are looked at."""
    cases = []
    for size, nbytes in SIZES.items():
        against = MEMCMP if nbytes >= LARGE else BYTES
        for code in "Bhifqd":
            itemsize = array.array(code).itemsize
            cases.append(
                Case(
                    f"'{code}' == '{code}'",
                    lambda code=code, count=nbytes // itemsize: equal(numbers(code, count), numbers(code, count)),
                    size,
                    nbytes // itemsize,
                    [Mark(OURS, MEMCMP_AT_MOST, against)],
                )
            )
    note = (
        "Of views that are held and are equal. memcmp is called in a loop in C; of 1 KB the mark is against "
        "`bytes == bytes`, which is memcmp behind the same PyObject_RichCompare."
    )
    return Group("== of one format", note, [MEMCMP, BYTES, OURS, THEIRS, NUMPY], cases)


def numbers(code: str, count: int) -> array.array:
    """Numbers from 0 to 99, over and over: every format has them."""
    return (array.array(code, range(100)) * (count // 100 + 1))[:count]


def equal(one: array.array, two: array.array) -> Made:
    """Two arrays of one format."""
    import onloan
    import view_driver

    numpy = importlib.import_module("numpy")
    made = {
        MEMCMP: ways.timed(view_driver.time_memcmp, one, two, answer=lambda: bytes(one) == bytes(two)),
        BYTES: ways.equals(one.tobytes(), two.tobytes()),
        OURS: ways.equals(onloan.View(one), onloan.View(two)),
        THEIRS: ways.equals(memoryview(one), memoryview(two)),
        NUMPY: ways.calls(numpy.array_equal, numpy.asarray(one), numpy.asarray(two)),
    }
    return Made(True, made)


def mixed() -> Group:
    """Equal numbers in different formats."""
    pairs = [("B", "h"), ("i", "I"), ("i", "q"), ("i", "d"), ("f", "d"), ("q", "d")]
    cases = []
    for size, nbytes in SIZES.items():
        for one, two in pairs:
            count = nbytes // max(array.array(one).itemsize, array.array(two).itemsize)
            cases.append(different(f"'{one}' == '{two}'", size, count, one_of(one, count), one_of(two, count)))
        count = nbytes // 4
        cases.append(different("'i' == 'i' of the other byte order", size, count, one_of("i", count), swapped(count)))
    note = "Of views that are held and are equal; the size is that of the wider format."
    return Group("== of mixed numbers", note, [THEIRS, OURS, NUMPY], cases)


def one_of(code: str, count: int) -> Callable[[], Any]:
    """Makes the numbers when their turn comes."""
    return lambda: numbers(code, count)


def swapped(count: int) -> Callable[[], Any]:
    """The same in the other byte order."""
    numpy = importlib.import_module("numpy")
    return lambda: numpy.array(numbers("i", count), numpy.dtype("i4").newbyteorder())


def different(name: str, size: str, count: int, one: Callable[[], Any], two: Callable[[], Any]) -> Case:
    """Two exporters of the same numbers."""

    def made() -> Made:
        import onloan

        numpy = importlib.import_module("numpy")
        first, second = one(), two()
        return Made(
            True,
            {
                THEIRS: ways.equals(memoryview(first), memoryview(second)),
                OURS: ways.equals(onloan.View(first), onloan.View(second)),
                NUMPY: ways.calls(numpy.array_equal, numpy.asarray(first), numpy.asarray(second)),
            },
        )

    return Case(name, made, size, count, [Mark(OURS, NANOSECONDS_AN_ITEM)])


def itself() -> Group:
    """`m == m`, of formats in which no value differs from itself."""

    def made(code: str) -> Made:
        import onloan

        itemsize = array.array(code).itemsize
        few, many = (numbers(code, SIZES[size] // itemsize) for size in (SMALL_SELF, LARGE_SELF))
        small, large, theirs = onloan.View(few), onloan.View(many), memoryview(many)
        return Made(
            True,
            {
                SMALL_SELF: ways.equals(small, small),
                LARGE_SELF: ways.equals(large, large),
                THEIR_SELF: ways.equals(theirs, theirs),
            },
        )

    marks = [Mark(LARGE_SELF, CONSTANT, SMALL_SELF)]
    cases = [Case(f"m == m of '{code}'", lambda code=code: made(code), marks=marks) for code in "Biq"]
    note = "onloan.View of 1 KB and of 16 MB. A float may be NaN, so of 'd' all items have to be looked at."
    return Group("== of a view and itself", note, [SMALL_SELF, LARGE_SELF, THEIR_SELF], cases)

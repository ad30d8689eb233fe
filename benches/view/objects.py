"""What Python does with a view, one thing at a time."""

from __future__ import annotations

import array
import importlib
from collections.abc import Callable

import ways
from case import NO_SLOWER, SIZES, Case, Group, Made, Mark

OURS, THEIRS = "onloan.View", "memoryview"
MARKS = [Mark(OURS, NO_SLOWER, THEIRS)]
NOTE = "Called from C as the interpreter calls them. `m` is a view that is held; a slice is made beforehand, and the part dropped."

ITEMS = 1000


def groups(here: set[str]) -> list[Group]:
    """One table: opening, items, parts, iteration."""
    cases = [*opening(), *getting(), *setting(), *iterating()]
    return [Group("Python objects", NOTE, [THEIRS, OURS], cases)]


def doubles(count: int = ITEMS) -> array.array:
    """Every half from 0 on."""
    return array.array("d", (value / 2 for value in range(count)))


def small(count: int = ITEMS) -> bytearray:
    """Bytes that go round."""
    return bytearray(value % 251 for value in range(count))


def matrix() -> object:
    """25 rows of 40 doubles."""
    return importlib.import_module("numpy").arange(1000.0).reshape(25, 40)


def opening() -> list[Case]:
    """`View(obj)` and its release."""
    exporters: dict[str, Callable[[], object]] = {
        "bytes": lambda: bytes(small()),
        "bytearray": small,
        "array('d')": doubles,
        "numpy float64": lambda: importlib.import_module("numpy").arange(1000.0),
        "numpy float64, 2-D": matrix,
    }

    def made(make: Callable[[], object]) -> Made:
        import onloan

        exporter = make()
        plain = memoryview(exporter)
        expected = (plain.tobytes(), plain.format, plain.shape, plain.strides, plain.readonly)
        return Made(expected, {THEIRS: ways.opens(memoryview, exporter), OURS: ways.opens(onloan.View, exporter)})

    return [
        Case(f"View({name}) + release", lambda make=make: made(make), marks=MARKS) for name, make in exporters.items()
    ]


def getting() -> list[Case]:
    """Items and parts."""
    keys: list[tuple[str, Callable[[], object], object]] = [
        ("m[i] of 'B'", small, 700),
        ("m[i] of 'i'", lambda: array.array("i", range(ITEMS)), 700),
        ("m[i] of 'd'", doubles, 700),
        ("m[-i] of 'd'", doubles, -300),
        ("m[i, j] of 'd'", matrix, (20, 30)),
        ("m[a:b] of 'B'", small, slice(100, 900)),
        ("m[a:b] of 'd'", doubles, slice(100, 900)),
        ("m[a:b:2] of 'd'", doubles, slice(100, 900, 2)),
    ]

    def made(make: Callable[[], object], key: object) -> Made:
        import onloan

        plain, ours = memoryview(make()), onloan.View(make())
        return Made(ways.gets(plain, key).answer(), {THEIRS: ways.gets(plain, key), OURS: ways.gets(ours, key)})

    return [Case(name, lambda make=make, key=key: made(make, key), marks=MARKS) for name, make, key in keys]


def setting() -> list[Case]:
    """Items."""
    values: list[tuple[str, Callable[[], object], object]] = [
        ("m[i] = x of 'B'", small, 250),
        ("m[i] = x of 'i'", lambda: array.array("i", range(ITEMS)), 123_456),
        ("m[i] = x of 'd'", doubles, 2.75),
    ]

    def made(make: Callable[[], object], value: object) -> Made:
        import onloan

        expected = make()
        expected[700] = value
        one, two = make(), make()
        return Made(
            bytes(expected),
            {
                THEIRS: ways.sets(memoryview(one), 700, value, lambda: bytes(one)),
                OURS: ways.sets(onloan.View(two), 700, value, lambda: bytes(two)),
            },
        )

    return [Case(name, lambda make=make, value=value: made(make, value), marks=MARKS) for name, make, value in values]


def iterating() -> list[Case]:
    """All items, one after the other."""

    def made(make: Callable[[], object]) -> Made:
        import onloan

        exporter = make()
        return Made(
            list(exporter), {THEIRS: ways.iterates(memoryview(exporter)), OURS: ways.iterates(onloan.View(exporter))}
        )

    cases = []
    for size, nbytes in SIZES.items():
        bytes_of, doubles_of = (lambda n=nbytes: small(n)), (lambda n=nbytes: doubles(n // 8))
        for name, make, itemsize in (("B", bytes_of, 1), ("d", doubles_of, 8)):
            cases.append(Case(f"for x in m of '{name}'", lambda make=make: made(make), size, nbytes // itemsize, MARKS))
    return cases

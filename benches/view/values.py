"""What is made of all items at once, and what is looked for among them."""

from __future__ import annotations

import array
import importlib
from collections.abc import Callable
from typing import Any

import ways
from case import NO_SLOWER, SIZES, Case, Group, Made, Mark

OURS = "onloan.View"
NUMPY, THEIRS = "numpy", "memoryview"
OWN = "the exporter's own"
BYTES = "bytes"

HEX_AT_MOST, HEX_SIZE = 1 / 5, "64 KB"
ARRAY_AT_MOST = 1 / 20


def groups(here: set[str]) -> list[Group]:
    """Three tables."""
    return [tolist(), hexadecimal(), searching()]


def tolist() -> Group:
    """All items as Python's numbers."""
    numpy = importlib.import_module("numpy")
    makers: list[tuple[str, int, Callable[[int], Any]]] = [
        ("'B'", 1, lambda count: numpy.arange(count).astype("u1")),
        ("'i'", 4, lambda count: numpy.arange(count, dtype="i4") * 7),
        ("'d'", 8, lambda count: numpy.arange(count) / 2),
        ("'d', 2-D", 8, lambda count: (numpy.arange(count) / 2).reshape(16, -1)),
        ("'d', every 2nd", 8, lambda count: (numpy.arange(2 * count) / 2)[::2]),
    ]

    def made(make: Callable[[int], Any], count: int) -> Made:
        import onloan

        source = make(count)
        return Made(
            source.tolist(),
            {
                NUMPY: ways.calls(source.tolist),
                OURS: ways.calls(onloan.View(source).tolist),
                THEIRS: ways.calls(memoryview(source).tolist),
            },
        )

    cases = [
        Case(
            f"tolist of {name}",
            lambda make=make, count=nbytes // itemsize: made(make, count),
            size,
            nbytes // itemsize,
            [Mark(OURS, NO_SLOWER, NUMPY)],
        )
        for size, nbytes in SIZES.items()
        for name, itemsize, make in makers
    ]
    return Group("tolist", "The method, the list dropped.", [NUMPY, OURS, THEIRS], cases)


def hexadecimal() -> Group:
    """`hex`, with and without a separator."""

    def made(nbytes: int, arguments: tuple[object, ...]) -> Made:
        import onloan

        data = bytes(range(256)) * (nbytes // 256)
        named = {BYTES: data, OURS: onloan.View(data), THEIRS: memoryview(data)}
        return Made(
            data.hex(*arguments), {name: ways.calls(exporter.hex, *arguments) for name, exporter in named.items()}
        )

    kinds: list[tuple[str, tuple[object, ...]]] = [("hex()", ()), ("hex(':')", (":",)), ("hex('_', 4)", ("_", 4))]
    cases = [
        Case(
            name,
            lambda nbytes=nbytes, arguments=arguments: made(nbytes, arguments),
            size,
            nbytes,
            [Mark(OURS, HEX_AT_MOST, BYTES)] if size == HEX_SIZE and not arguments else [],
        )
        for size, nbytes in SIZES.items()
        for name, arguments in kinds
    ]
    return Group("hex", "The method, the text dropped.", [BYTES, OURS, THEIRS], cases)


def searching() -> Group:
    """`count` and `index`."""
    cases = []
    for size, nbytes in SIZES.items():
        for name, make, value in of_bytes():
            mark = Mark(OURS, NO_SLOWER, OWN)
            cases.append(search(f"bytes.{name}", lambda make=make, n=nbytes: make(n), name, value, size, nbytes, mark))
        for code in "hid":
            count = nbytes // array.array(code).itemsize
            for name in ("count", "index"):
                mark = Mark(OURS, ARRAY_AT_MOST, OWN)
                title = f"array('{code}').{name}"
                cases.append(search(title, lambda code=code, n=count: last(code, n), name, 101, size, count, mark))
    note = (
        "Against the same method of bytes and of array.array. `index` finds the last item; "
        "`count` finds none, one in 251, or (array) the last one."
    )
    return Group("count and index", note, [OWN, OURS], cases)


def of_bytes() -> list[tuple[str, Callable[[int], bytes], int]]:
    """Method, what it looks through, and for what."""

    def around(count: int) -> bytes:
        return (bytes(range(251)) * (count // 251 + 1))[:count]

    return [
        ("count of none", around, 255),
        ("count", around, 100),
        ("index", lambda count: around(count - 1) + b"\xff", 255),
    ]


def last(code: str, count: int) -> array.array:
    """Numbers from 0 to 99, and a 101 at the end."""
    items = (array.array(code, range(100)) * (count // 100 + 1))[:count]
    items[-1] = 101
    return items


def search(title: str, make: Callable[[], Any], name: str, value: int, size: str, items: int, mark: Mark) -> Case:
    """`exporter.count(value)` and the same of a view."""
    method = name.split()[0]

    def made() -> Made:
        import onloan

        exporter = make()
        own, ours = getattr(exporter, method), getattr(onloan.View(exporter), method)
        return Made(own(value), {OWN: ways.calls(own, value), OURS: ways.calls(ours, value)})

    return Case(title, made, size, items, [mark])

"""Who is measured, and what each one must answer.

An exporter is listed with the answer that is expected of it; `answers.check` holds it against that before anything is
timed, so a fast wrong answer never gets into a table. Nothing is built or imported before an exporter is wanted.
"""

from __future__ import annotations

import array
import importlib
import mmap
import sys
from collections.abc import Callable
from dataclasses import dataclass

from build import HERE, Workshop
from common.workshop import Missing, locked, version

CONTENTS = bytes(range(64))
DOUBLES = array.array("d", range(8))
PAGE = CONTENTS + bytes(mmap.PAGESIZE - len(CONTENTS))

FLOOR = "C floor"
FLOOR_READ_ONLY = "C floor, read-only"
FLOOR_PARTS = ("acquire_driver", "acquire_hoard", "acquire_floor")


@dataclass(frozen=True)
class Exporter:
    """One row.

    `make` gives a fresh object. `exact` says that fields that were not asked for are NULL (rules E-20 and E-21); of the
    others only what was asked for is compared. `counts` says that the object shows its count as `.exports`.
    `refuses_with` is the type of the exception when WRITABLE is asked of a read-only one.
    """

    name: str
    make: Callable[[], object]
    readonly: bool = False
    contents: bytes = CONTENTS
    itemsize: int = 1
    format: str = "B"
    exact: bool = False
    counts: bool = False
    refuses_with: type[Exception] = BufferError


@dataclass(frozen=True)
class Group:
    """Exporters that come together: how to bring them here (`prepare` raises `Missing`), and their version."""

    name: str
    prepare: Callable[[Workshop], None]
    exporters: list[Exporter]
    version: Callable[[], str | None] = lambda: None


def of(module: str, name: str, *arguments: object, **keywords: object) -> Callable[[], object]:
    """Calls `module.name(…)` when the object is wanted."""
    return lambda: getattr(importlib.import_module(module), name)(*arguments, **keywords)


def mapped() -> mmap.mmap:
    """An anonymous page."""
    memory = mmap.mmap(-1, mmap.PAGESIZE)
    memory[: len(CONTENTS)] = CONTENTS
    return memory


def read_only_array() -> object:
    """A NumPy array that may not be written."""
    values = of("numpy", "arange", 64, dtype="uint8")()
    values.flags.writeable = False
    return values


class BufferByMethods:
    """An exporter in Python itself (PEP 688)."""

    def __init__(self) -> None:
        self.data = bytearray(CONTENTS)
        self.exports = 0

    def __buffer__(self, flags: int) -> memoryview:
        self.exports += 1
        return memoryview(self.data)

    def __release_buffer__(self, view: memoryview) -> None:
        self.exports -= 1
        view.release()


def python_classes(shop: Workshop) -> None:
    """`__buffer__` is called from 3.12 on."""
    if sys.version_info < (3, 12):
        raise Missing("a Python class can export from Python 3.12 on")


def shows(name: str, make: Callable[[], object], readonly: bool = False, **more: object) -> Exporter:
    """An exporter that fills exactly what was asked for and shows its count."""
    return Exporter(name, make, readonly, exact=True, counts=True, **more)


def fills(name: str, make: Callable[[], object], readonly: bool = False, **more: object) -> Exporter:
    """An exporter that fills exactly what was asked for; its count cannot be seen."""
    return Exporter(name, make, readonly, exact=True, **more)


AS_DOUBLES = {"contents": DOUBLES.tobytes(), "itemsize": 8, "format": "d"}

#: In the order of the table. Of the first group, the second row is the measure once more: its ratio is the error of
#: the method; the last two say what a real C exporter adds to the floor.
GROUPS = [
    Group(
        "C",
        lambda shop: shop.c(*FLOOR_PARTS, "acquire_object_fields", "acquire_atomic_count"),
        [
            shows(FLOOR, of("acquire_floor", "Writable")),
            shows("C floor, again", of("acquire_floor", "Writable")),
            shows(FLOOR_READ_ONLY, of("acquire_floor", "ReadOnly"), readonly=True),
            shows("C, fields in the object", of("acquire_object_fields", "Exporter", CONTENTS, False)),
            shows("C, fields in the object, atomic count", of("acquire_atomic_count", "Exporter", CONTENTS, False)),
        ],
    ),
    Group(
        "onloan",
        lambda shop: shop.crate("onloan_peer"),
        [
            shows("onloan #[exporter], frozen", of("onloan_peer", "Frozen", CONTENTS, False)),
            shows("onloan #[exporter], frozen, read-only", of("onloan_peer", "Frozen", CONTENTS, True), readonly=True),
            shows(
                "onloan #[exporter], frozen, f64",
                of("onloan_peer", "FrozenDoubles", list(DOUBLES), False),
                **AS_DOUBLES,
            ),
            shows("onloan #[exporter], not frozen", of("onloan_peer", "Ordinary", CONTENTS, False)),
        ],
        lambda: locked(HERE / "onloan_peer", "onloan"),
    ),
    Group(
        "onloan.Buffer",
        Workshop.onloan,
        [
            fills("onloan.Buffer", of("onloan", "Buffer", CONTENTS)),
            fills("onloan.Buffer, read-only", of("onloan", "Buffer", CONTENTS, readonly=True), readonly=True),
        ],
        lambda: version("onloan"),
    ),
    Group(
        "CPython",
        lambda shop: None,
        [
            fills("bytes", of("builtins", "bytes", bytearray(CONTENTS)), readonly=True),
            fills("bytearray", of("builtins", "bytearray", CONTENTS)),
            fills("array.array('B')", of("array", "array", "B", CONTENTS)),
            fills("array.array('d')", of("array", "array", "d", DOUBLES), **AS_DOUBLES),
            fills("mmap", mapped, contents=PAGE),
        ],
    ),
    Group(
        "Cython",
        Workshop.cython,
        [
            shows("Cython", of("cython_peer", "Exporter", CONTENTS, False)),
            shows("Cython, read-only", of("cython_peer", "Exporter", CONTENTS, True), readonly=True),
        ],
        lambda: version("cython"),
    ),
    Group(
        "nanobind",
        Workshop.nanobind,
        [
            Exporter("nanobind ndarray", of("nanobind_peer", "writable", 64)),
            Exporter("nanobind ndarray, read-only", of("nanobind_peer", "read_only", 64), readonly=True),
            shows("nanobind, slots by hand", of("nanobind_peer", "Exporter", 64, False)),
        ],
        lambda: version("nanobind"),
    ),
    Group(
        "PyO3",
        lambda shop: shop.crate("pyo3_peer"),
        [
            shows("PyO3 frozen, plain count", of("pyo3_peer", "FrozenPlain", CONTENTS, False)),
            shows("PyO3 frozen, atomic count", of("pyo3_peer", "FrozenAtomic", CONTENTS, False)),
            shows("PyO3 frozen, read-only", of("pyo3_peer", "FrozenAtomic", CONTENTS, True), readonly=True),
            shows("PyO3 not frozen", of("pyo3_peer", "Ordinary", CONTENTS, False)),
        ],
        lambda: locked(HERE / "pyo3_peer", "pyo3"),
    ),
    Group(
        "numpy",
        lambda shop: shop.package("numpy"),
        [
            Exporter("numpy uint8", of("numpy", "arange", 64, dtype="uint8")),
            Exporter("numpy uint8, read-only", read_only_array, readonly=True, refuses_with=ValueError),
            Exporter("numpy float64", of("numpy", "arange", 8, dtype="float64"), **AS_DOUBLES),
        ],
        lambda: version("numpy"),
    ),
    Group(
        "pyarrow",
        lambda shop: shop.package("pyarrow"),
        [
            Exporter("pyarrow Buffer", of("pyarrow", "py_buffer", bytearray(CONTENTS)), format="b"),
            Exporter("pyarrow Buffer, read-only", of("pyarrow", "py_buffer", CONTENTS), readonly=True, format="b"),
        ],
        lambda: version("pyarrow"),
    ),
    Group(
        "pybind11",
        Workshop.pybind11,
        [
            Exporter("pybind11", of("pybind11_peer", "Exporter", 64, False)),
            Exporter("pybind11, read-only", of("pybind11_peer", "Exporter", 64, True), readonly=True),
        ],
        lambda: version("pybind11"),
    ),
    Group("PEP 688", python_classes, [Exporter("PEP 688 class", BufferByMethods, counts=True)]),
]


def ours(exporter: Exporter) -> bool:
    """Whether it is this project's."""
    return exporter.name.startswith("onloan")

"""What is compared: processes that trace in one way or another, and what is lent in them."""

from __future__ import annotations

import array
import mmap
import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """A process in a state: `tracer` is what runs in it, of each acquisition or allocation it keeps `frames`, of the `deep` that are on the stack.

    `package` has to be installed for it.
    """

    name: str
    tracer: str
    frames: int = 10
    deep: int = 10
    package: str | None = None


NEVER = Way("never started", "nothing")
STOPPED = Way("after stop", "stopped")
ONLOAN = Way("onloan(10)", "onloan")
TRACEMALLOC = Way("tracemalloc(1)", "tracemalloc", frames=1)

#: In the order of the columns; the first is what the others are held against.
WAYS = [
    NEVER,
    STOPPED,
    Way("onloan(1)", "onloan", frames=1),
    ONLOAN,
    Way("onloan(25)", "onloan", frames=25, deep=25),
    TRACEMALLOC,
    Way("tracemalloc(25)", "tracemalloc", frames=25, deep=25),
    Way("memray", "memray", package="memray"),
    Way("memray, Python's allocator too", "memray with Python's", package="memray"),
]


class BufferByMethods:
    """An exporter in Python itself (PEP 688)."""

    def __init__(self) -> None:
        self.data = bytearray(64)

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self.data)

    def __release_buffer__(self, view: memoryview) -> None:
        view.release()


def _array() -> object:
    return array.array("B", bytes(64))


def _mapped() -> object:
    return mmap.mmap(-1, mmap.PAGESIZE)


def _buffer() -> object:
    import onloan

    return onloan.Buffer(bytes(64))


def _numpy() -> object:
    import numpy

    return numpy.arange(64, dtype="uint8")


#: Exporters by name. The last ones are not told of releases, or are Python code.
EXPORTERS: dict[str, Callable[[], object]] = {
    "bytearray": lambda: bytearray(64),
    "array.array": _array,
    "mmap": _mapped,
    "onloan.Buffer": _buffer,
    "NumPy array": _numpy,
    "bytes": lambda: bytes(bytearray(64)),
}
if sys.version_info >= (3, 12):
    EXPORTERS["PEP 688 class"] = BufferByMethods


def acquisitions(exporter: str) -> int:
    """How many an acquisition comes to: a class that exports by `__buffer__` is acquired, and so is what its memoryview is of."""
    return 2 if exporter == "PEP 688 class" else 1

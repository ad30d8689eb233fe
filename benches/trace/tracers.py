"""In a worker: what traces there, and whether it really does."""

from __future__ import annotations

import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ways import Way


T = TypeVar("T")


class WrongAnswer(Exception):
    """What traces has not seen what there was."""


def demand(true: bool, what: str) -> None:
    """Ends the run where something is not as it must be."""
    if not true:
        raise WrongAnswer(what)


def at_depth(deep: int, function: Callable[[], T]) -> T:
    """Calls the function with so many frames on the stack, its caller's included."""
    here, count = sys._getframe(), 0
    while here is not None:
        here, count = here.f_back, count + 1
    demand(count < deep, f"{count} frames are on the stack before any are added, {deep} are wanted")
    return _deeper(deep - count, function)


def _deeper(more: int, function: Callable[[], T]) -> T:
    return function() if more <= 1 else _deeper(more - 1, function)


class Tracer:
    """Nothing, and what all have in common."""

    def __init__(self, way: Way) -> None:
        self.way = way

    def begin(self) -> None:
        """Starts, and proves that it sees what happens."""

    def acquired(self) -> int | None:
        """How many acquisitions have been recorded since the process began; None where they are not counted."""
        return None

    def end(self, opened: int) -> None:
        """Stops, after so many memoryviews have been opened and released."""


class Nothing(Tracer):
    """onloan is imported, and was never started."""

    def acquired(self) -> int:
        from onloan import _onloan

        demand(not _onloan.trace_is_on(), "tracing is on in a process where it was not started")
        return _onloan.trace_mark()


class Onloan(Tracer):
    """onloan traces."""

    def begin(self) -> None:
        import onloan

        onloan.start(self.way.frames)
        lent = bytearray(8)
        view = at_depth(self.way.deep, lambda: memoryview(lent))
        found = onloan.exports(lent)
        demand(len(found) == 1, f"one export is out, the ledger has {len(found)}")
        [export] = found
        seen = [frame.function for frame in export.acquired_at]
        demand(len(seen) == self.way.frames, f"{self.way.name} has kept {len(seen)} frames: {seen}")
        demand(seen[0].endswith("<lambda>"), f"acquired at {seen[0]}")
        demand(export.matched == "pointer", f"matched by {export.matched}")
        view.release()
        demand(onloan.exports(lent) == [], "a released export is still in the ledger")

    def acquired(self) -> int:
        from onloan import _onloan

        demand(_onloan.trace_is_on(), "tracing is off")
        return _onloan.trace_mark()


class Stopped(Onloan):
    """onloan has traced, and was stopped."""

    def begin(self) -> None:
        import onloan

        super().begin()
        onloan.stop()

    def acquired(self) -> int:
        from onloan import _onloan

        demand(not _onloan.trace_is_on(), "tracing is on after it was stopped")
        return _onloan.trace_mark()


class Tracemalloc(Tracer):
    """tracemalloc traces."""

    def begin(self) -> None:
        tracemalloc.start(self.way.frames)
        demand(tracemalloc.get_traceback_limit() == self.way.frames, "tracemalloc has another limit")
        lent = bytearray(8)
        view = at_depth(self.way.deep, lambda: memoryview(lent))
        traceback = tracemalloc.get_object_traceback(view)
        demand(traceback is not None, "tracemalloc does not know where a memoryview was allocated")
        demand(len(traceback) == self.way.frames, f"tracemalloc has kept {len(traceback)} frames")


class Memray(Tracer):
    """memray traces into a file, which is read at the end."""

    def begin(self) -> None:
        import memray

        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "allocations.bin"
        with_pythons = self.way.tracer != "memray"
        self.tracker: Any = memray.Tracker(self.file, trace_python_allocators=with_pythons)
        self.tracker.__enter__()

    def end(self, opened: int) -> None:
        import memray

        large = bytearray(1 << 24)
        del large
        self.tracker.__exit__(None, None, None)
        with memray.FileReader(self.file) as read:
            count = read.metadata.total_allocations
            peak = read.metadata.peak_memory
        self.folder.cleanup()
        demand(peak >= 1 << 24, f"memray has seen {peak} bytes at most, there were 16 MB and more")
        if self.way.tracer != "memray":
            # A memoryview and its managed buffer.
            demand(count >= 2 * opened, f"memray has seen {count} allocations, {opened} memoryviews were opened")


TRACERS: dict[str, type[Tracer]] = {
    "nothing": Nothing,
    "stopped": Stopped,
    "onloan": Onloan,
    "tracemalloc": Tracemalloc,
    "memray": Memray,
    "memray with Python's": Memray,
}

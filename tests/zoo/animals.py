"""Exporters written in Python (PEP 688, from 3.12 on), wrong and unusual."""

from __future__ import annotations

# 3.12 has inspect.BufferFlags; the numbers are those of pybuffer.h.
WRITABLE, FORMAT, ND = 0x001, 0x004, 0x008


class ReturnsBytes:
    """Returns what it has instead of a view of it."""

    def __buffer__(self, flags: int) -> memoryview:
        return b"not a view"  # type: ignore[return-value]


class ReleaseRaises:
    """Looks for something that is no longer there when the buffer comes back."""

    def __init__(self) -> None:
        self.data = bytearray(b"what is lent")
        self.lent: dict[int, memoryview] = {}

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self.data)

    def __release_buffer__(self, view: memoryview) -> None:
        del self.lent[id(view)]


class CopiesForEach:
    """Lends a copy: what is written there is seen by nobody."""

    def __init__(self) -> None:
        self.data = b"what is lent"
        self.copies: list[bytearray] = []

    def __buffer__(self, flags: int) -> memoryview:
        self.copies.append(bytearray(self.data))
        del self.copies[:-64]
        return memoryview(self.copies[-1])


class ReadonlyUnlessAsked:
    """Writable for those who ask, read-only for all others, though it is the same memory."""

    def __init__(self) -> None:
        self.data = bytearray(b"what is lent")

    def __buffer__(self, flags: int) -> memoryview:
        view = memoryview(self.data)
        return view if flags & WRITABLE else view.toreadonly()


class RefusesWithRuntimeError:
    """Refuses as nobody expects it."""

    def __init__(self) -> None:
        self.data = b"what is lent"

    def __buffer__(self, flags: int) -> memoryview:
        if flags & WRITABLE:
            raise RuntimeError("not for writing")
        return memoryview(self.data)


class KeepsTheViews:
    """Keeps every view that it ever gave, so that its memory can never grow again."""

    def __init__(self) -> None:
        self.data = bytearray(b"what is lent")
        self.views: list[memoryview] = []

    def __buffer__(self, flags: int) -> memoryview:
        self.views.append(memoryview(self.data))
        return self.views[-1]

    def append(self, value: int) -> None:
        """One byte more, as the bytearray allows."""
        self.data.append(value)


class CountsWhatIsRefused:
    """Counts in `__buffer__`, and memoryview refuses afterwards: `__release_buffer__` is never called for that."""

    def __init__(self) -> None:
        self.data = b"what is lent"
        self.exports = 0

    def __buffer__(self, flags: int) -> memoryview:
        self.exports += 1
        return memoryview(self.data)

    def __release_buffer__(self, view: memoryview) -> None:
        self.exports -= 1

    def clear(self) -> None:
        """Refused while exports are out."""
        if self.exports:
            raise BufferError("exports are out")
        self.data = b""


class CountsAndRefuses:
    """Counts as it should: refuses by itself what memoryview would refuse, which is also a format without a shape."""

    def __init__(self) -> None:
        self.data = b"what is lent"
        self.exports = 0

    def __buffer__(self, flags: int) -> memoryview:
        if flags & WRITABLE:
            raise BufferError("read-only")
        if flags & FORMAT and not flags & ND:
            raise BufferError("a format without a shape")
        self.exports += 1
        return memoryview(self.data)

    def __release_buffer__(self, view: memoryview) -> None:
        self.exports -= 1

    def clear(self) -> None:
        """Refused while exports are out."""
        if self.exports:
            raise BufferError("exports are out")
        self.data = b""


class OneAtATime:
    """As the example of PEP 688: one view at a time, which it keeps and releases."""

    def __init__(self) -> None:
        self.data = bytearray(b"what is lent")
        self.view: memoryview | None = None

    def __buffer__(self, flags: int) -> memoryview:
        if self.view is not None:
            raise BufferError("one view at a time")
        self.view = memoryview(self.data)
        return self.view

    def __release_buffer__(self, view: memoryview) -> None:
        assert self.view is view
        self.view.release()
        self.view = None

    def extend(self, more: bytes) -> None:
        """Refused while a view is out."""
        if self.view is not None:
            raise BufferError("a view is out")
        self.data.extend(more)


class NothingToRelease:
    """A slice of somebody else's memory, and no `__release_buffer__`."""

    def __init__(self) -> None:
        self.data = bytearray(64)

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self.data)[8:56:3]


class WatchedBytearray(bytearray):
    """A bytearray that is told when it is given back."""

    returned = 0

    def __release_buffer__(self, view: memoryview) -> None:
        self.returned += 1


class ReadonlyBytearray(bytearray):
    """A bytearray that lends itself for reading only."""

    def __buffer__(self, flags: int) -> memoryview:
        if flags & WRITABLE:
            raise BufferError("read-only")
        return super().__buffer__(flags).toreadonly()


def read_only_bytearray() -> ReadonlyBytearray:
    """One with something in it."""
    return ReadonlyBytearray(b"what is lent")


def watched_bytearray() -> WatchedBytearray:
    """One with something in it."""
    return WatchedBytearray(b"what is lent")

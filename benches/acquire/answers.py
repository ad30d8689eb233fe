"""The right answer first: no exporter is timed before it has shown that it gives one."""

from __future__ import annotations

import sys

from common import pybuf
from peers import Exporter


class WrongAnswer(Exception):
    """An exporter said something else than is expected of it."""


def granted(exporter: Exporter, flags: int) -> bool:
    """Whether the request must be granted: every exporter here is one row without gaps, so only WRITABLE can fail."""
    return not (exporter.readonly and pybuf.asks(flags, pybuf.WRITABLE))


def check(exporter: Exporter, subject: object) -> None:
    """Every timed request is answered as expected, exports are counted, and no reference is lost or kept."""
    import acquire_driver

    for name, flags in pybuf.TIMED.items():
        try:
            seen = acquire_driver.ask(subject, flags)
        except Exception as refusal:
            if granted(exporter, flags):
                raise WrongAnswer(f"{exporter.name}: {name} was refused: {refusal!r}") from refusal
            same(exporter, name, "type of the refusal", type(refusal), exporter.refuses_with)
            continue
        if not granted(exporter, flags):
            raise WrongAnswer(f"{exporter.name}: {name} was granted, the memory is read-only")
        compare(exporter, name, flags, seen)
    accounting(exporter, subject)


def compare(exporter: Exporter, name: str, flags: int, seen: tuple) -> None:
    """Field by field against what is expected."""
    contents, itemsize, readonly, ndim, format_, shape, strides, suboffsets = seen
    length = len(exporter.contents) // exporter.itemsize
    same(exporter, name, "contents", contents, exporter.contents)
    same(exporter, name, "itemsize", itemsize, exporter.itemsize)
    same(exporter, name, "readonly", readonly, int(exporter.readonly))
    same(exporter, name, "suboffsets", suboffsets, None)
    fields = [
        ("shape", pybuf.ND, shape, (length,)),
        ("strides", pybuf.STRIDES, strides, (exporter.itemsize,)),
        ("format", pybuf.FORMAT, format_, exporter.format),
    ]
    for field, flag, value, expected in fields:
        if pybuf.asks(flags, flag):
            same(exporter, name, field, value, expected)
        elif exporter.exact:
            same(exporter, name, f"{field} (not asked for)", value, None)
    if pybuf.asks(flags, pybuf.ND):
        same(exporter, name, "ndim", ndim, 1)


def accounting(exporter: Exporter, subject: object) -> None:
    """Three exports are three in the count, where it shows; after the release everything is as it was."""
    import acquire_driver
    import acquire_hoard

    before = sys.getrefcount(subject)
    hoard = acquire_hoard.Hoard(3)
    hoard.acquire(subject, pybuf.FULL_RO, 3)
    if exporter.counts:
        same(exporter, "FULL_RO", "exports while three are out", subject.exports, 3)
    hoard.release()
    if exporter.counts:
        same(exporter, "FULL_RO", "exports after the last release", subject.exports, 0)
    acquire_driver.time_pair(subject, pybuf.FULL_RO, 100, 0)
    same(exporter, "FULL_RO", "reference count after 103 exports", sys.getrefcount(subject), before)


def same(exporter: Exporter, request: str, what: str, seen: object, expected: object) -> None:
    """Raises unless the two are equal."""
    if seen != expected:
        raise WrongAnswer(f"{exporter.name}: {request}: {what} is {seen!r}, expected {expected!r}")

"""Refused requests, including `PyErr_Clear`.

Two doors. *By PyObject_GetBuffer*, as every consumer comes: WRITABLE asked of a read-only exporter, compared with the
read-only C floor refusing the same. *By the slot*, `tp_as_buffer->bf_getbuffer` called directly: the same WRITABLE, and
there also what bytearray refuses. bytearray is writable and has one row, so through the first door it refuses nothing
that well-formed flags can ask; its slot refuses `view == NULL` on every version, and from 3.13 on the flags 0x100 alone
(through `PyBuffer_FillInfo`, with SystemError; `PyObject_GetBuffer` refuses them itself, before any slot).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from answers import WrongAnswer
from common import pybuf
from peers import FLOOR_READ_ONLY, Exporter

BY_GETBUFFER, BY_SLOT, BY_SLOT_NULL_VIEW = 0, 1, 2
COLUMNS = {BY_GETBUFFER: "by PyObject_GetBuffer", BY_SLOT: "by the slot"}


@dataclass(frozen=True)
class Refusal:
    """One row: who is asked what, through which door, and what it says."""

    name: str
    asked: str
    flags: int
    door: int
    subject: object
    error: str

    @property
    def column(self) -> str:
        """The two slot doors share a column."""
        return COLUMNS[min(self.door, BY_SLOT)]

    @property
    def row(self) -> str:
        """Exporter and request."""
        return f"{self.name}: {self.asked}"

    def run(self, iterations: int) -> int:
        """Nanoseconds for that many refusals."""
        import acquire_driver

        return acquire_driver.time_refused(self.subject, self.flags, iterations, min(iterations, 100), self.door)


FLOOR_ROW = f"{FLOOR_READ_ONLY}: WRITABLE"


def refusals(subjects: list[tuple[Exporter, object]]) -> list[Refusal]:
    """Every refusal that can be timed, each one tried once."""
    found = []
    for exporter, subject in subjects:
        if exporter.readonly:
            for door in (BY_GETBUFFER, BY_SLOT):
                found.append(tried(exporter.name, "WRITABLE", pybuf.WRITABLE, door, subject, exporter.refuses_with))
        if exporter.name == "bytearray":
            found += of_bytearray()
    return found


def of_bytearray() -> list[Refusal]:
    """What a bytearray refuses. 3.13.0 counts an export for the refused 0x100: the object is used for nothing else."""
    import acquire_driver

    subject = bytearray(64)
    acquire_driver.keep(subject)
    rows = [tried("bytearray", "view == NULL", pybuf.FULL_RO, BY_SLOT_NULL_VIEW, subject, BufferError)]
    if sys.version_info >= (3, 13):
        for door in (BY_GETBUFFER, BY_SLOT):
            rows.append(tried("bytearray", "0x100 alone", pybuf.READ, door, subject, SystemError))
    return rows


def tried(name: str, asked: str, flags: int, door: int, subject: object, expected: type[Exception]) -> Refusal:
    """Asks once and keeps what was said."""
    import acquire_driver

    try:
        acquire_driver.ask(subject, flags, door)
    except expected as refusal:
        return Refusal(name, asked, flags, door, subject, f"{type(refusal).__name__}: {refusal}")
    raise WrongAnswer(f"{name}: {asked} was granted")

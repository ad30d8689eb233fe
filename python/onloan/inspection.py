"""What one object lends, and to which requests: the facts behind `onloan inspect`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _onloan
from ._onloan import Buffer

#: The requests that have names in CPython's documentation; CONTIG_RO is ND, and STRIDED_RO is STRIDES.
NAMED: tuple[tuple[str, int], ...] = (
    ("SIMPLE", 0x000),
    ("WRITABLE", 0x001),
    ("ND", 0x008),
    ("CONTIG", 0x009),
    ("STRIDES", 0x018),
    ("STRIDED", 0x019),
    ("C_CONTIGUOUS", 0x038),
    ("F_CONTIGUOUS", 0x058),
    ("ANY_CONTIGUOUS", 0x098),
    ("INDIRECT", 0x118),
    ("RECORDS_RO", 0x01C),
    ("RECORDS", 0x01D),
    ("FULL_RO", 0x11C),
    ("FULL", 0x11D),
)

#: Most telling first: what the layout is read with.
_TELLING = ("FULL_RO", "RECORDS_RO", "INDIRECT", "STRIDES", "ND", "SIMPLE")


@dataclass(frozen=True)
class Answer:
    """What came of one request: granted, or refused with an exception."""

    name: str
    flags: int
    granted: bool
    error: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Inspection:
    """What an object lends.

    `facts` is what `_onloan.describe` says, `None` if no request was granted or the answer contradicts itself; then `why` says so.
    `exports` is the number of exports that are out, `None` where it is not known. `draw(columns, ascii)` draws the memory.
    """

    type: str
    answers: tuple[Answer, ...]
    facts: dict[str, Any] | None
    why: str | None
    exports: int | None
    draw: Callable[[int, bool], str]


def inspect(exporter: object) -> Inspection:
    """Asks `exporter` for its memory in every way that has a name, and releases what it gets."""
    # Counted before anything is asked for here.
    exports = exporter.exports if isinstance(exporter, Buffer) else None
    answers = tuple(_ask(exporter, name, flags) for name, flags in NAMED)
    granted = {answer.name: answer.flags for answer in answers if answer.granted}
    flags = next((granted[name] for name in _TELLING if name in granted), None)
    facts: dict[str, Any] | None = None
    why: str | None = "no request was granted"
    if flags is not None:
        try:
            facts, why = _onloan.describe(exporter, flags), None
        except Exception as error:  # an exporter may raise anything
            why = f"{type(error).__name__}: {error}"
    def draw(columns: int, ascii: bool) -> str:
        return _onloan.draw(exporter, flags, columns=columns, ascii=ascii)

    return Inspection(type_name(exporter), answers, facts, why, exports, draw)


def type_name(value: object) -> str:
    """The type's name with its module, which for built-in types is left out."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _ask(exporter: object, name: str, flags: int) -> Answer:
    answer = _onloan.request(exporter, flags)
    if answer["granted"]:
        return Answer(name, flags, granted=True)
    return Answer(name, flags, granted=False, error=answer["error"], message=answer["message"])

"""What the extension module tells, as facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .facts import Error, Export, Exporter, Frame, Lent, Lost, Site, Snapshot


def snapshot(facts: Mapping[str, Any]) -> Snapshot:
    """All of it."""
    return Snapshot(
        live=live(facts["live"]),
        sites=tuple(Site(*site) for site in facts["sites"]),
        errors=tuple(_error(*error) for error in facts["errors"]),
        lost=Lost(**facts["lost"]),
        timeline=tuple(facts["timeline"]),
    )


def live(groups: Iterable[tuple[Any, ...]]) -> tuple[Lent, ...]:
    """Exporters with what is out of them."""
    return tuple(Lent(Exporter(*exporter), tuple(map(_export, exports))) for exporter, exports in groups)


def _export(facts: tuple[Any, ...]) -> Export:
    number, request, nbytes, thread, age, matched, frames, holders, why = facts
    return Export(request, nbytes, thread, age, matched, _frames(frames), tuple(map(tuple, holders)), why, number)


def _frames(frames: Iterable[tuple[str, int, str]]) -> tuple[Frame, ...]:
    return tuple(Frame(*frame) for frame in frames)


def _error(
    type: str, message: str, frames: Iterable[tuple[str, int, str]], blocked: Iterable[tuple[Any, ...]], thread: str, time: float
) -> Error:
    return Error(type, message, _frames(frames), live(blocked), thread, time)

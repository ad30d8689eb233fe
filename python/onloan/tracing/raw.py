"""What the extension module tells, as facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

# Programs put functions of their own into the module.
from gc import disable, enable, isenabled
from typing import Any

from .facts import Error, Export, Exporter, Frame, Lent, Lost, Site, Snapshot


def snapshot(facts: Mapping[str, Any]) -> Snapshot:
    """All of it."""
    return Snapshot(
        live=live(facts["live"]),
        sites=tuple(Site(*site) for site in facts["sites"]),
        errors=errors(facts["errors"]),
        lost=Lost(**facts["lost"]),
        timeline=tuple(facts["timeline"]),
    )


def live(groups: Iterable[tuple[Any, ...]]) -> tuple[Lent, ...]:
    """Exporters with what is out of them."""
    with _quiet():
        stacks = _Stacks()
        return tuple(Lent(Exporter(*exporter), tuple([_export(export, stacks) for export in exports])) for exporter, exports in groups)


def errors(facts: Iterable[tuple[Any, ...]]) -> tuple[Error, ...]:
    """BufferErrors."""
    return tuple(_error(*error) for error in facts)


@contextmanager
def _quiet() -> Iterator[None]:
    """The collector rests: it would look through the facts again and again, and none of them is garbage."""
    resume = isenabled()
    disable()
    try:
        yield
    finally:
        if resume:
            enable()


class _Stacks(dict[int, tuple[Frame, ...]]):
    """Stacks by where their facts are: those are shared by all exports that have them, and live longer than this."""

    def of(self, frames: tuple[tuple[str, int, str], ...]) -> tuple[Frame, ...]:
        found = self.get(id(frames))
        if found is None:
            found = self[id(frames)] = _frames(frames)
        return found


def _export(facts: tuple[Any, ...], stacks: _Stacks) -> Export:
    # Not by `__init__`: as the class is frozen that calls a function for each field, which would be most of what a snapshot of many exports costs.
    export = Export.__new__(Export)
    fields = export.__dict__
    (
        fields["id"],
        fields["request"],
        fields["nbytes"],
        fields["thread"],
        fields["age_s"],
        fields["matched"],
        frames,
        fields["holders"],
        fields["why"],
    ) = facts
    fields["acquired_at"] = stacks.of(frames)
    return export


def _frames(frames: Iterable[tuple[str, int, str]]) -> tuple[Frame, ...]:
    return tuple(Frame(*frame) for frame in frames)


def _error(
    type: str, message: str, frames: Iterable[tuple[str, int, str]], blocked: Iterable[tuple[Any, ...]], thread: str, time: float
) -> Error:
    return Error(type, message, _frames(frames), live(blocked), thread, time)

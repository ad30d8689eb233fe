"""Judges targets, each in child processes of its own, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .findings import TargetReport
from .rules import Profile


@dataclass(frozen=True)
class Options:
    """How to judge."""

    profile: Profile = "interop"
    #: Callables that take the exporter, as expressions, by their names.
    mutators: Mapping[str, str] = field(default_factory=dict)
    #: An expression for the bytes that the buffer is to hold, in C order.
    expect_bytes: str | None = None
    #: Write the same bytes back where the buffer says that this may be done.
    write: bool = False
    #: Seconds that one phase may take.
    timeout: float = 20.0
    #: Targets judged side by side; as many as there are processors where it is None.
    jobs: int | None = None


#: Told what happens, for people: the target, and what is being done with it.
Progress = Callable[[str, str], None]


def judge(targets: Sequence[str], options: Options = Options(), progress: Progress | None = None) -> list[TargetReport]:
    """Judges every target; the reports are in the order of the targets. Nothing that a target does ends this."""
    raise NotImplementedError

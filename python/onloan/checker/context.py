"""What a phase works with: fresh exporters, the word about what comes next, and the place for what it finds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .._onloan import _check_count, _Held, _hold, requests

#: All 72 requests by their names.
REQUESTS: dict[str, int] = dict(requests())

#: Most telling first: what a buffer is asked for when any would do.
TELLING: tuple[str, ...] = ("FULL_RO", "RECORDS_RO", "INDIRECT", "STRIDES", "ND|FORMAT", "ND", "SIMPLE")


class Unsafe(Exception):
    """The process can no longer be trusted: a reference was lost."""


class Send(Protocol):
    """Says one message to the parent process."""

    def __call__(self, **message: Any) -> None: ...


#: References to each exporter beside those that are needed: losing some frees nothing.
_SPARE = 1000


@dataclass
class Context:
    """One phase of one target."""

    phase: str
    #: Evaluates the target: a new exporter, or the same one each time where the target is an object that is there already.
    evaluate: Callable[[], Any]
    send: Send
    mutators: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    expect_bytes: Callable[[], bytes] | None = None
    write: bool = False
    #: Subjects (mutators) that killed an earlier child.
    skip: Collection[str] = ()
    #: What earlier phases found out that others need not suffer from again.
    known: dict[str, bool] = field(default_factory=dict)
    #: What could not be raised.
    unraisable: list[str] = field(default_factory=list)
    _spare: list[list[Any]] = field(default_factory=list)

    def make(self) -> Any:
        """An exporter that survives the loss of references to it."""
        self.let_go()
        exporter = self.evaluate()
        self._spare.append([exporter] * _SPARE)
        return exporter

    def let_go(self) -> None:
        """Gives the spare references of earlier exporters back, if none of them was lost; else they are needed for ever."""
        self._spare = [spare for spare in self._spare if self.counted(spare[0]) is not None and _check_count(spare[0]) < _SPARE]

    def knows(self, **facts: bool) -> None:
        """Remembers something for the phases to come, in this process or another."""
        self.known.update(facts)
        self.send(known=facts)

    def limit(self, seconds: float) -> None:
        """Says how long the rest of the phase may take."""
        self.send(limit=seconds)

    @property
    def fresh(self) -> bool:
        """Whether the target is another object each time it is evaluated."""
        return self.evaluate() is not self.evaluate()

    def step(self, rule: str, request: str | None = None, subject: str | None = None) -> None:
        """Says what is about to happen, under which rule it would be reported if the process did not survive it."""
        self.send(step=[self.phase, rule, request, subject])

    def found(
        self, rule: str, *requests: str, expected: str, seen: str, explain: str = "", way: str = ""
    ) -> None:
        """Reports one breach."""
        self.send(breach=[rule, way, list(requests), expected, seen, explain])

    def hold(self, exporter: Any, *names: str) -> tuple[_Held, str] | None:
        """A buffer of the first of these requests (of the telling ones) that is granted, and which that was."""
        for name in names or TELLING:
            held = _hold(exporter, REQUESTS[name], not self.known.get("unreadable", False))
            if held is not None:
                return held, name
        return None

    def held(self, exporter: Any, *names: str) -> tuple[_Held, str]:
        """As `hold`, of what was granted before."""
        got = self.hold(exporter, *names)
        if got is None:
            raise Refused
        return got

    def release(self, held: _Held, request: str | None, subject: str | None = None, *, way: str = "plain", rule: str = "E-61") -> str | None:
        """Gives a buffer back; what is wrong about exceptions afterwards."""
        self.step(rule, request, subject)
        return held.release(way)

    def counted(self, thing: object) -> int | None:
        """The reference count, if it counts: immortal objects have none."""
        before = _check_count(thing)
        more = [thing] * 3
        counts = _check_count(thing) == before + 3
        del more
        return before if counts else None

    def heard(self) -> Iterator[str]:
        """What could not be raised since this was asked last."""
        while self.unraisable:
            yield self.unraisable.pop(0)

    def listen(self) -> None:
        """Collects what cannot be raised from now on."""

        def hook(report: Any) -> None:
            # Some of them are enough: many thousand rounds may each have one.
            if len(self.unraisable) < 8:
                self.unraisable.append(f"{report.exc_type.__name__}: {report.exc_value}")

        sys.unraisablehook = hook


class Refused(Exception):
    """What was granted in the matrix is refused now; the phase has nothing to look at."""


class Unexportable(Exception):
    """No request at all is granted: there is nothing more to look at."""

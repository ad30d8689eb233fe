"""Judges targets, each in child processes of its own, side by side.

All phases of a target run in one child as long as nothing goes wrong. A phase that killed the child is run once more, alone in a new one, to tell
its own doing from that of the phases before it; from then on each phase has a child of its own.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..errors import CommandError
from . import child
from .child import Heard
from .findings import Finding, TargetReport, grouped
from .rules import RULES, Profile

#: In this order; `phases/__init__.py` has what they do, for the child.
PHASES: tuple[str, ...] = ("baseline", "matrix", "memory", "accounting", "lifetime", "mutators", "stress", "pep688")

#: Said of a mutator that ends the process whatever is lent: then it is broken by itself.
ANYWAY = "It does so also where no buffer is out"

#: How many things a phase may die of before it is left.
_DEATHS = 8


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
    #: Seconds that one step may take: evaluating the target, a request, a mutator.
    timeout: float = 20.0
    #: Targets judged side by side; as many as there are processors where it is None.
    jobs: int | None = None


#: Told what happens, for people: the target, and what is being done with it.
Progress = Callable[[str, str], None]

#: Runs phases in a child, without the subjects that killed an earlier one, and with what is known.
Start = Callable[[Sequence[str], Sequence[str], Mapping[str, bool]], Heard]

#: What only acquires and releases; if that kills, the phases after it would say no more.
_BASIC = ("baseline", "matrix", "memory", "accounting")


def judge(targets: Sequence[str], options: Options = Options(), progress: Progress | None = None) -> list[TargetReport]:
    """Judges every target; the reports are in the order of the targets. Nothing that a target does ends this."""
    if os.name != "posix":
        raise CommandError("exporters cannot be judged on this system", hint="child processes with a pipe of their own are needed, as POSIX has them")
    stop = threading.Event()

    def one(target: str) -> TargetReport:
        plain = False

        def start(phases: Sequence[str], skip: Sequence[str], known: Mapping[str, bool]) -> Heard:
            if progress is not None:
                progress(target, ", ".join(phases))
            job = {
                "target": target,
                "phases": list(phases),
                "skip": list(skip),
                "known": dict(known),
                "mutators": dict(options.mutators),
                "expect_bytes": options.expect_bytes,
                "write": options.write,
            }
            nonlocal plain
            heard = child.spawn(job, options.timeout, stop, plain=plain)
            if plain or heard.step is not None or heard.crash in (None, "hang"):
                return heard
            # It died before anybody asked it for anything. Some do only where freed memory is overwritten (ufbx 0.0.5): the rest can still be judged.
            again = child.spawn(job, options.timeout, stop, plain=True)
            plain = again.step is not None
            return again if plain else heard

        return conduct(target, options, start)

    jobs = options.jobs or os.cpu_count() or 1
    with ThreadPoolExecutor(max_workers=max(1, min(jobs, len(targets)))) as pool:
        try:
            return list(pool.map(one, targets))
        except BaseException:
            stop.set()
            raise


def judge_object(
    name: str,
    make: Callable[[], Any],
    options: Options,
    *,
    mutators: Mapping[str, Callable[[Any], Any]],
    expect_bytes: Callable[[], bytes] | None,
) -> TargetReport:
    """Judges what is in this process, in copies of it."""
    stop = threading.Event()

    def start(phases: Sequence[str], skip: Sequence[str], known: Mapping[str, bool]) -> Heard:
        return child.copy(
            phases,
            make,
            options.timeout,
            stop,
            mutators=partial(dict, mutators),
            expect_bytes=expect_bytes,
            write=options.write,
            skip=skip,
            known=known,
        )

    return conduct(name, options, start)


def conduct(target: str, options: Options, start: Start) -> TargetReport:
    """Has all phases run, in as few children as the target allows."""
    begun = time.monotonic()
    case = _Case(options)
    while case.todo:
        # Together, until something went wrong.
        heard = start(case.todo[:1] if case.alone else case.todo, case.skip, case.known)
        if heard.crash is not None and heard.step is not None and heard.done and heard.step[1] != "E-13":
            case.take(heard)
            case.again(heard, start)
        else:
            case.take(heard)
            if heard.crash is not None:
                case.died(heard, start)
        if case.error is not None:
            break
    return TargetReport(
        target=target,
        type=case.facts.pop("type", None),
        profile=options.profile,
        findings=grouped(case.findings),
        granted=case.facts.get("granted"),
        error=case.error,
        facts=case.facts,
        incomplete=tuple(case.incomplete),
        seconds=time.monotonic() - begun,
    )


class _Case:
    """One target while it is being judged."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.todo = list(PHASES)
        self.alone = False
        self.skip: list[str] = []
        self.facts: dict[str, Any] = {}
        self.known: dict[str, bool] = {}
        #: The first phase of acquiring and releasing that killed a child or lost a reference, and how.
        self.deadly: tuple[str, str] | None = None
        self.findings: list[Finding] = []
        self.incomplete: list[tuple[str, str]] = []
        self.error: str | None = None

    def take(self, heard: Heard) -> None:
        """Takes in what a child found."""
        self.facts.update(heard.facts)
        self.known.update(heard.known)
        self.incomplete += heard.failed
        for phase, (rule, way, requests, expected, seen, explain) in heard.breaches:
            level = RULES[rule].level(self.options.profile, way)
            if level is not None:
                self.findings.append(Finding(rule, level, phase, tuple(requests), expected, seen, explain))
        for phase in heard.done:
            self._finished(phase)
        if heard.unjudged is not None:
            self._unjudged(heard.unjudged)
        if heard.unsafe:
            # Each release loses a reference: what drops all others or makes many rounds would show that and nothing else.
            self.deadly = self.deadly or (heard.done[-1], "a reference is lost")
            for phase in ("lifetime", "stress"):
                self._leave(phase)
        if self.facts.get("granted") == 0 or heard.ended:
            self.todo = [phase for phase in self.todo if self.alone and self.facts.get("granted") != 0]

    def _unjudged(self, why: str) -> None:
        if len(self.todo) == len(PHASES):
            self.error = why
        else:
            # It could be evaluated before.
            self.incomplete += [(phase, why) for phase in self.todo]
            self.todo = []

    def _leave(self, phase: str) -> None:
        """Leaves a phase out, of which it is known what it would show."""
        if phase in self.todo and self.deadly is not None:
            self.todo.remove(phase)
            self.incomplete.append((phase, f"{self.deadly[1]} as in the phase {self.deadly[0]}"))

    def _finished(self, phase: str) -> None:
        if phase in self.todo:
            self.todo.remove(phase)

    def again(self, heard: Heard, start: Start) -> None:
        """Runs the phase that killed a child once more, alone, to see whether it was its own doing."""
        assert heard.step is not None
        self.alone = True
        second = start([heard.step[0]], self.skip, self.known)
        self.take(second)
        if second.crash is not None:
            self.died(second, start)
        elif second.unjudged is None:
            self._crash(heard, " It did so only after the phases before it, whose doing it may be.")

    def died(self, heard: Heard, start: Start) -> None:
        """A child was killed."""
        self.alone = True
        if heard.step is None:
            self._unjudged(_no_beginning(heard, self.options.timeout))
            return
        phase, _, _, subject = heard.step
        anyway = subject is not None and phase == "mutators" and start(["alone"], [subject], self.known).crash is not None
        self._crash(heard, f" {ANYWAY}." if anyway else "")
        if subject is not None and subject not in self.skip and len(self.skip) < _DEATHS:
            self.skip.append(subject)
        else:
            self._finished(phase)

    def _crash(self, heard: Heard, more: str) -> None:
        assert heard.step is not None and heard.crash is not None
        phase, rule, request, subject = heard.step
        if self.deadly is not None and self.deadly[0] != phase:
            told = (phase, f"{heard.crash}, as in the phase {self.deadly[0]}")
            if told not in self.incomplete:
                self.incomplete.append(told)
            return
        if phase in _BASIC and self.deadly is None:
            self.deadly = (phase, heard.crash)
        if phase == "memory":
            self.known["unreadable"] = True
        # What CPython's own types do with flags that are none is CPython's matter.
        lenient = rule == "E-13" and self.options.profile == "interop"
        doing = " and ".join(word for word in (request, subject) if word) or "the phase"
        seen = f"no end within {heard.limit:g} s" if heard.crash == "hang" else heard.crash
        fatal = next((line for line in heard.talk.splitlines() if line.startswith("Fatal Python error")), "")
        said = "" if "Segmentation fault" in fatal else fatal.partition(": ")[2]
        self.findings.append(
            Finding(
                rule,
                "note" if lenient else "error",
                phase,
                (request,) if request else (),
                expected=f"the process survives {doing}",
                seen=f"{seen} ({said})" if said else seen,
                explain=(f"it was looking at: {RULES[rule].rule}" + more),
                crash=heard.crash,
            )
        )


def _no_beginning(heard: Heard, timeout: float) -> str:
    """Why a target was never there, in one line."""
    match heard.crash:
        case "hang":
            return f"it is not there after {timeout:g} s: importing or evaluating it takes too long, or for ever"
        case "closed all files":
            return "it closes all files of its process, so nothing can be heard of it"
        case crash:
            return f"importing or evaluating it ends the process: {crash}"

"""One case: its answers, then its times, all ways interleaved."""

from __future__ import annotations

import gc
import random
from dataclasses import dataclass
from functools import partial

from case import Case, Group, Made, Mark, Way

from common.measure import Spread, Timing, Turn, interleave, ratios, timing

#: A way of which one iteration takes longer than so many batches has its turn only in some of the rounds.
SLOW = 8


class WrongAnswer(Exception):
    """A way came to something else than is right."""


@dataclass(frozen=True)
class Reached:
    """What was measured of a mark, and what the limit of the group would have come to; None where somebody was not here."""

    mark: Mark
    measured: Spread | None
    limit: Spread | None = None

    @property
    def met(self) -> bool | None:
        """The median is not over the mark."""
        return None if self.measured is None else self.measured.median <= self.mark.most

    @property
    def out_of_reach(self) -> bool:
        """The limit itself would miss the mark."""
        return self.limit is not None and self.limit.median > self.mark.most


@dataclass(frozen=True)
class Row:
    """What was measured in a case."""

    case: Case
    timings: dict[str, Timing]
    reached: list[Reached]


def check(case: Case, made: Made) -> None:
    """Every way gives the right answer."""
    for name, way in made.ways.items():
        seen = way.answer()
        if seen != made.expected:
            raise WrongAnswer(f"{case.title}: {name} says {short(seen)}, expected {short(made.expected)}")


def measure(group: Group, case: Case, rounds: int, batch: float, order: random.Random) -> Row:
    """Checks, measures, and lets go. A batch is in nanoseconds; the collector rests meanwhile."""
    made = case.make()
    check(case, made)
    gc.collect()
    gc.disable()
    try:
        planned = {name: plan(way, rounds, batch) for name, way in made.ways.items()}
        runs = {name: partial(run, way, planned[name]) for name, way in made.ways.items()}
        times = interleave({case.title: runs}, {case.title: planned}, rounds, order)[case.title]
    finally:
        gc.enable()
    base = times[group.base] if group.base in times else next(iter(times.values()))
    timings = {name: timing(values, base) for name, values in times.items()}
    marks = [
        Reached(mark, reached(mark.way, mark, case, times), reached(group.limit, mark, case, times))
        for mark in case.marks
    ]
    return Row(case, timings, marks)


def reached(way: str | None, mark: Mark, case: Case, times: dict[str, list[float | None]]) -> Spread | None:
    """What a mark is about, of one way: ratios round by round, or nanoseconds an item."""
    if way not in times or (mark.against is not None and mark.against not in times):
        return None
    if mark.against is not None:
        return Spread.of(ratios(times[way], times[mark.against]))
    return Spread.of([time / case.items for time in times[way] if time is not None])


def plan(way: Way, rounds: int, batch: float) -> Turn:
    """As many iterations as fill a batch, or one; a slow one every second, fourth, … round, but in three at least.

    Powers of two, so that the turns of two slow ways meet.
    """
    iterations = 1
    elapsed = way.time(1, 0)
    while elapsed < batch / 4 and iterations < 1_000_000:
        iterations *= 4
        elapsed = way.time(iterations, 0)
    cost = elapsed / iterations
    every = 1
    while cost > SLOW * batch * every and rounds // (2 * every) >= 3:
        every *= 2
    return Turn(max(1, int(batch / cost)), every)


def run(way: Way, turn: Turn, iterations: int) -> int:
    """One batch, after a tenth of it to warm up; the slow ones are not warmed up."""
    warm_up = 0 if turn.every > 1 else min(100, -(-iterations // 10))
    return way.time(iterations, warm_up)


def short(value: object) -> str:
    """Not more than a line of it."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"

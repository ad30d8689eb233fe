"""Interleaved timing: every exporter gets a short batch in every round, in an order that changes.

What slows the machine down (another process, the clock speed) then hits the floor and the exporters alike, and a
ratio within one round cancels it. A number in a table is the median of those ratios.
"""

from __future__ import annotations

import math
import os
import random
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: One way to spend time: iterations → nanoseconds for all of them.
Batch = Callable[[int], int]


@dataclass(frozen=True)
class Spread:
    """The middle of many rounds, and what the quieter and the noisier ones said."""

    median: float
    p10: float
    p90: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """The median and the tenths."""
        ordered = sorted(values)
        return cls(statistics.median(ordered), quantile(ordered, 0.1), quantile(ordered, 0.9))

    def as_json(self) -> dict[str, float]:
        """Rounded to what can be meant."""
        return {"median": significant(self.median), "p10": significant(self.p10), "p90": significant(self.p90)}


@dataclass(frozen=True)
class Timing:
    """One exporter in one column: nanoseconds for one acquire and release, and the ratio to the floor."""

    ns: Spread
    ratio: Spread


def interleave(
    columns: Mapping[str, Mapping[str, Batch]], floors: Mapping[str, str], rounds: int, batch: int, order: random.Random
) -> dict[str, dict[str, Timing]]:
    """Column → exporter → timing, with `floors[column]` as the floor of that column.

    A slow exporter gets fewer iterations, so that no batch takes much longer than six of the quickest floor's: a long
    batch is likelier to be interrupted than a short one, which would flatter the fast ones.
    """
    cost = {column: {name: trial(run, batch) for name, run in batches.items()} for column, batches in columns.items()}
    budget = 6 * batch * min(cost[column][floor] for column, floor in floors.items())
    sizes = {
        column: {name: max(200, min(batch, int(budget / ns))) for name, ns in rows.items()}
        for column, rows in cost.items()
    }
    times = {column: {name: [] for name in batches} for column, batches in columns.items()}
    for done in range(rounds):
        progress(done, rounds)
        for column in shuffled(columns, order):
            for name in shuffled(columns[column], order):
                size = sizes[column][name]
                times[column][name].append(columns[column][name](size) / size)
    progress(rounds, rounds)
    return {
        column: {name: timing(values, times[column][floors[column]]) for name, values in rows.items()}
        for column, rows in times.items()
    }


def timing(values: list[float], floor: list[float]) -> Timing:
    """The values of each round over the floor's of the same round."""
    return Timing(Spread.of(values), Spread.of([value / least for value, least in zip(values, floor, strict=True)]))


def trial(run: Batch, batch: int) -> float:
    """About what one iteration costs, in nanoseconds."""
    few = max(200, batch // 20)
    return min(run(few) for _ in range(3)) / few


def shuffled(names: Mapping[str, object], order: random.Random) -> list[str]:
    """The names in a new order."""
    mixed = list(names)
    order.shuffle(mixed)
    return mixed


def pin(core: int | None) -> int | None:
    """Keeps this process on one core; None where the system cannot."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    chosen = max(os.sched_getaffinity(0)) if core is None else core
    os.sched_setaffinity(0, {chosen})
    return chosen


def quantile(ordered: list[float], share: float) -> float:
    """Between the two nearest values."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def significant(value: float) -> float:
    """Four digits."""
    return float(f"{value:.4g}")


def progress(done: int, rounds: int) -> None:
    """A line that counts, where somebody looks."""
    if sys.stderr.isatty():
        print(f"\rround {done} of {rounds}", end="\n" if done == rounds else "", file=sys.stderr, flush=True)

"""Interleaved timing: everybody gets a short batch in every round, in an order that changes.

What slows the machine down (another process, the clock speed) then hits everybody alike, and a ratio within one round
cancels it. A number in a table is the median of those ratios.
"""

from __future__ import annotations

import math
import os
import random
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

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
    """Nanoseconds for one iteration, and the ratio to the floor of the same round."""

    ns: Spread
    ratio: Spread


@dataclass(frozen=True)
class Turn:
    """How one way to spend time takes part: with so many iterations, in every `every`th round."""

    iterations: int
    every: int = 1


def interleave(
    columns: Mapping[str, Mapping[str, Batch]],
    turns: Mapping[str, Mapping[str, Turn]],
    rounds: int,
    order: random.Random,
) -> dict[str, dict[str, list[float | None]]]:
    """Column → name → nanoseconds for one iteration, round by round; None where it was not its turn."""
    times: dict[str, dict[str, list[float | None]]] = {
        column: {name: [] for name in batches} for column, batches in columns.items()
    }
    for done in range(rounds):
        progress(done, rounds)
        for column in shuffled(columns, order):
            for name in shuffled(columns[column], order):
                turn = turns[column][name]
                measured = None if done % turn.every else columns[column][name](turn.iterations) / turn.iterations
                times[column][name].append(measured)
    progress(rounds, rounds)
    return times


def timing(values: list[float | None], floor: list[float | None]) -> Timing:
    """Of all values, and over the floor's of the same rounds."""
    return Timing(Spread.of([value for value in values if value is not None]), Spread.of(ratios(values, floor)))


def ratios(values: list[float | None], floor: list[float | None]) -> list[float]:
    """Round by round, where it was the turn of both."""
    pairs = zip(values, floor, strict=True)
    return [value / least for value, least in pairs if value is not None and least is not None]


def shuffled(names: Mapping[str, object], order: random.Random) -> list[str]:
    """The names in a new order."""
    mixed = list(names)
    order.shuffle(mixed)
    return mixed


def cores() -> set[int]:
    """The cores that this process may use; none where the system does not tell."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def pin(core: int | None) -> int | None:
    """Keeps this process on one core; None where the system cannot."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    chosen = max(cores()) if core is None else core
    os.sched_setaffinity(0, {chosen})
    return chosen


def resident_bytes() -> int | None:
    """What the process holds in memory, where the system says it."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return None
    import resource

    return int(statm.read_text().split()[1]) * resource.getpagesize()


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

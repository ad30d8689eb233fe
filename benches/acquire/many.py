"""One exporter, a million exports out at once: what the millionth costs, and what it leaves in memory.

The Py_buffers are the consumer's and were allocated and touched beforehand, so whatever the heap grows by is the
exporter's. Acquiring into them walks through 80 bytes of fresh memory each, which the floor pays as well; the pair
(acquire and release into one Py_buffer while the others stay out) has no such cost, and it must be flat.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field
from typing import Any

from answers import WrongAnswer
from common import pybuf
from common.measure import Spread, resident_bytes, shuffled
from peers import FLOOR, Exporter, ours

LEVELS = (1_000, 10_000, 100_000, 1_000_000)

#: Beside our own rows, whose cost is to be held against.
PEERS = (FLOOR, "C floor, read-only", "C, fields in the object, atomic count", "bytes", "bytearray")

#: A pair with a million out may cost this much of a pair with none out, and is still called flat (noise).
FLAT = 1.5


@dataclass
class Many:
    """What the rounds said of one exporter. Times are ns for one export; levels are exports that are out."""

    pair: dict[int, list[float]] = field(default_factory=lambda: {level: [] for level in (0, *LEVELS)})
    acquire: dict[int, list[float]] = field(default_factory=lambda: {level: [] for level in LEVELS})
    release: list[float] = field(default_factory=list)
    heap: int | None = 0
    blocks: int = 0
    resident: int | None = 0

    def flatness(self) -> Spread:
        """A pair with a million out over a pair with none out, in the same round."""
        return Spread.of([full / empty for full, empty in zip(self.pair[LEVELS[-1]], self.pair[0], strict=True)])

    def grows(self) -> bool:
        """Whether an export leaves anything in memory: one byte or one block in a thousand exports is too much."""
        few = LEVELS[-1] // 1000
        return (self.heap or 0) > few or self.blocks > few


def chosen(subjects: list[tuple[Exporter, object]]) -> dict[str, tuple[Exporter, object]]:
    """Our own exporters and those that they are held against."""
    return {
        exporter.name: (exporter, subject) for exporter, subject in subjects if ours(exporter) or exporter.name in PEERS
    }


def measure(
    subjects: dict[str, tuple[Exporter, object]], rounds: int, batch: int, order: random.Random
) -> dict[str, Many]:
    """Fills and empties the hoard with each exporter in turn, `rounds` times over."""
    import acquire_hoard

    hoard = acquire_hoard.Hoard(LEVELS[-1])
    results = {name: Many() for name in subjects}
    for done in range(rounds + 1):
        for name in shuffled(subjects, order):
            exporter, subject = subjects[name]
            warm_up = done == 0
            one_round(hoard, exporter, subject, Many() if warm_up else results[name], batch)
    return results


def one_round(hoard: Any, exporter: Exporter, subject: object, result: Many, batch: int) -> None:
    """From none to a million and back."""
    import acquire_driver

    def pair() -> float:
        return acquire_driver.time_pair(subject, pybuf.FULL_RO, batch, batch // 10) / batch

    result.pair[0].append(pair())
    blocks, resident = sys.getallocatedblocks(), resident_bytes()
    for level in LEVELS:
        more = level - len(hoard)
        elapsed, growth = hoard.acquire(subject, pybuf.FULL_RO, more)
        result.acquire[level].append(elapsed / more)
        result.heap = None if growth is None else max(result.heap, growth)
        result.pair[level].append(pair())
    result.blocks = max(result.blocks, sys.getallocatedblocks() - blocks)
    result.resident = None if resident is None else max(result.resident, resident_bytes() - resident)
    if exporter.counts and subject.exports != LEVELS[-1]:
        raise WrongAnswer(f"{exporter.name}: counts {subject.exports} exports, {LEVELS[-1]} are out")
    result.release.append(hoard.release() / LEVELS[-1])

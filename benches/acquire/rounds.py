"""How many iterations each exporter gets in a round, and the rounds."""

from __future__ import annotations

import random
from collections.abc import Mapping

from common.measure import Batch, Timing, Turn, interleave, timing


def measure(
    columns: Mapping[str, Mapping[str, Batch]], floors: Mapping[str, str], rounds: int, batch: int, order: random.Random
) -> dict[str, dict[str, Timing]]:
    """Column → exporter → timing, with `floors[column]` as the floor of that column.

    A slow exporter gets fewer iterations, so that no batch takes much longer than six of the quickest floor's: a long
    batch is likelier to be interrupted than a short one, which would flatter the fast ones.
    """
    cost = {column: {name: trial(run, batch) for name, run in batches.items()} for column, batches in columns.items()}
    budget = 6 * batch * min(cost[column][floor] for column, floor in floors.items())
    turns = {
        column: {name: Turn(max(200, min(batch, int(budget / ns)))) for name, ns in rows.items()}
        for column, rows in cost.items()
    }
    times = interleave(columns, turns, rounds, order)
    return {
        column: {name: timing(values, rows[floors[column]]) for name, values in rows.items()}
        for column, rows in times.items()
    }


def trial(run: Batch, batch: int) -> float:
    """About what one iteration costs, in nanoseconds."""
    few = max(200, batch // 20)
    return min(run(few) for _ in range(3)) / few

"""Acquire and release, and `memoryview(x).release()`: all ways in turns, a short batch each."""

from __future__ import annotations

import random
from functools import partial

import ways
from case import Mark, Reached, Timed, Times, added, ratio, share
from workers import Crew, Worker

from common.measure import Turn, interleave
from common.workshop import say

OPERATIONS = {"pair": "acquire + release", "open": "memoryview(x).release()"}

#: After so many rounds all workers are made anew: where a process has its memory costs or saves a little, for as long as it lives.
GENERATION = 5


def title(operation: str, exporter: str) -> str:
    """What `--only` looks at."""
    return f"{OPERATIONS[operation]}: {exporter}"


def measure(
    crew: Crew, here: list[ways.Way], wanted: list[tuple[str, str]], rounds: int, batch: float, order: random.Random
) -> list[Timed]:
    """All cases in turn, in each generation of workers. A batch is in nanoseconds."""
    generations = -(-rounds // GENERATION)
    times: dict[tuple[str, str], dict[str, Times]] = {case: {way.name: [] for way in here} for case in wanted}
    for generation in range(generations):
        say(f"workers, generation {generation + 1} of {generations}")
        with crew.of(*here) as workers:
            for operation, exporter in wanted:
                say(title(operation, exporter))
                runs = {name: partial(run, worker, operation, exporter) for name, worker in workers.items()}
                turns = {name: Turn(plan(one, batch)) for name, one in runs.items()}
                share_of_rounds = rounds * (generation + 1) // generations - rounds * generation // generations
                found = interleave({exporter: runs}, {exporter: turns}, share_of_rounds, order)[exporter]
                for name, values in found.items():
                    times[operation, exporter][name] += values
    return [
        Timed(OPERATIONS[operation], exporter, found, marks(operation, exporter, found))
        for (operation, exporter), found in times.items()
    ]


def run(worker: Worker, operation: str, exporter: str, iterations: int) -> int:
    """One batch, after a tenth of it to warm up."""
    warm_up = -(-iterations // 10)
    told = {"operation": operation, "exporter": exporter, "iterations": iterations, "warm_up": warm_up}
    return worker.tell("time", **told)


def plan(one: partial[int], batch: float) -> int:
    """As many iterations as fill a batch."""
    iterations = 100
    elapsed = one(iterations)
    while elapsed < batch / 4 and iterations < 1_000_000:
        iterations *= 4
        elapsed = one(iterations)
    return max(100, int(batch * iterations / elapsed))


def marks(operation: str, exporter: str, times: dict[str, Times]) -> list[Reached]:
    """What is to be reached of an operation."""
    never, traced, stopped, other = (way.name for way in (ways.NEVER, ways.ONLOAN, ways.STOPPED, ways.TRACEMALLOC))
    reached = [Reached(Mark(f"{stopped} ≤ 1.05 × {never}", 1.05), ratio(times, stopped, never))]
    if operation == "pair":
        each = 100 * ways.acquisitions(exporter)
        return [Reached(Mark(f"{traced} adds ≤ {each} ns", each), added(times, traced, never)), *reached]
    return [
        Reached(Mark(f"{traced} ≤ 1.8 × {never}", 1.8), ratio(times, traced, never)),
        Reached(Mark(f"{traced} adds ≤ 1/4 of {other}", 0.25), share(times, traced, other, never)),
        *reached,
    ]

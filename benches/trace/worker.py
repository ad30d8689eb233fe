"""A worker: a process that traces in one way, and does what it is told, one thing after the other.

    python worker.py WAY CORE LIBRARY

reads documents `{"do": name, …}` from its standard input, a line each, and answers with a line `{"is": …}`, or `{"wrong": text}`.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written beside the sources
sys.path.append(str(Path(__file__).resolve().parents[1]))  # what all benchmarks share

import tasks
from tracers import TRACERS, WrongAnswer, at_depth, demand
from ways import EXPORTERS, WAYS, acquisitions

from common import pybuf


class Worker:
    """What the worker can be told."""

    def __init__(self, name: str) -> None:
        self.way = next(way for way in WAYS if way.name == name)
        self.tracer = TRACERS[self.way.tracer](self.way)
        self.objects: dict[str, object] = {}
        self.opened = 0

    def begin(self) -> bool:
        """Lends something of each kind, and starts to trace."""
        import onloan  # noqa: F401  in all of them, so that they differ in what they trace only

        self.objects = {name: make() for name, make in EXPORTERS.items()}
        gc.collect()
        gc.disable()
        self.tracer.begin()
        return True

    def time(self, operation: str, exporter: str, iterations: int, warm_up: int) -> int:
        """Nanoseconds of this thread; what was recorded meanwhile must be what happened."""
        import trace_driver

        lent = self.objects[exporter]
        before = self.tracer.acquired()
        if operation == "pair":
            run = functools.partial(trace_driver.time_pair, lent, pybuf.FULL_RO, iterations, warm_up)
        else:
            run = functools.partial(trace_driver.time_open, memoryview, lent, iterations, warm_up)
            self.opened += iterations + warm_up
        elapsed = at_depth(self.way.deep, run)
        after = self.tracer.acquired()
        if before is not None and after is not None:
            each = acquisitions(exporter) if self.way.tracer == "onloan" else 0
            expected = each * (iterations + warm_up)
            demand(after - before == expected, f"{after - before} acquisitions recorded of {exporter}, not {expected}")
        return elapsed

    def task(self, name: str, **arguments: object) -> object:
        """One of those in `tasks`."""
        return getattr(tasks, name)(**arguments)

    def end(self) -> bool:
        """Stops; the last thing."""
        self.objects.clear()
        self.tracer.end(self.opened)
        return True


def serve(worker: Worker, answers: int) -> None:
    """Until there is nothing more to do."""
    for line in sys.stdin:
        told = json.loads(line)
        try:
            answer = {"is": getattr(worker, told.pop("do"))(**told)}
        except WrongAnswer as wrong:
            answer = {"wrong": str(wrong)}
        os.write(answers, json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    if sys.argv[2] != "-":
        os.sched_setaffinity(0, {int(sys.argv[2])})
    sys.path.insert(0, sys.argv[3])
    # What anybody prints is talk.
    answers = os.dup(1)
    os.dup2(2, 1)
    serve(Worker(sys.argv[1]), answers)

"""Workers as the command sees them: processes that are told what to do, one at a time."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracers import WrongAnswer
from ways import Way

HERE = Path(__file__).resolve().parent


class Ended(Exception):
    """A worker has ended that was not told to."""


class Worker:
    """One process, on the core of all the others: they take turns."""

    def __init__(self, way: Way, core: int | None, library: Path) -> None:
        self.way = way
        words = [way.name, "-" if core is None else str(core), str(library)]
        command = [sys.executable, str(HERE / "worker.py"), *words]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tell("begin")

    def tell(self, do: str, **arguments: object) -> Any:
        """What the worker answers when it is told to do something."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Ended(f"the worker of {self.way.name} has ended before '{do}'") from None
        line = self.process.stdout.readline()
        if not line:
            raise Ended(f"the worker of {self.way.name} has ended in '{do}', with code {self.process.wait()}")
        answer = json.loads(line)
        if "wrong" in answer:
            raise WrongAnswer(f"{self.way.name}: {answer['wrong']}")
        return answer["is"]

    def task(self, name: str, **arguments: object) -> Any:
        """One of `tasks`."""
        return self.tell("task", name=name, **arguments)

    def close(self) -> None:
        """Ends the process, whatever it does."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Crew:
    """Workers of the same benchmark, made when they are needed."""

    def __init__(self, core: int | None, library: Path) -> None:
        self.core = core
        self.library = library

    @contextlib.contextmanager
    def of(self, *ways: Way) -> Iterator[dict[str, Worker]]:
        """A worker for each way, ended afterwards; those who have something to say in the end say it."""
        workers: dict[str, Worker] = {}
        try:
            for way in ways:
                workers[way.name] = Worker(way, self.core, self.library)
            yield workers
            for worker in workers.values():
                worker.tell("end")
        finally:
            for worker in workers.values():
                worker.close()

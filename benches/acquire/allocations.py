"""How often one acquire + release asks the allocator for memory, counted in a child process.

The child runs this file with a counting `malloc` preloaded and with Python's own allocator sent to it, so it sees C,
C++, Rust and Python alike. Counting is exact: it does not depend on how busy the machine is.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # what all benchmarks share

from common import pybuf

PAIRS = 10_000


def count(library: Path, only: list[str]) -> dict[str, dict[str, float]]:
    """Exporter → request → allocations for one pair, for the named exporters."""
    environment = dict(os.environ, LD_PRELOAD=str(library), PYTHONMALLOC="malloc", PYTHONDONTWRITEBYTECODE="1")
    command = [sys.executable, str(Path(__file__).resolve())]
    done = subprocess.run(command, env=environment, input=json.dumps(only), capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"counting allocations failed: {done.stderr}")
    return json.loads(done.stdout)


def main() -> None:
    """The child."""
    import answers
    import peers
    from build import Workshop

    only = set(json.load(sys.stdin))
    Workshop()  # puts what was built on the path
    counter = ctypes.CDLL(None).onloan_bench_allocations
    counter.restype = ctypes.c_ulonglong
    found: dict[str, dict[str, float]] = {}
    for exporter in (exporter for group in peers.GROUPS for exporter in group.exporters if exporter.name in only):
        found[exporter.name] = {
            request: one(exporter.make(), value, counter)
            for request, value in pybuf.TIMED.items()
            if answers.granted(exporter, value)
        }
    json.dump(found, sys.stdout)


def one(subject: object, request: int, counter: Callable[[], int]) -> float:
    """Over many pairs, after a first one that may set something up."""
    import acquire_driver

    acquire_driver.time_pair(subject, request, 10, 0)
    before = counter()
    acquire_driver.time_pair(subject, request, PAIRS, 0)
    return round((counter() - before) / PAIRS, 2)


if __name__ == "__main__":
    main()

"""F: many thousand rounds, with an eye on the memory; without the global lock, from several threads at once."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ..._onloan import _check_count, _check_rounds
from ..context import REQUESTS, Context
from .interleaving import interleaved
from .mutators import candidates

_ROUNDS = 10_000
_PARTS = 4
#: A part is no longer than this, whatever an exporter takes.
_SECONDS = 0.12


def run(context: Context) -> None:
    exporter = context.make()
    granted = [name for name in ("FULL_RO", "SIMPLE", "STRIDES", "ND|FORMAT") if _check_rounds(exporter, REQUESTS[name], 1)][:2]
    refused = next((name for name, flags in REQUESTS.items() if not _check_rounds(exporter, flags, 1)), None)
    for name in granted:
        context.step("E-03", name)
        grows(context, exporter, name, "E-03")
    if refused is not None:
        context.step("E-12", refused)
        grows(context, exporter, refused, "E-12")
    is_gil_enabled = getattr(sys, "_is_gil_enabled", None)
    context.step("R-01")
    if is_gil_enabled is not None and not is_gil_enabled():
        threads(context, exporter)
    else:
        interleaved(context)


def grows(context: Context, exporter: Any, request: str, rule: str) -> None:
    """Memory that grows by as much in each part of the rounds."""
    flags = REQUESTS[request]
    start = time.perf_counter()
    _check_rounds(exporter, flags, 50)
    each = (time.perf_counter() - start) / 50
    rounds = max(20, min(_ROUNDS // _PARTS, int(_SECONDS / max(each, 1e-9))))
    for name, unit, measure, least in meters():
        _check_rounds(exporter, flags, rounds)
        seen = [measure()]
        for _ in range(_PARTS):
            _check_rounds(exporter, flags, rounds)
            seen.append(measure())
        growth = [(after - before) / rounds for before, after in zip(seen, seen[1:], strict=False)]
        # What is leaked each time grows alike in each part; caches and other threads do not.
        if min(growth) >= least and max(growth) <= 2 * min(growth):
            context.found(
                rule,
                request,
                expected=f"the same memory after {rounds * _PARTS} rounds"
                + (" of acquire and release" if rule == "E-03" else " of refusals"),
                seen=f"{round(sum(growth) / _PARTS, 1):g} {unit} more each round, by {name}",
                explain="bf_getbuffer allocates what nobody frees"
                if rule == "E-03"
                else "what is allocated before the request is refused is not freed",
            )
            return


class _Mallinfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


def meters() -> list[tuple[str, str, Callable[[], int], float]]:
    """What can be measured: name, unit, how, and from how much a round on it is a leak."""
    found: list[tuple[str, str, Callable[[], int], float]] = []
    if hasattr(sys, "getallocatedblocks"):
        found.append(("sys.getallocatedblocks", "blocks", sys.getallocatedblocks, 0.5))
    try:
        mallinfo2: Any = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        found.append(("the resident set", "bytes", _resident, 8.0))
    else:
        mallinfo2.restype = _Mallinfo

        def allocated() -> int:
            info = mallinfo2()
            return int(info.uordblks + info.hblkhd)

        found.append(("mallinfo2", "bytes", allocated, 8.0))
    return found


def _resident() -> int:
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def threads(context: Context, exporter: Any) -> None:
    """R-01: readers and a mutator at once; afterwards the counts are as before."""
    flags = REQUESTS["SIMPLE"] if _check_rounds(exporter, REQUESTS["SIMPLE"], 1) else REQUESTS["FULL_RO"]
    before = _check_count(exporter)
    mutate = [change for _, change in candidates(exporter)] + list(context.mutators.values())
    end = time.monotonic() + 0.5

    def read() -> None:
        while time.monotonic() < end:
            _check_rounds(exporter, flags, 200)

    def change() -> None:
        while time.monotonic() < end:
            for one in mutate:
                try:
                    one(exporter)
                except Exception:
                    continue

    running = [threading.Thread(target=work) for work in (read, read, read, change)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    lost = _check_count(exporter) - before
    if lost and context.counted(exporter) is not None:
        context.found(
            "R-01",
            expected="the same reference count after threads acquired and released side by side",
            seen=f"{abs(lost)} {'more' if lost > 0 else 'fewer'}",
            explain="counts are not changed atomically",
        )

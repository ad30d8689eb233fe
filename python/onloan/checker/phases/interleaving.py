"""R-01 with the global lock: an exporter that lets go of it in the middle of counting loses counts."""

from __future__ import annotations

import sys
import threading
import time

from ..._onloan import _check_rounds
from ..context import REQUESTS, Context
from .mutators import Mutator, candidates
from .mutators import _blocked as blocked

#: Buffers that are given back by another thread, one by one, and for how long it is waited for that at most.
_BUFFERS, _SECONDS = 64, 1.0
#: Whoever waits for the lock asks for it so soon that a gap of nanoseconds is met all the same.
_INTERVAL = 1e-6


def interleaved(context: Context) -> None:
    """One thread gives buffers back while another acquires; afterwards what is refused while a buffer is out works again."""
    lock = locking(context)
    if lock is None:
        return
    name, mutator = lock
    exporter = context.make()
    got = [context.hold(exporter, "SIMPLE", "FULL_RO") for _ in range(_BUFFERS)]
    held = [one for one in got if one is not None]
    flags = REQUESTS[held[0][1]]

    def give_back() -> None:
        for one, _ in held:
            one.release("plain")
            time.sleep(0)

    before = sys.getswitchinterval()
    sys.setswitchinterval(_INTERVAL)
    other = threading.Thread(target=give_back)
    other.start()
    end = time.monotonic() + _SECONDS
    # In here nobody else runs, unless the exporter lets them.
    while other.is_alive() and time.monotonic() < end:
        _check_rounds(exporter, flags, 50)
    other.join()
    sys.setswitchinterval(before)
    if blocked(exporter, mutator):
        context.found(
            "R-01",
            expected=f"{name} works after threads acquired and released side by side",
            seen="BufferError, as if a buffer were out",
            explain="the lock is let go between the look at the count and the new count",
        )


def locking(context: Context) -> tuple[str, Mutator] | None:
    """A mutator that is refused while a buffer is out, and works before and after that, on whichever thread it is given back."""
    for name, mutator in candidates(context.make()):
        if name in context.skip or blocked(context.make(), mutator):
            continue
        exporter = context.make()
        got = context.hold(exporter)
        if got is None:
            return None
        refused = blocked(exporter, mutator)
        got[0].release("thread")
        if refused and not blocked(exporter, mutator):
            return name, mutator
    return None

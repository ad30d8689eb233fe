"""Starting, stopping, and what was recorded meanwhile."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .. import _onloan
from . import raw
from .errors import LeakError, TracingError
from .facts import Snapshot

#: How many of `tracing()` and `none_left()` are at work, and whether it was them who started.
_lock = threading.Lock()
_nested = 0
_started_here = False
#: Called when somebody stops tracing who has not begun it here: `onloan run` keeps what was known.
before_stop: Callable[[], object] | None = None


def start(frames: int = 10) -> None:
    """Records every acquisition and release from now on, with so many frames each (0 to 64).

    If tracing is on already nothing changes. Errors: `TracingError` where the interpreter's layout cannot be verified, and on free-threaded builds;
    `ValueError` for another number of frames.
    """
    if not 0 <= frames <= 64:
        raise ValueError(f"frames is {frames}, not 0 to 64")
    reason = _onloan.trace_start(frames)
    if reason is not None:
        raise TracingError(reason)


def stop() -> None:
    """Puts every slot back. What was recorded is forgotten, but for what registered exporters have out; without a start nothing happens."""
    global _started_here
    if before_stop is not None and is_tracing():
        before_stop()
    with _lock:
        _started_here = False
        _onloan.trace_stop()


def is_tracing() -> bool:
    """Whether acquisitions are being recorded."""
    return _onloan.trace_is_on()


def snapshot(holders: bool = True) -> Snapshot:
    """What is out now, who holds it, what was acquired where, and which BufferErrors that led to.

    Without `holders` nobody is searched for, which is faster. Errors: `TracingError` if tracing is off.
    """
    facts = _onloan.trace_read(holders)
    if facts is None:
        raise TracingError("tracing is off: call onloan.start() first")
    return raw.snapshot(facts)


@contextmanager
def tracing(frames: int = 10) -> Iterator[None]:
    """Traces while the block runs; a BufferError in it gets a note that names what blocked it. May be nested; an outer tracing goes on."""
    _enter(frames)
    try:
        yield
    finally:
        _leave()


@contextmanager
def none_left(frames: int = 10) -> Iterator[None]:
    """Raises `LeakError` if an export that was acquired in the block is still out at its end.

    Exports from before do not count. Only of exporters that are told of releases, and of what memoryviews hold. If the block raises, that error
    is passed on, and what is out gets into a note of it.
    """
    _enter(frames)
    try:
        before = _onloan.trace_mark()
        try:
            yield
        except BaseException as error:
            live = raw.live(_onloan.trace_since(before, False))
            if live:
                error.add_note(f"onloan: at this error {LeakError(live)}")
            raise
        if _onloan.trace_since(before, False):
            # What only garbage holds is not left behind.
            gc.collect()
            live = raw.live(_onloan.trace_since(before, True))
            if live:
                raise LeakError(live)
    finally:
        _leave()


def _enter(frames: int) -> None:
    global _nested, _started_here
    with _lock:
        if not is_tracing():
            start(frames)
            _started_here = True
            _nested = 0
        _nested += 1
        _onloan.trace_notes(True)


def _leave() -> None:
    global _nested, _started_here
    with _lock:
        if _nested == 0:
            return
        _nested -= 1
        if _nested == 0:
            _onloan.trace_notes(False)
            if _started_here:
                _started_here = False
                _onloan.trace_stop()

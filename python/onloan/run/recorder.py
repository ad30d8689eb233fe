"""Writes down what the tracer knows: steps while the program runs, everything at its end.

The functions of the system are those from before the program, which may replace them.
"""

from __future__ import annotations

import os
import sys
import time
from functools import wraps
from os import fstat, getpid, write
from stat import S_ISREG
from time import monotonic
from typing import Any

from .. import __version__, _onloan
from ..recording import Writer
from ..reports import exports as report
from ..reports import exports_html
from ..reports.page import Page
from ..tracing import Snapshot, control, is_tracing, snapshot
from .settings import Settings

#: Seconds between two steps, at least.
_STEP = 0.25
#: A step may take this part of the time between two of them.
_SHARE = 0.02


class Recorder:
    """The recording and the reports of one program, in the process that `onloan run` began; its children's are not written."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process = getpid()
        self._stderr = _opened()
        self._start = monotonic()
        self._writer = None if settings.output is None else Writer(settings.output)
        self._next_step = 0.0
        self._failed = False
        #: What was known when the program stopped tracing itself.
        self._stopped = Snapshot((), ())
        self.header: dict[str, Any] = {
            "onloan": __version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "program": list(settings.program),
            "pid": self._process,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "frames": settings.frames,
        }
        if self._writer is not None:
            self._writer.header(self.header)

    def begin(self) -> None:
        """The tracer has been started."""
        if self._writer is not None:
            _onloan.trace_beat(self._beat, _STEP)
        if self._writes_files():
            sys.addaudithook(self._audit)
        _onloan.trace_deaths(self._die, None if self._settings.output is None else os.fsencode(self._settings.output))
        control.before_stop = self._keep
        self._watch_exit()

    def _keep(self) -> None:
        """The program stops tracing: what is known is forgotten then."""
        if getpid() == self._process:
            self._stopped = snapshot()

    def _watch_exit(self) -> None:
        """`os._exit` runs no exit handlers, and no audit event tells of it: it is replaced."""
        leave = os._exit

        @wraps(leave)
        def _exit(*arguments: Any, **keywords: Any) -> None:
            # What is no call of it raises, and the program goes on.
            if isinstance(keywords.get("status", *arguments[:1] or (None,)), int):
                _onloan.trace_unseen(self.finish, "_exit")
            leave(*arguments, **keywords)

        for module in (os, sys.modules[leave.__module__]):
            setattr(module, "_exit", _exit)

    def finish(self, how: str = "exit") -> None:
        """The program has ended: the report goes to stderr, the rest into the files that were named."""
        if getpid() != self._process:
            return
        try:
            _onloan.trace_beat(None, _STEP)
            self._report(how, "")
        except BaseException as error:  # whatever is wrong here is none of the program's business
            self._say(f"onloan: no report could be made: {type(error).__name__}: {error}\n")

    def _die(self, signal: str) -> None:
        """A signal kills the program, of which this is a copy. What goes wrong is for who made it."""
        self._report(signal, f"killed by {signal}; ")

    def _report(self, how: str, ended: str) -> None:
        if is_tracing():
            found = snapshot()
        else:
            found, ended = self._stopped, f"{ended}until the program stopped tracing: "
        self._write(how, found)
        text = report.as_text(found, Page.of(sys.__stderr__ or sys.stderr))
        self._say(text.replace("onloan: ", f"onloan: {ended}", 1) + "\n")

    def _now(self) -> float:
        return round(monotonic() - self._start, 6)

    def _writes_files(self) -> bool:
        return any((self._settings.output, self._settings.json, self._settings.html))

    def _beat(self) -> None:
        """A buffer was acquired or released, and the last step is some time ago."""
        at = self._now()
        if self._writer is None or self._failed or at < self._next_step or getpid() != self._process:
            return
        try:
            self._writer.step(at, snapshot(holders=False))
        except Exception as error:
            self._failed = True
            self._say(f"onloan: the recording cannot go on: {error}\n")
        took = self._now() - at
        self._next_step = at + max(_STEP, took / _SHARE)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "os.exec" or getpid() != self._process:
            return
        try:
            self._write("exec", snapshot() if is_tracing() else self._stopped)
        except Exception as error:
            self._say(f"onloan: before exec nothing could be written: {error}\n")

    def _write(self, how: str, found: Snapshot) -> None:
        if self._writer is not None:
            self._writer.end(self._now(), how, found)
        if self._settings.json is not None:
            with open(self._settings.json, "w", encoding="ascii") as file:
                file.write(report.as_json(found) + "\n")
        if self._settings.html is not None:
            with open(self._settings.html, "w", encoding="utf-8", errors="replace") as file:
                file.write(exports_html.as_html(found, self.header, []))

    def _say(self, text: str) -> None:
        """Writes to standard error itself: the program may have replaced or closed `sys.stderr`."""
        try:
            sys.stderr.flush()
        except Exception:  # it is the program's, and may be anything
            pass
        if not self._may_say():
            return
        left = text.encode(getattr(sys.__stderr__, "encoding", None) or "utf-8", errors="backslashreplace")
        try:
            while left:
                left = left[write(2, left) :]
        except OSError:
            pass

    def _may_say(self) -> bool:
        """Whether descriptor 2 is standard error: where that is closed, a file of the program's gets the number."""
        now = _opened()
        if self._stderr is None or now is None:
            return False
        return now[1:] == self._stderr[1:] or not S_ISREG(now[0])


def _opened() -> tuple[int, int, int] | None:
    """What descriptor 2 is: mode, device, number of the file."""
    try:
        found = fstat(2)
    except OSError:
        return None
    return found.st_mode, found.st_dev, found.st_ino

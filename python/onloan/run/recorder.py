"""Writes down what the tracer knows: steps while the program runs, everything at its end."""

from __future__ import annotations

import os
import sys
import time
from functools import wraps
from typing import Any

from .. import __version__, _onloan
from ..recording import Writer
from ..reports import exports as report
from ..reports import exports_html
from ..reports.page import Page
from ..tracing import Snapshot, snapshot
from .settings import Settings

#: Seconds between two steps, at least.
_STEP = 0.25
#: A step may take this part of the time between two of them.
_SHARE = 0.02


class Recorder:
    """The recording and the reports of one program, in the process that `onloan run` began; its children's are not written."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process = os.getpid()
        self._start = time.monotonic()
        self._writer = None if settings.output is None else Writer(settings.output)
        self._next_step = 0.0
        self._failed = False
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
        self._watch_exit()

    def _watch_exit(self) -> None:
        """`os._exit` runs no exit handlers, and no audit event tells of it: it is replaced."""
        leave = os._exit

        @wraps(leave)
        def _exit(*arguments: Any, **keywords: Any) -> None:
            # What is no call of it raises, and the program goes on.
            if isinstance(keywords.get("status", *arguments[:1] or (None,)), int):
                self.finish("_exit")
            leave(*arguments, **keywords)

        for module in (os, sys.modules[leave.__module__]):
            setattr(module, "_exit", _exit)

    def finish(self, how: str = "exit") -> None:
        """The program has ended: the report goes to stderr, the rest into the files that were named."""
        if os.getpid() != self._process:
            return
        try:
            _onloan.trace_beat(None, _STEP)
            found = snapshot()
            self._write(how, found)
            _say(report.as_text(found, Page.of(sys.__stderr__ or sys.stderr)) + "\n")
        except BaseException as error:  # whatever is wrong here is none of the program's business
            _say(f"onloan: no report could be made: {type(error).__name__}: {error}\n")

    def _now(self) -> float:
        return round(time.monotonic() - self._start, 6)

    def _writes_files(self) -> bool:
        return any((self._settings.output, self._settings.json, self._settings.html))

    def _beat(self) -> None:
        """A buffer was acquired or released, and the last step is some time ago."""
        at = self._now()
        if self._writer is None or self._failed or at < self._next_step or os.getpid() != self._process:
            return
        try:
            self._writer.step(at, snapshot(holders=False))
        except Exception as error:
            self._failed = True
            _say(f"onloan: the recording cannot go on: {error}\n")
        took = self._now() - at
        self._next_step = at + max(_STEP, took / _SHARE)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "os.exec" or os.getpid() != self._process:
            return
        try:
            self._write("exec", snapshot())
        except Exception as error:
            _say(f"onloan: before exec nothing could be written: {error}\n")

    def _write(self, how: str, found: Snapshot) -> None:
        if self._writer is not None:
            self._writer.end(self._now(), how, found)
        if self._settings.json is not None:
            with open(self._settings.json, "w", encoding="ascii") as file:
                file.write(report.as_json(found) + "\n")
        if self._settings.html is not None:
            with open(self._settings.html, "w", encoding="utf-8", errors="replace") as file:
                file.write(exports_html.as_html(found, self.header, []))


def _say(text: str) -> None:
    """Writes to standard error itself: the program may have replaced or closed `sys.stderr`."""
    try:
        sys.stderr.flush()
    except Exception:  # it is the program's, and may be anything
        pass
    left = text.encode(getattr(sys.__stderr__, "encoding", None) or "utf-8", errors="backslashreplace")
    try:
        while left:
            left = left[os.write(2, left) :]
    except OSError:
        pass

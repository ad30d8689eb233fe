"""How a child process talks: one JSON document a line, through a pipe of its own.

A target may print, replace `sys.stdout` and close the files that it knows of, so neither standard output nor a low file descriptor is used. A
target may fork as well: only the process that was started for it speaks.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

with contextlib.suppress(ImportError):  # there are systems without it, where onloan is imported and nothing judged
    import fcntl

#: File descriptors that programs close in loops are lower.
_HIGH = 700

#: Exit code of a child that can no longer be heard.
UNHEARD = 97


class Channel:
    """The end that the child writes to."""

    def __init__(self, descriptor: int) -> None:
        self._process = os.getpid()
        self._descriptor = descriptor
        try:
            self._descriptor = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)
        except OSError:  # so many are not allowed
            return
        os.close(descriptor)

    def send(self, **message: Any) -> None:
        """Says it at once: the next thing that happens may be the last."""
        if os.getpid() != self._process:
            # The target forked, and its copy came back here.
            os._exit(0)
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            os._exit(UNHEARD)

"""The parent's side of one child process: what was heard from it, and how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .channel import UNHEARD
from .freed import ENVIRONMENT, GLIBC_TUNABLES
from .worker import BOOT, fork

#: How much of what a child says on standard error is kept.
_TALK = 16_384


@dataclass
class Heard:
    """Everything that a child said, and how it ended if not by itself."""

    breaches: list[tuple[str, list[Any]]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    #: What phases to come need not suffer from again.
    known: dict[str, bool] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    #: Why the target cannot be judged.
    unjudged: str | None = None
    #: It went through all that it was to do, or stopped because a reference was lost.
    ended: bool = False
    unsafe: bool = False
    #: Phase, rule, request and subject of what it was doing last.
    step: tuple[str, str, str | None, str | None] | None = None
    crash: str | None = None
    talk: str = ""
    #: Seconds that it had for what it was doing.
    limit: float = 0.0

    def message(self, message: dict[str, Any], timeout: float) -> None:
        """Takes one message in. What begins with it has its own time."""
        match message:
            case {"step": [phase, rule, request, subject]}:
                self.step = (phase, rule, request, subject)
            case {"breach": breach}:
                self.breaches.append((self.step[0] if self.step else "baseline", breach))
            case {"phase": phase, "rule": rule}:
                self.step = (phase, rule, None, None)
                self.limit = timeout
            case {"limit": seconds}:
                self.limit = min(timeout, float(seconds))
            case {"done": phase}:
                self.done.append(phase)
            case {"facts": facts}:
                self.facts.update(facts)
            case {"known": known}:
                self.known.update(known)
            case {"failed": [phase, why]}:
                self.failed.append((phase, why))
            case {"unjudged": why}:
                self.unjudged = why
            case {"unsafe": True}:
                self.unsafe = True
            case {"end": True}:
                self.ended = True

    @property
    def over(self) -> bool:
        """Whether there is nothing more to be heard."""
        return self.ended or self.unsafe or self.unjudged is not None


class Process(Protocol):
    """A running child."""

    def poll(self) -> int | None:
        """How it ended, negative for a signal; `None` while it runs."""

    def kill(self) -> None:
        """Ends it and its own children."""


class _Spawned:
    """A fresh interpreter."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def poll(self) -> int | None:
        return self._process.poll()

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class _Forked:
    """A copy of this process."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            ended, status = os.waitpid(self._process, os.WNOHANG)
            if ended:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process, signal.SIGKILL)
        if self._code is None:
            with contextlib.suppress(OSError):
                os.kill(self._process, signal.SIGKILL)
            self._code = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])


def spawn(job: dict[str, Any], timeout: float, stop: threading.Event, *, plain: bool = False) -> Heard:
    """Runs a job in a fresh interpreter; a plain one has no allocators that overwrite what is freed."""
    reader, writer = os.pipe()
    environment = dict(os.environ)
    if not plain:
        environment.update(ENVIRONMENT)
        given = environment.get("GLIBC_TUNABLES")
        environment["GLIBC_TUNABLES"] = f"{given}:{GLIBC_TUNABLES}" if given else GLIBC_TUNABLES
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", BOOT, str(writer), json.dumps({**job, "path": sys.path})],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[writer],
            start_new_session=True,
            env=environment,
        )
    finally:
        os.close(writer)
    assert process.stderr is not None
    with process.stderr:
        return _listen(_Spawned(process), reader, process.stderr.fileno(), timeout, stop)


def copy(phases: Sequence[str], make: Callable[[], Any], timeout: float, stop: threading.Event, **options: Any) -> Heard:
    """Runs phases in a copy of this process, on objects that are here."""
    reader, writer = os.pipe()
    try:
        child = fork(phases, make, writer, **options)
    finally:
        os.close(writer)
    return _listen(_Forked(child), reader, None, timeout, stop)


def _listen(process: Process, reader: int, talk: int | None, timeout: float, stop: threading.Event) -> Heard:
    heard = Heard(limit=timeout)
    lines = b""
    said = b""
    until = time.monotonic() + timeout
    hung = False
    try:
        with selectors.DefaultSelector() as selector:
            for descriptor in (reader, talk):
                if descriptor is not None:
                    os.set_blocking(descriptor, False)
                    selector.register(descriptor, selectors.EVENT_READ)
            while selector.get_map() and not heard.over:
                # Who ends may leave copies of itself behind that keep the pipe open.
                ended = process.poll() is not None
                ready = selector.select(0 if ended else 0.05)
                for key, _ in ready:
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        selector.unregister(key.fd)
                    elif key.fd == talk:
                        said = (said + data)[-_TALK:]
                    else:
                        *whole, lines = (lines + data).split(b"\n")
                        for line in whole:
                            heard.message(json.loads(line), timeout)
                            until = time.monotonic() + heard.limit
                if ended and not ready:
                    break
                if stop.is_set() or time.monotonic() > until:
                    hung = True
                    break
        if not heard.over and not hung:
            hung = _ends(process, until)
    finally:
        os.close(reader)
        code = process.poll()
        process.kill()
    heard.talk = said.decode(errors="replace")
    if not heard.over:
        heard.crash = "hang" if hung or code is None else _ending(code)
    return heard


def _ends(process: Process, until: float) -> bool:
    """Waits for a process that has nothing more to say; whether it does not end."""
    while process.poll() is None:
        if time.monotonic() > until:
            return True
        time.sleep(0.01)
    return False


def _ending(code: int) -> str:
    if code == UNHEARD:
        return "closed all files"
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"

"""Looks through packages, each in a child process of its own, and survives what they do.

    order  →  child (`child.py`)  →  events, one a line  →  `Discovery`

A child that dies, or from which nothing is heard for a while, is started anew without the step that it was in; the step is a problem of the
package, not of the survey.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .packages import Package, tops_of_others
from .recipes import recipes

#: How long one step (one import, one instance) may take, and how often a package is started anew.
SECONDS = 60.0
_ATTEMPTS = 12
_PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); from onloan.survey.child import main; main()"


@dataclass(frozen=True)
class Exporter:
    """An exporter type of a package.

    `type` is what it calls itself, `shown` where it is found, `made_by` the module that made it (None if it appeared on first use),
    `targets` make instances, `base` is the exporter elsewhere from which it inherits, `why` says why there are
    none, `guessed` that the type was just called with something simple. `inherited` are types with the same slots, `also` modules with a type of the
    same kind.
    """

    type: str
    shown: str
    base: str | None
    cython: str | None
    made_by: str | None
    release_slot: bool
    inherited: tuple[str, ...]
    targets: tuple[str, ...]
    also: tuple[str, ...]
    guessed: bool = False
    why: str | None = None


@dataclass
class Discovery:
    """What was found in a package. `problems` are steps that failed, with why; `seconds` is how long the look took."""

    package: Package
    exporters: list[Exporter] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    imported: int = 0
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether nothing of the package could be imported."""
        return not self.imported and bool(self.problems)


def discover(package: Package, *, seconds: float = SECONDS, stop: threading.Event | None = None) -> Discovery:
    """Looks through one package; ends early, with what there is, when `stop` is set."""
    stop = stop or threading.Event()
    modules = package.modules()
    others = sorted(tops_of_others(package))
    lost: list[tuple[str, str]] = []
    start = time.monotonic()
    found = Discovery(package)
    for _ in range(_ATTEMPTS):
        order = {
            "top": list(package.top),
            "modules": modules,
            "others": others,
            "recipes": list(recipes(package.name)),
            "skip": [step for step, _ in lost],
        }
        events, end = _run(order, seconds, stop)
        found = _read(package, events)
        steps = [event["step"] for event in events if "step" in event]
        if stop.is_set() or any("end" in event or "broken" in event for event in events):
            break
        # Died before the first step, or after the last: then it is the whole of the package that does not work.
        lost.append((steps[-1] if steps and steps[-1] not in dict(lost) else package.name, end))
        if not steps:
            break
    found.problems = [*lost, *found.problems]
    found.seconds = time.monotonic() - start
    return found


def _read(package: Package, events: list[dict[str, Any]]) -> Discovery:
    found = Discovery(package)
    asked = set(package.modules())
    found.problems = [(event["problem"], event["why"]) for event in events if "problem" in event]
    found.problems += [("the survey itself", event["broken"]) for event in events if "broken" in event]
    failed = dict(found.problems)
    found.imported = sum(event.get("step") in asked and event["step"] not in failed for event in events)
    for event in events:
        if "targets" in event:
            fields: Any = {key: tuple(value) if isinstance(value, list) else value for key, value in event.items()}
            found.exporters.append(Exporter(**fields))
    used = {event["kind"]: event["used"] for event in events if "used" in event}
    found.exporters = [_with_use(exporter, used.get(exporter.type)) for exporter in found.exporters]
    found.exporters.sort(key=lambda exporter: (exporter.cython is not None, exporter.shown.lower()))
    return found


def _with_use(exporter: Exporter, target: str | None) -> Exporter:
    """The exporter with the use that made its type appear as its target, if nothing else makes one."""
    if target is None or exporter.targets:
        return exporter
    return replace(exporter, targets=(target,), why=None)


def _run(order: dict[str, Any], seconds: float, stop: threading.Event) -> tuple[list[dict[str, Any]], str]:
    """What a child tells, and how it ended."""
    with tempfile.TemporaryDirectory(prefix="onloan-survey-", ignore_cleanup_errors=True) as place:
        directory = Path(place)
        (directory / "order").write_text(json.dumps(order), encoding="utf-8")
        events = directory / "events"
        events.touch()
        # The child works in an empty directory: what is imported may write, or take its configuration from where it stands.
        (directory / "here").mkdir()
        with open(directory / "said", "wb") as said:
            child = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, json.dumps(_path()), str(directory / "order"), str(events)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=directory / "here",
                env={**os.environ, **_QUIET},
                start_new_session=True,
            )
            end = _wait(child, events, seconds, stop)
        lines = events.read_text(encoding="utf-8", errors="replace").splitlines()
        if end == "exit code 1":
            # The last line of a traceback is its message.
            said_last = (directory / "said").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            end = f"{end}: {said_last[-1]}" if said_last else end
    return [event for line in lines if (event := _parsed(line)) is not None], end


_QUIET = {"PYTHONFAULTHANDLER": "", "MPLBACKEND": "agg", "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}


def _parsed(line: str) -> dict[str, Any] | None:
    # The last line may have been cut by the child's death.
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _path() -> list[str]:
    """This process's path, with the current directory by its name: the child works elsewhere."""
    here = os.getcwd()
    path = [entry or here for entry in sys.path]
    return path if here in path else [here, *path]


def _wait(child: subprocess.Popen[bytes], events: Path, seconds: float, stop: threading.Event) -> str:
    """Waits for the child as long as something is heard from it; how it ended."""
    size, heard = -1, time.monotonic()
    try:
        while True:
            try:
                return _spoken(child.wait(timeout=0.05))
            except subprocess.TimeoutExpired:
                pass
            if stop.is_set():
                return "stopped"
            now = events.stat().st_size
            if now != size:
                size, heard = now, time.monotonic()
            elif time.monotonic() - heard > seconds:
                return f"nothing was heard for {seconds:g} s"
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the child with all that it started."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    else:
        child.kill()
    child.wait()


def _spoken(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"

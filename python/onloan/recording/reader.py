"""Reads a recording, as far as it goes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from ..tracing.facts import Error, Export, Exporter, Lent, Lost, Site, Snapshot
from .writer import VERSION


#: Why a step has no holders.
WHY_NO_HOLDER = "the program did not come to its end, where holders are looked for"


class NoRecordingError(Exception):
    """The file is no recording that can be read; the message says why, `hint` what would help."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass
class Recording:
    """What a recording says at its end."""

    #: The first line: versions, the program, its process, when it began.
    header: dict[str, Any]
    #: What is out, what was, and which errors it led to.
    snapshot: Snapshot
    #: How the program ended; `None` if the recording ends before.
    end: str | None = None
    #: The time of the last line, in seconds since the start; and of the last one that says what was out.
    at: float = 0.0
    seen: float = 0.0
    #: Whether a line is cut off or is none; what follows it is not read.
    truncated: bool = False

    def warnings(self) -> list[str]:
        """What a reader of the report has to know about the recording itself."""
        if self.truncated:
            return [f"the recording is cut off; it is shown up to {self.at:.2f} s after the start"]
        if self.end is None:
            return [
                "the recording has no end: the program was killed (SIGKILL leaves no time for one), or crashed badly; "
                f"its last step is {self.at:.2f} s after the start"
            ]
        if self.end.startswith("SIG"):
            known = "" if self.seen == self.at else f"; what was out is known up to {self.seen:.2f} s after it"
            return [f"the program was killed by {self.end} {self.at:.2f} s after its start{known}"]
        if self.end == "_exit":
            return [f"the program left by os._exit {self.at:.2f} s after its start"]
        if self.end == "exec":
            return [f"the program replaced itself by another {self.at:.2f} s after its start"]
        return []


@dataclass
class _State:
    """The facts as they are after some steps."""

    live: dict[int, tuple[Exporter, Export, float | None]] = field(default_factory=dict)
    sites: dict[tuple[str, int, str, str], Site] = field(default_factory=dict)
    errors: list[Error] = field(default_factory=list)
    lost: Lost = field(default_factory=Lost)
    timeline: list[tuple[float, int, int]] = field(default_factory=list)

    def take(self, step: dict[str, Any]) -> None:
        """Follows one step; nothing of it is kept if it is none."""
        new = [(Exporter.from_json(entry["exporter"]), Export.from_json(entry["export"]), entry["export"]["since_s"]) for entry in step["new"]]
        sites = [Site.from_json(site) for site in step["sites"]]
        errors = [Error.from_json(error) for error in step["errors"]]
        lost = Lost.from_json(step["lost"])
        nbytes, count = step["moment"]
        for name in step["gone"]:
            self.live.pop(name, None)
        self.live.update((export.id, (exporter, export, since)) for exporter, export, since in new)
        self.sites.update((site.key, site) for site in sites)
        self.errors += errors
        self.lost = lost
        self.timeline.append((step["at"], nbytes, count))

    def snapshot(self, at: float) -> Snapshot:
        exporters: dict[str, tuple[Exporter, list[Export]]] = {}
        for exporter, export, since in self.live.values():
            age = None if since is None else round(at - since, 6)
            exporters.setdefault(exporter.address, (exporter, []))[1].append(replace(export, age_s=age, why=WHY_NO_HOLDER))
        live = tuple(Lent(exporter, tuple(exports)) for exporter, exports in exporters.values())
        return Snapshot(live, tuple(self.sites.values()), tuple(self.errors), self.lost, tuple(self.timeline), 0.0)


def read(path: str) -> Recording:
    """Reads a recording up to its end, or to where it is cut off.

    Raises `NoRecordingError` if it is none, or one of another version.
    """
    try:
        with open(path, "rb") as file:
            return _follow(_header(file.readline(), path), file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise NoRecordingError(f"'{path}' cannot be read: {why}", "name a file that `onloan run -o FILE` wrote") from error


def _header(line: bytes, path: str) -> dict[str, Any]:
    header = _document(line)
    if header is None or "onloan-recording" not in header:
        why = "its first line is no header of one" if line else "it is empty"
        raise NoRecordingError(f"'{path}' is no recording: {why}", "a recording is what `onloan run -o FILE` writes")
    version = header["onloan-recording"]
    if version != VERSION:
        made_by = f"onloan {header['onloan']}" if "onloan" in header else "another onloan"
        raise NoRecordingError(
            f"'{path}' is a recording of format {version}, made by {made_by}; this onloan reads format {VERSION}",
            "read it with the onloan that made it",
        )
    if not isinstance(header.get("program", []), list):
        raise NoRecordingError(f"'{path}' is no recording: its header names no program", "a recording is what `onloan run -o FILE` writes")
    return header


def _follow(header: dict[str, Any], lines: Iterable[bytes]) -> Recording:
    state = _State()
    recording = Recording(header, Snapshot((), ()))
    whole = False
    for line in lines:
        step = _document(line)
        try:
            if step is None:
                raise ValueError("no document")
            at = float(step["at"])
            if not isfinite(at):
                raise ValueError("no time")
            if "end" not in step:
                state.take(step)
                recording.end, recording.seen, whole = None, at, False
            else:
                # A program that tried to replace itself may have gone on: the last line counts.
                if "facts" in step:
                    recording.snapshot, recording.seen = Snapshot.from_json(step["facts"]), at
                whole = "facts" in step
                recording.end = str(step["end"])
            recording.at = at
        except (KeyError, TypeError, ValueError, OverflowError):
            recording.truncated = True
            break
    if not whole:
        recording.snapshot = state.snapshot(recording.at)
    return recording


def _document(line: bytes) -> dict[str, Any] | None:
    """The object in a whole line."""
    if not line.endswith(b"\n"):
        return None
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None

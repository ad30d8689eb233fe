"""Writes a recording, step by step."""

from __future__ import annotations

import json
import os
from os import close, write
from os import open as open_file
from typing import Any

from ..tracing.facts import Export, Site, Snapshot

#: The number of the format, in the first line of each recording.
VERSION = 1


class Writer:
    """Appends to a recording.

    The file is opened for each line and closed again: an open one would be a file descriptor of the program's, which it could see, close or
    hand on to its children.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._live: set[int] = set()
        self._sites: dict[tuple[str, int, str, str], Site] = {}
        self._errors = 0

    def header(self, facts: dict[str, Any]) -> None:
        """Begins the file anew; raises OSError if that cannot be."""
        with open(self._path, "wb") as file:
            file.write(_line({"onloan-recording": VERSION, **facts}))

    def step(self, at: float, snapshot: Snapshot) -> None:
        """Writes what has changed since the last step, if anything has."""
        now = {export.id: (lent.exporter, export) for lent in snapshot.live for export in lent.exports}
        new = [
            {"exporter": exporter.as_json(), "export": _since(export, at)}
            for name, (exporter, export) in now.items()
            if name not in self._live
        ]
        gone = [name for name in self._live if name not in now]
        sites = [site for site in snapshot.sites if self._sites.get(site.key) != site]
        errors = snapshot.errors[self._errors :]
        if not (new or gone or sites or errors):
            return
        self._append(
            {
                "at": at,
                "new": new,
                "gone": gone,
                "sites": [site.as_json() for site in sites],
                "errors": [error.as_json() for error in errors],
                "lost": snapshot.lost.as_json(),
                "moment": [sum(export.nbytes for _, export in now.values()), len(now)],
            }
        )
        self._live = set(now)
        self._sites.update((site.key, site) for site in sites)
        self._errors = len(snapshot.errors)

    def end(self, at: float, how: str, snapshot: Snapshot) -> None:
        """Writes how the program ended, with all facts."""
        self._append({"at": at, "end": how, "facts": snapshot.as_json()})

    def _append(self, step: dict[str, Any]) -> None:
        # No object here lends a buffer: what is written would change with the writing.
        handle = open_file(self._path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        try:
            line = _line(step)
            while line:
                line = line[write(handle, line) :]
        finally:
            close(handle)


def _since(export: Export, at: float) -> dict[str, Any]:
    since = None if export.age_s is None else round(at - export.age_s, 6)
    return {**export.as_json(), "since_s": since}


def _line(document: dict[str, Any]) -> bytes:
    # Escaped, so that any text that Python can hold can be written.
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"

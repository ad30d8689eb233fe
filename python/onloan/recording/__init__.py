"""Recordings: what `onloan run -o FILE` writes and `onloan report FILE` reads.

A recording is a text file of JSON documents, one a line, that only grows. The first line says what it is:

    {"onloan-recording": 1, "onloan": "0.1.0", "python": "3.11.7", "program": ["app.py"], "pid": 4711, "started": "2026-01-31T12:00:00Z", "frames": 10}

Each further line is a *step*, and says what has changed since the one before. `at` is the time since the start in seconds:

    {"at": 0.5, "new": [{"exporter": {…}, "export": {…}}], "gone": [7, 9], "sites": [{…}], "errors": [{…}], "lost": {…}, "moment": [4096, 12]}

`new` are exports that were made and are still out, as in the JSON of `onloan run`, without holders, and since when (`since_s`); `gone` names those that are back by their
`id`; `sites` are those whose numbers changed, with the new numbers; `moment` is how many bytes and exports were out. The last line has the whole
truth, with the holders, and how the program ended (`exit`; `_exit` if it left by `os._exit`; `exec` if it replaced itself by another;
`SIGTERM` and the like if that killed it):

    {"at": 1.5, "end": "exit", "facts": {"schema": 1, "live": […], "sites": […], "errors": […], "lost": {…}, "timeline": [[0.0, 4096, 1], …]}}

Where a signal left time to say so and no more, that line has no `facts`. A program that was killed by SIGKILL never writes it. Then the steps say what was
out at the last of them, which may be some seconds before. A line that is cut off ends the recording. Keys may be added; what a reader must know to understand a file changes the number in the first line.
"""

from .reader import NoRecordingError, Recording, read
from .writer import VERSION, Writer

__all__ = ["VERSION", "NoRecordingError", "Recording", "Writer", "read"]

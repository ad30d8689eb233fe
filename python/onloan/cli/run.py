"""`onloan run`."""

from __future__ import annotations

import argparse
import os

from ..run.command import Words, launch
from ..run.settings import Settings
from .errors import CommandError
from .verb import Verb


class Run(Verb):
    """Run a program, and say at its end which buffers are still out, and where.

    Every buffer acquisition and release of the program is recorded. At the
    end a report on stderr names what is still exported: exporter, size, age,
    thread, the line that acquired it and who holds it; and every BufferError
    that was raised because of it. Such an error carries a note that says so,
    too. Else the program's output, arguments, exit code and tracebacks are as
    without onloan.
    """

    @staticmethod
    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.usage = (
            "onloan run [-h] [-o FILE] [--json FILE] [--html FILE] [--frames N]\n"
            "                  (SCRIPT | -m MODULE | -c CODE) [ARG...]"
        )
        parser.add_argument("-o", "--output", metavar="FILE", help="write a recording, to be read by `onloan report`")
        parser.add_argument("--json", metavar="FILE", help="write the facts as one JSON document")
        parser.add_argument("--html", metavar="FILE", help="write the report as one page that needs no network")
        parser.add_argument("--frames", metavar="N", type=int, default=10, help="frames to keep of each acquisition, 0 to 64 (default: 10)")

    @staticmethod
    def split(words: list[str]) -> tuple[list[str], list[str]]:
        found = Words.of(words)
        return list(found.own), list(found.program)

    def run(self, options: argparse.Namespace) -> int:
        if not 0 <= options.frames <= 64:
            raise CommandError(f"--frames is {options.frames}, not 0 to 64", hint="ten frames name a line and how it was reached")
        files = {name: getattr(options, name) for name in ("output", "json", "html")}
        paths = {name: os.path.abspath(path) for name, path in files.items() if path is not None}
        if len(set(paths.values())) < len(paths):
            raise CommandError("two of the files to be written are the same", hint="name one for each")
        return launch(Settings(program=tuple(options.rest), frames=options.frames, **paths))

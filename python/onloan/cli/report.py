"""`onloan report`."""

from __future__ import annotations

import argparse
import sys

from ..recording import NoRecordingError, read
from ..reports import exports, exports_html
from ..reports.page import Page
from .errors import CommandError
from .verb import Verb


class Report(Verb):
    """Show a recording that `onloan run -o FILE` wrote.

    The exit code is 1 if the recording shows something still out, or a
    BufferError that an export caused. A recording that ends early, because
    the program was killed or the file is cut off, is shown as far as it goes.
    """

    @staticmethod
    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("recording", metavar="FILE", help="what `onloan run -o FILE` wrote")
        parser.add_argument("--format", choices=("text", "json", "html"), default="text", help="what to print (default: text)")

    def run(self, options: argparse.Namespace) -> int:
        try:
            recording = read(options.recording)
        except NoRecordingError as error:
            raise CommandError(str(error), hint=error.hint) from error
        warnings = recording.warnings()
        for warning in warnings:
            print(f"warning: {warning}", file=sys.stderr)
        match options.format:
            case "json":
                print(exports.as_json(recording.snapshot))
            case "html":
                _print_page(exports_html.as_html(recording.snapshot, recording.header, warnings))
            case _:
                print(exports.as_text(recording.snapshot, Page.of(sys.stdout)))
        return int(exports.found_something(recording.snapshot))


def _print_page(text: str) -> None:
    """A page says that it is UTF-8, whatever the terminal is."""
    sys.stdout.flush()
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    else:
        sys.stdout.write(text)

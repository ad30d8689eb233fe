"""`onloan tour`."""

from __future__ import annotations

import argparse
import sys

from ..reports.page import Page
from ..tour import run
from .verb import Verb


class Tour(Verb):
    """Show the whole life of a buffer on real memory, step by step.

    A mapped file, a decoded table, records, sockets, NumPy if it is
    installed, shared memory and pickles: memory is lent to real consumers,
    counted, not resized while it is out, and seen to be freed. Each figure is
    measured and each claim checked; the exit code is 1 if one does not hold.

    Takes a few seconds and 160 MB of memory, and writes a file of 64 MB into
    the directory for temporary files, which it removes.
    """

    @staticmethod
    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.set_defaults(verb="tour")

    def run(self, options: argparse.Namespace) -> int:
        return 0 if run(Page.of(sys.stdout)) else 1

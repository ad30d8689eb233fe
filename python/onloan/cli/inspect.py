"""`onloan inspect`."""

from __future__ import annotations

import argparse
import sys

from ..inspection import inspect
from ..reports import inspection as report
from ..reports.page import Page
from .target import resolve
from .verb import Verb


class Inspect(Verb):
    """Show what an object lends: items, layout in memory, requests granted.

    A TARGET is `module:expression`: the module is imported, with the current
    directory on the path, and the expression is evaluated in its namespace.
    Without a module, the names of the expression are imported:

        onloan inspect 'numpy:arange(12).reshape(3, 4)[:, ::2]'
        onloan inspect 'numpy.arange(12)' 'bytearray(b"abc")'
    """

    @staticmethod
    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("targets", metavar="TARGET", nargs="+", help="module:expression, or an expression")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of text")

    def run(self, options: argparse.Namespace) -> int:
        inspections = [(target, inspect(resolve(target))) for target in options.targets]
        if options.json:
            print(report.as_json(inspections))
        else:
            page = Page.of(sys.stdout)
            print("\n\n".join(report.as_text(target, facts, page) for target, facts in inspections))
        return 0

"""`onloan check`."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path

from ..checker import Options, TargetReport, judge
from ..checker.rules import PROFILES, RULES
from ..errors import CommandError
from ..reports import check as report
from ..reports.page import Page
from .verb import Verb


class Check(Verb):
    """Judge exporters by every rule of the buffer protocol that can be tested.

    Each TARGET is judged in child processes: a crash, a hang or an abort of
    the exporter is a finding, never the end of the command. What a TARGET is
    says `onloan inspect --help`; it is evaluated afresh for each phase.

        onloan check 'mymodule:Image(64, 64)' --mutator grow='lambda o: o.grow(9)'
        onloan check 'numpy:zeros((2, 3))[:, ::2]' --profile strict
        onloan check --rule E-61

    The profile interop takes for right what CPython's own types and NumPy do;
    strict takes the documentation at its word. Levels are error, warning and
    note. Exit code 1 if anything is an error; warnings and notes do not
    count. Else 2 if a target could not be judged: it does not import, raises,
    is no exporter, does not end, or grants no request at all.
    """

    @staticmethod
    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("targets", metavar="TARGET", nargs="*", help="module:expression, or an expression")
        parser.add_argument("--profile", choices=PROFILES, default="interop", help="what counts as wrong (default: interop)")
        parser.add_argument(
            "--mutator",
            metavar="NAME=EXPR",
            action="append",
            default=[],
            help="a callable that takes the exporter and changes it; may be repeated",
        )
        parser.add_argument("--expect-bytes", metavar="EXPR", help="the bytes that the items hold, in C order")
        parser.add_argument("--write", action="store_true", help="write the same bytes back where readonly is 0")
        parser.add_argument("--timeout", metavar="S", type=_seconds, default=20.0, help="seconds that a step may take (default: 20)")
        parser.add_argument("--jobs", metavar="N", type=_count, help="targets judged side by side (default: one a processor)")
        parser.add_argument("--json", metavar="FILE", nargs="?", const="-", help="one JSON document, to standard output or to FILE")
        parser.add_argument("--list-rules", action="store_true", help="print all rules, and how each is tested")
        parser.add_argument("--rule", metavar="ID", help="explain one rule")

    def run(self, options: argparse.Namespace) -> int:
        page = Page.of(sys.stdout)
        if options.list_rules:
            print(json.dumps(report.rules_json(), indent=2) if options.json else report.rules_text(page))
            return 0
        if options.rule is not None:
            rule = RULES.get(options.rule.upper())
            if rule is None:
                raise CommandError(f"'{options.rule}' is no rule", hint="`onloan check --list-rules` lists them")
            print(report.rule_text(rule, page))
            return 0
        if not options.targets:
            raise CommandError("no TARGET to judge", hint="a target is `module:expression`, as in 'numpy:arange(12)'")
        progress = _Progress(len(options.targets)) if sys.stderr.isatty() else None
        reports = judge(
            options.targets,
            Options(
                profile=options.profile,
                mutators=dict(_mutator(given) for given in options.mutator),
                expect_bytes=options.expect_bytes,
                write=options.write,
                timeout=options.timeout,
                jobs=options.jobs,
            ),
            progress,
        )
        if progress is not None:
            progress.clear()
        _write(options.json, reports, page)
        for unjudged in (one for one in reports if one.error is not None):
            print(f"error: {' '.join(str(unjudged.error).split())}", file=sys.stderr)
        return _code(reports)


def _write(where: str | None, reports: list[TargetReport], page: Page) -> None:
    if where == "-":
        print(report.as_json(reports))
        return
    if where is not None:
        try:
            Path(where).write_text(report.as_json(reports) + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"cannot write {where}: {error.strerror}", hint="--json FILE names a file that can be written") from error
    print(report.as_text(reports, page))


def _code(reports: list[TargetReport]) -> int:
    if any(one.at("error") for one in reports):
        return 1
    return 2 if any(one.verdict == "unexportable" for one in reports) else 0


def _mutator(given: str) -> tuple[str, str]:
    name, equals, expression = given.partition("=")
    if not (name.strip() and equals and expression.strip()):
        raise CommandError(f"--mutator {given}: no NAME=EXPR", hint="as in --mutator grow='lambda o: o.grow(100)'")
    return name.strip(), expression


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 1e6:
        raise ValueError
    return seconds


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


class _Progress:
    """One line on a terminal, written over."""

    def __init__(self, targets: int) -> None:
        self._targets = targets
        self._begun: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, target: str, phases: str) -> None:
        with self._lock:
            self._begun.add(target)
            line = f"{len(self._begun)} of {self._targets}: {target}: {phases}"
            sys.stderr.write(f"\r\x1b[K{line[:76]}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Takes the line away."""
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

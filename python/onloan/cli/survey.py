"""`onloan survey`."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from ..checker import Options
from ..errors import CommandError
from ..reports import survey as report
from ..reports.page import Page
from ..reports.survey_html import as_html
from ..reports.survey_markdown import as_markdown
from ..survey import Package, Survey, survey
from ..survey import packages as known
from .verb import Verb


class SurveyVerb(Verb):
    """Find and judge the exporter types that installed packages make.

    Each package is imported in a process of its own, also its extension
    modules; the types are walked, instances are made, and each instance is
    judged as `onloan check` does it. Without a PACKAGE every installed one
    with extension modules is looked through. A PACKAGE is what is installed
    (pillow) or what is imported (PIL):

        onloan survey --html survey.html numpy pyarrow

    The table goes to standard output, the worst first. Importing runs the
    packages' code, and judging calls methods of their objects. Exit code 1 if
    anything is an error; warnings and notes do not count.
    """

    @staticmethod
    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("packages", metavar="PACKAGE", nargs="*", help="an installed package, or a module on the path")
        parser.add_argument("--json", metavar="FILE", help="write everything as one JSON document, too")
        parser.add_argument("--html", metavar="FILE", help="write a page to sort and filter, too")
        parser.add_argument("--markdown", metavar="FILE", help="write a document with every defect, and how to prove it, too")
        parser.add_argument("--profile", choices=("interop", "strict"), default="interop", help="which rules weigh how much (default: interop)")

    def run(self, options: argparse.Namespace) -> int:
        command = _command(options)
        writers: dict[str, Callable[[Survey], str]] = {
            "json": report.as_json,
            "html": lambda found: as_html(found, command),
            "markdown": lambda found: as_markdown(found, command),
        }
        files = {kind: Path(getattr(options, kind)) for kind in writers if getattr(options, kind) is not None}
        for kind, file in files.items():
            _check_writable(kind, file)
        with _Progress() as progress:
            found = survey(_packages(options.packages), options=Options(profile=options.profile), progress=progress)
        for kind, file in files.items():
            try:
                file.write_text(writers[kind](found), encoding="utf-8")
            except OSError as error:
                raise _unwritable(kind, file, error) from error
        if text := report.as_text(found, Page.of(sys.stdout)):
            print(text)
        print(_summary(found), file=sys.stderr)
        if options.packages and all(one.failed for one in found.discoveries):
            raise CommandError("no package could be imported", hint="each is named above with what it raised; does it import in Python itself?")
        return 1 if any(row.verdict == "error" for row in found.rows) else 0


def _packages(names: list[str]) -> list[Package]:
    if not names:
        found = [one for one in known.installed() if one.compiled or len(one.modules()) > len(one.top)]
        if not found:
            raise CommandError("no installed package has extension modules", hint="name one: onloan survey PACKAGE")
        return found
    chosen: dict[str, Package] = {}
    for name in names:
        try:
            chosen.update((one.name, one) for one in known.named(name))
        except known.UnknownPackage:
            raise CommandError(
                f"'{name}' is neither an installed package nor a module on the path",
                hint="`python -m pip list` shows what is installed for this Python",
            ) from None
    return list(chosen.values())


def _command(options: argparse.Namespace) -> str:
    """The command as it would be typed, without where it writes to."""
    profile = [] if options.profile == "interop" else ["--profile", options.profile]
    return shlex.join(["onloan", "survey", *profile, *options.packages])


def _check_writable(kind: str, file: Path) -> None:
    """Says before the work is done that its result could not be kept."""
    try:
        with open(file, "a", encoding="utf-8"):
            pass
    except OSError as error:
        raise _unwritable(kind, file, error) from error


def _unwritable(kind: str, file: Path, error: OSError) -> CommandError:
    return CommandError(f"cannot write {file}: {error.strerror}", hint=f"--{kind} takes a file in a directory that is there")


def _summary(found: Survey) -> str:
    verdicts = found.verdicts()
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in report.ORDER if verdicts[verdict])
    types = f"{_some(len(found.rows), 'exporter type')} in {_some(len(found.discoveries), 'package')}, {found.seconds:.0f} s"
    return f"{types}: {counts}" if counts else types


def _some(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


class _Progress:
    """Says on standard error how far the work is: in one line on a terminal, in a line for each package or type elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._columns = Page.of(sys.stderr).columns

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __call__(self, done: int, of: int, what: str) -> None:
        text = f"[{done}/{of}] {what}"
        if self._terminal:
            print(f"\r\x1b[K{text[: self._columns - 1]}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

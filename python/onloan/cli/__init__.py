"""The command `onloan`: verbs, and the one place that prints errors and decides the exit code.

A verb is a module of this package with a class of its own: its docstring is the help text, `arguments` declares what it takes, and
`run` calls and renders. Collecting facts and rendering them is done elsewhere; a verb knows both, they do not know each other.

Exit codes: 0 nothing wrong, 1 something found, 2 the command could not be carried out.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import sys
from collections.abc import Sequence
from inspect import cleandoc
from typing import NoReturn

from .. import __version__
from .errors import CommandError
from .check import Check
from .inspect import Inspect
from .report import Report
from .run import Run
from .survey import SurveyVerb
from .tour import Tour
from .verb import Verb

VERBS: dict[str, type[Verb]] = {
    verb.__name__.lower().removesuffix("verb"): verb for verb in (Check, Inspect, Report, Run, SurveyVerb, Tour)
}


class _Parser(argparse.ArgumentParser):
    """A parser whose mistakes are `CommandError`s."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(message, hint=f"`{self.prog} --help` says what it takes")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="onloan",
        description="Python's buffer protocol: see what is lent, how, and who holds it.",
        epilog="`onloan VERB --help` explains a verb.",
    )
    parser.add_argument("--version", action="version", version=f"onloan {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    for name, verb in VERBS.items():
        text = cleandoc(verb.__doc__ or "")
        summary = text.partition("\n")[0].rstrip(".")
        of_verb = verbs.add_parser(
            name,
            help=summary[:1].lower() + summary[1:],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        verb.arguments(of_verb)
    return parser


def _check_verb(arguments: Sequence[str]) -> None:
    """Says which verbs there are, before argparse says it in its own way."""
    first = next((word for word in arguments if not word.startswith("-")), None)
    if first is None or first in VERBS:
        return
    near = difflib.get_close_matches(first, VERBS, n=1)
    known = f"did you mean `onloan {near[0]}`?" if near else f"the verbs are {', '.join(VERBS)}"
    raise CommandError(f"'{first}' is no verb of onloan", hint=known)


def _run(arguments: Sequence[str]) -> int:
    _check_verb(arguments)
    parser = _parser()
    options = _options(parser, list(arguments))
    if options.verb is None:
        parser.print_help(sys.stderr)
        return 2
    code = VERBS[options.verb]().run(options)
    sys.stdout.flush()
    return code


def _options(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """What was asked for; words that a verb leaves to somebody else are not looked at."""
    rest: list[str] = []
    if words and words[0] in VERBS:
        own, rest = VERBS[words[0]].split(words[1:])
        words = [words[0], *own]
    options = parser.parse_args(words)
    options.rest = rest
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code. Without arguments those of the process are taken."""
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except CommandError as error:
        print(f"error: {error}\n\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read has seen enough; nothing more is to be flushed at exit.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1

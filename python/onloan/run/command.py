"""From the words after `onloan run` to an interpreter that runs the program."""

from __future__ import annotations

import importlib.machinery
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from ..cli.errors import CommandError
from .settings import VARIABLE, Settings

#: Where the hook lies.
INJECT = Path(__file__).with_name("inject")

_VALUED = ("-o", "--output", "--json", "--html", "--frames")


@dataclass(frozen=True)
class Words:
    """What belongs to `onloan run`, and what to the program."""

    own: tuple[str, ...]
    program: tuple[str, ...]

    @classmethod
    def of(cls, words: Sequence[str]) -> Words:
        """Splits as the interpreter does: the program begins with `-m`, `-c` or the first word that is no option, and has all that follows.

        The program's words are those that the interpreter is to be given.
        """
        position = 0
        while position < len(words):
            word = words[position]
            if word.startswith(("-m", "-c")) and not word.startswith("--"):
                return cls(tuple(words[:position]), tuple(words[position:]))
            if word == "--":
                # The interpreter needs the sign, too, if the script's name begins like an option.
                begins = position + 1 < len(words) and words[position + 1].startswith("-")
                return cls(tuple(words[:position]), tuple(words[position if begins else position + 1 :]))
            if word == "-" or not word.startswith("-"):
                return cls(tuple(words[:position]), tuple(words[position:]))
            position += 2 if _takes_next(word) else 1
        return cls(tuple(words), ())


def _takes_next(word: str) -> bool:
    """Whether an option's value is the word after it."""
    if word.startswith("--"):
        return len(word) > 2 and any(option.startswith(word) for option in _VALUED)
    return word in _VALUED


def launch(settings: Settings) -> int:
    """Replaces this process by the program, or runs it and gives its exit code where a process cannot be replaced.

    Raises `CommandError` if the program cannot be begun.
    """
    _check_program(settings.program)
    flags = _interpreter_flags()
    for path in (settings.output, settings.json, settings.html):
        _check_writable(path)
    python_path = os.environ.get("PYTHONPATH")
    environment = dict(os.environ)
    environment[VARIABLE] = replace(settings, python_path=python_path).encoded()
    environment["PYTHONPATH"] = os.pathsep.join([str(INJECT), python_path] if python_path else [str(INJECT)])
    command = [sys.executable, *flags, *settings.program]
    for stream in (sys.stdout, sys.stderr):
        # A stream that was closed before the interpreter began is None; the program's is, too.
        if stream is not None:
            stream.flush()
    if os.name == "nt":
        return subprocess.run(command, env=environment, check=False).returncode
    _replace_process(command, environment)


def _replace_process(command: list[str], environment: dict[str, str]) -> NoReturn:
    try:
        os.execve(command[0], command, environment)
    except OSError as error:
        raise CommandError(f"the interpreter could not be started: {error}", hint=f"it is {command[0]}") from error


def _interpreter_flags() -> list[str]:
    """The flags that this interpreter was given, for the program's."""
    if not sys.executable:
        raise CommandError("this interpreter does not know its own file", hint="run `python -m onloan run` with a python of its own")
    for name, flag in (("isolated", "-I"), ("ignore_environment", "-E"), ("no_site", "-S")):
        if getattr(sys.flags, name):
            raise CommandError(f"under {flag} the tracer cannot be started before the program", hint=f"run it without {flag}")
    return own_flags(sys.orig_argv[1:])


def own_flags(words: Sequence[str]) -> list[str]:
    """The options at the beginning of an interpreter's words, up to the program that it runs."""
    flags: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if not word.startswith("-") or word in ("-", "--") or word.startswith(("-m", "-c")):
            break
        takes_next = word in ("-X", "-W", "--check-hash-based-pycs")
        flags += words[position : position + 1 + takes_next]
        position += 1 + takes_next
    # Options may stand together, and the last of them may be the one that names the program.
    if position < len(words) and flags and flags[-1][-1:] in ("m", "c") and re.fullmatch(r"-[a-zA-Z]+", flags[-1]):
        flags[-1:] = [flags[-1][:-1]] if len(flags[-1]) > 2 else []
    return flags


def _check_program(program: tuple[str, ...]) -> None:
    """What the interpreter would only find out after it was begun."""
    hint = "`onloan run --help` says what it takes"
    match program:
        case () | ("--",):
            raise CommandError("no program was named", hint="name a script, or -m MODULE, or -c CODE")
        case ("-m",) | ("-c",):
            raise CommandError(f"{program[0]} needs a word after it", hint=hint)
        case ("-m", module, *_):
            _check_module(module)
        case ("--", script, *_):
            _check_script(script)
        case (script, *_) if script == "-" or not script.startswith("-"):
            _check_script(script)
        case (word, *_) if word.startswith("-m"):
            _check_module(word[2:])


def _check_script(script: str) -> None:
    if script != "-" and not os.path.exists(script):
        raise CommandError(f"there is no script '{script}'", hint=f"the current directory is {os.getcwd()}")
    if os.path.isdir(script) and not os.path.exists(os.path.join(script, "__main__.py")):
        raise CommandError(f"'{script}' is a directory without __main__.py", hint="name a script, or -m MODULE")


def _check_module(module: str) -> None:
    """Whether the first part of a module's name can be found; the rest is for the interpreter, it would have to import the first."""
    top = module.partition(".")[0]
    if top in sys.builtin_module_names:
        return
    path = [os.getcwd(), *sys.path]
    found = any(finder.find_spec(top, None) for finder in (importlib.machinery.FrozenImporter,))
    if not found and importlib.machinery.PathFinder.find_spec(top, path) is None and not _found_otherwise(top):
        raise CommandError(f"there is no module '{top}'", hint="the current directory is on the path")


def _found_otherwise(top: str) -> bool:
    """Whether a finder of another kind (of an editable installation, for example) knows the module."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        if find is not None and find(top, None) is not None:
            return True
    return False


def _check_writable(path: str | None) -> None:
    """Says before the program runs what would be lost after it."""
    if path is None:
        return
    directory = os.path.dirname(path)
    if os.path.isdir(path):
        raise CommandError(f"'{path}' is a directory", hint="name a file")
    if not os.path.isdir(directory):
        raise CommandError(f"there is no directory '{directory}'", hint="make it first")
    if not os.access(path if os.path.exists(path) else directory, os.W_OK):
        raise CommandError(f"'{path}' cannot be written", hint="name a file elsewhere")

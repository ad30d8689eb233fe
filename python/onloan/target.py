"""From the word on the command line to the object that is meant.

    module:expression      the module is imported, the expression is evaluated in its namespace
    expression             names that are not built in are imported as modules first

The current directory is on the path, as for `python -m`. A callable result that is no exporter itself is called without arguments.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import os
import re
import sys
from typing import Any

from ._onloan import lends
from .errors import CommandError
from .inspection import type_name

_MODULE = re.compile(r"\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*:(?!=)(.*)", re.DOTALL)


def resolve(target: str) -> object:
    """The exporter that a target names, evaluated afresh.

    Raises `CommandError` if the module cannot be imported, the expression raises, or the result lends nothing.
    """
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    result = _evaluate(target)
    if not lends(result) and callable(result):
        result = _guarded(target, result)
    if not lends(result):
        raise CommandError(
            f"{target}: '{type_name(result)}' lends no buffer",
            hint="a target is `module:expression`, and the expression gives an object with the buffer protocol",
        )
    return result


def namespace(target: str) -> dict[str, Any]:
    """The names that other expressions about a target are evaluated with: those of its module, or the modules that it names."""
    named = _MODULE.fullmatch(target)
    if named is None:
        return _modules_of(target)
    return dict(vars(importlib.import_module(named.group(1))))


def _evaluate(target: str) -> object:
    named = _MODULE.fullmatch(target)
    if named is None:
        return _guarded(target, lambda: eval(_compiled(target, target), _modules_of(target)))
    name, expression = named.groups()
    module = _guarded(target, lambda: importlib.import_module(name))
    return _guarded(target, lambda: eval(_compiled(target, expression), vars(module)))


def _compiled(target: str, expression: str) -> Any:
    try:
        return compile(expression.strip(), f"<{target}>", "eval")
    except (SyntaxError, ValueError) as error:
        raise CommandError(
            f"{target}: not an expression: {error}",
            hint="a target is `module:expression`, as in 'numpy:arange(12)'",
        ) from error


def _guarded(target: str, run: Any) -> Any:
    try:
        return run()
    except CommandError:
        raise
    except (Exception, SystemExit) as error:
        raise CommandError(
            f"{target}: {type(error).__name__}: {error}",
            hint="the current directory is on the path; does the target work in Python itself?",
        ) from error


def _modules_of(expression: str) -> dict[str, object]:
    """The modules that an expression names, as far as there are such modules."""
    names: dict[str, object] = {}
    for node in ast.walk(ast.parse(expression.strip(), mode="eval")):
        path = _dotted(node)
        if path and not hasattr(builtins, path[0]):
            _import_along(path, names)
    return names


def _dotted(node: ast.AST) -> list[str]:
    """`a.b.c` as its parts; nothing for what is no such name."""
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=value, attr=name):
            before = _dotted(value)
            return [*before, name] if before else []
    return []


def _import_along(path: list[str], names: dict[str, object]) -> None:
    """Imports the first part, and of the others those that are modules without being attributes yet."""
    try:
        here: object = importlib.import_module(path[0])
    except ModuleNotFoundError as error:
        if error.name != path[0]:
            raise
        return
    names[path[0]] = here
    for position, part in enumerate(path[1:], 1):
        if not hasattr(here, part):
            with contextlib.suppress(ModuleNotFoundError):
                importlib.import_module(".".join(path[: position + 1]))
        if not hasattr(here, part):
            return
        here = getattr(here, part)

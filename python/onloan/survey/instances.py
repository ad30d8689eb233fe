"""Instances of exporter types that nobody described: the type is called with simple arguments, and functions that make bytes with bytes.

Each attempt is an expression that `onloan check` takes too. An instance is only made and looked at from outside; its buffer is not asked for,
because an exporter that breaks the process is to be judged, not met here.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

from .._onloan import lends
from .exporters import cython, path_of, why_no_instances

#: What a type is called with, in order: first what gives it some memory to lend.
_ARGUMENTS = ('b"on loan!"', '"on loan!"', "[1, 2, 3, 4]", "16", "(4, 4)", "4, 4", "bytearray(16)", "")

#: Functions with these beginnings make data of data, and leave the world alone.
_HARMLESS = ("compress", "encode", "pack", "dumps", "frombuffer", "from_buffer", "from_bytes", "buffer", "array", "asarray")
_LONGEST = 120
_GIVEN = ('b"on loan!"', '"on loan!"', "[1, 2, 3, 4]")


class NoInstance(Exception):
    """No instance was made; the message says why."""


def instance_of(kind: type, module: str | None, tops: set[str], attempt: Callable[[str], object]) -> str:
    """The target that gives an instance of an exporter type; `attempt` evaluates one, and raises what it raises.

    `module` is the one that made the type. Raises `NoInstance`.
    """
    if (known := cython(kind)) is not None:
        target = f"onloan.survey.cython:{known}_of({module!r})"
        try:
            attempt(target)
        except Exception as error:
            raise NoInstance(_said(error, target)) from error
        return target
    if (why := why_no_instances(kind)) is not None:
        raise NoInstance(why)
    path = path_of(kind, tops)
    if path is None:
        raise NoInstance("no module shows the type under a name, and no recipe makes one")
    if not isinstance(vars(kind).get("__init__"), types.FunctionType) and _takes_anything(f"{path[0]}:{path[1]}", attempt):
        raise NoInstance("called by hand it takes anything and makes an empty shell; no recipe makes one that lends something")
    first: str | None = None
    for arguments in _ARGUMENTS:
        target = f"{path[0]}:{path[1]}({arguments})"
        try:
            made = attempt(target)
        except Exception as error:
            first = first or _said(error, target)
            continue
        if isinstance(made, kind) and lends(made):
            return target
    raise NoInstance(f"called with simple arguments: {first or 'it gives something else'}")


def _takes_anything(called: str, attempt: Callable[[str], object]) -> bool:
    """Whether a compiled type takes nonsense: then it is `object.__new__` that answers, and what an instance is made of is missing."""
    try:
        attempt(f"{called}(None, ..., 1j, {{}}, 'no', 'sense')")
    except Exception:
        return False
    return True


def _said(error: Exception, target: str) -> str:
    """What an attempt says, without the target, which its reader knows, in one line: C++ lists all signatures that it has."""
    lines = str(error).removeprefix(f"{target}: ").strip().splitlines() or [type(error).__name__]
    return lines[0] if len(lines[0]) <= _LONGEST else f"{lines[0][: _LONGEST - 1]}…"


def first_uses(modules: dict[str, types.ModuleType]) -> Iterator[str]:
    """Targets that use functions of public modules in harmless ways: what they return may be of a type that appears only then."""
    for name, module in sorted(modules.items()):
        if name.count(".") > 1 or any(part.startswith("_") for part in name.split(".")):
            continue
        for attribute, value in sorted(_members(module).items()):
            if attribute.startswith(_HARMLESS) and callable(value) and not isinstance(value, type):
                yield from (f"{name}:{attribute}({given})" for given in _GIVEN)


def _members(module: types.ModuleType) -> dict[str, Any]:
    try:
        return dict(vars(module))
    except TypeError:
        return {}

"""The exporter types of a process: found by walking all types, and attributed to who made them.

Every type is below `object`, so a walk of `__subclasses__` finds those that no module shows. A type is an exporter if its slot
`bf_getbuffer` is set; if the function in it is that of a base, the base is the exporter and the type only inherits. Types of compiled
modules may say that they are of another module, or of `builtins`; so the walk is repeated after each extension module has been executed,
and what is new was made by it. Some types appear only when they are used first.
"""

from __future__ import annotations

import importlib.machinery
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from .._onloan import buffer_slots

_ABSTRACT = 1 << 20
_NO_INSTANCES = 1 << 7


def walk() -> list[type]:
    """Every exporter type that there is now."""
    seen: dict[int, type] = {}
    open_ = [object]
    while open_:
        kind = open_.pop()
        if id(kind) not in seen:
            seen[id(kind)] = kind
            open_.extend(type.__subclasses__(kind))
    return [kind for kind in seen.values() if buffer_slots(kind)[0]]


def maker(kind: type) -> type:
    """The type whose slots these are: the type itself, or the base from which it has them."""
    slots = buffer_slots(kind)
    found = kind
    for base in kind.__mro__[1:]:
        # Classes with methods of Python all have CPython's one function in their slots.
        if isinstance(vars(found).get("__buffer__"), types.FunctionType):
            break
        if buffer_slots(base) == slots:
            found = base
    return found


def full_name(kind: type) -> str:
    """Module and name, without `builtins`."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def cython(kind: type) -> str | None:
    """`memoryview` or `array` if the type is one of those that Cython compiles into modules, else None."""
    if kind.__name__ == "memoryview" and hasattr(kind, "copy_fortran") and hasattr(kind, "is_f_contig"):
        return "memoryview"
    if kind.__name__ == "array" and hasattr(kind, "memview"):
        return "array"
    return None


def why_no_instances(kind: type) -> str | None:
    """Why the type itself cannot be called, if its flags say so."""
    if kind.__flags__ & _NO_INSTANCES:
        return "the type makes no instances by being called"
    if kind.__flags__ & _ABSTRACT:
        return "the type is abstract"
    return None


class Makers:
    """Which module made which type: all exporter types that appear are noted, with what was executed at that time."""

    def __init__(self) -> None:
        self._known: dict[int, type] = {id(kind): kind for kind in walk()}
        self._new: dict[int, tuple[type, str | None]] = {}

    def note(self, module: str | None) -> list[type]:
        """Looks again; what is new was made by `module`, or by a first use if that is None."""
        _touch(sys.modules.get(module) if module is not None else None)
        new = [kind for kind in walk() if id(kind) not in self._known]
        for kind in new:
            self._known[id(kind)] = kind
            self._new[id(kind)] = (kind, module)
        return new

    def watch(self) -> None:
        """Looks again around each extension module that is made or executed from now on.

        Modules import others meanwhile: what is there when the inner one begins was made by the outer one.
        """
        loader = importlib.machinery.ExtensionFileLoader
        outer: list[str | None] = [None]

        def watched(run: Callable[..., Any], name: Callable[[Any], str]) -> Callable[..., Any]:
            def step(self: Any, what: Any) -> Any:
                makers.note(outer[-1])
                outer.append(name(what))
                try:
                    return run(self, what)
                finally:
                    makers.note(outer.pop())

            return step

        makers = self
        # Modules of the old kind do everything while they are made.
        setattr(loader, "create_module", watched(loader.create_module, lambda spec: spec.name))
        setattr(loader, "exec_module", watched(loader.exec_module, lambda module: module.__name__))

    def found(self) -> Iterator[tuple[type, str | None]]:
        """What is new since the beginning, with the module that made it."""
        yield from self._new.values()


def _touch(module: types.ModuleType | None) -> None:
    """Has the static types of a module made ready: they are below `object` only after somebody looked at them."""
    try:
        values = list(vars(module).values())
    except TypeError:
        return
    for value in values:
        if isinstance(value, type):
            getattr(value, "__doc__", None)


def path_of(kind: type, tops: set[str]) -> tuple[str, str] | None:
    """Module and name under which a module of these packages shows the type, the most public first; None if none does."""
    found: list[tuple[tuple[int, int, bool, str], str, str]] = []
    for name, module in list(sys.modules.items()):
        if module is None or name.partition(".")[0] not in tops:
            continue
        try:
            items = list(vars(module).items())
        except TypeError:
            continue
        for attribute, value in items:
            if value is kind and attribute.isidentifier():
                hidden = sum(part.startswith("_") for part in (*name.split("."), attribute))
                # Of several names of a type (numpy.byte, numpy.int8) the one it has itself.
                found.append(((hidden, name.count("."), attribute != kind.__name__, name), name, attribute))
    if not found:
        return None
    _, name, attribute = min(found)
    return name, attribute

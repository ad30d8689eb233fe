"""The child process that looks through one package: imports it, walks the types, makes instances.

What is found is written to a file of events, one JSON object a line, so that it is there also if the process dies or hangs; before each
step an event says what is about to be done, so that it is known what it died of. The parent (`discovery.py`) starts the child anew without
that step.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from .._onloan import buffer_slots, lends
from ..target import resolve
from .exporters import Makers, cython, full_name, maker, path_of
from .instances import NoInstance, first_uses, instance_of

#: For how long functions are used in the hope of types that appear only then.
_FIRST_USES = 5.0


class Child:
    """One look through one package. `order` is what the parent asked for, `events` where the answer goes."""

    def __init__(self, order: dict[str, Any], events: TextIO) -> None:
        self._order = order
        self._events = events
        self._skip = set(order["skip"])
        self._tops = {name.partition(".")[0] for name in (*order["top"], *order["modules"])}
        self._makers = Makers()

    def run(self) -> None:
        """Everything, in order."""
        self._makers.watch()
        for module in self._order["modules"]:
            self._import(module)
        self._makers.note(None)
        targets = [(target, kind) for target in self._order["recipes"] if (kind := self._recipe(target)) is not None]
        self._first_uses()
        self._report(targets)
        self.tell(end=True)

    def tell(self, **event: Any) -> None:
        """Writes an event down, so that it outlives this process."""
        self._events.write(json.dumps(event) + "\n")
        self._events.flush()

    def _begin(self, step: str) -> bool:
        """Says what is about to be done; whether it is to be done at all."""
        if step in self._skip:
            return False
        self.tell(step=step)
        return True

    def _import(self, module: str) -> None:
        if not self._begin(module):
            return
        try:
            __import__(module)
        except BaseException as error:  # packages may exit, too
            if isinstance(error, KeyboardInterrupt):
                raise
            if not _is_no_module(error, module):
                self.tell(problem=module, why=_without_places(f"{type(error).__name__}: {error}"))
        self._makers.note(module)

    def _attempt(self, target: str) -> object:
        if not self._begin(target):
            raise NoInstance("the attempt ended the process, or did not end")
        return resolve(target)

    def _recipe(self, target: str) -> type | None:
        """The type of what a recipe makes."""
        try:
            made = self._attempt(target)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self.tell(problem=target, why=_without_places(str(error).removeprefix(f"{target}: ")))
            return None
        finally:
            self._makers.note(None)
        return type(made)

    def _first_uses(self) -> None:
        end = time.monotonic() + _FIRST_USES
        modules = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in self._tops}
        for target in first_uses(modules):
            if time.monotonic() > end:
                return
            if not self._begin(target):
                continue
            try:
                made = resolve(target)
            except Exception:
                continue
            if lends(made) and self._makers.note(None):
                self.tell(used=target, kind=full_name(maker(type(made))))

    def _is_ours(self, kind: type, module: str | None) -> bool:
        """Whether a type is one of this package: by the module it names, or else by the one that made it."""
        named = kind.__module__.partition(".")[0]
        if named in self._tops:
            return True
        if named in self._order["others"] or named != "builtins" and named in sys.stdlib_module_names:
            return False
        if module is not None:
            return module.partition(".")[0] in self._tops
        return named == "builtins" and kind.__name__ not in {"managedbuffer", "_buffer_wrapper"}

    def _report(self, targets: list[tuple[str, type]]) -> None:
        """Tells of every exporter of the package, how to make one, and what inherits from it."""
        ours = [(kind, module) for kind, module in self._makers.found() if self._is_ours(kind, module)]
        inherited: dict[type, list[str]] = {}
        for kind, _ in ours:
            if maker(kind) is not kind:
                inherited.setdefault(maker(kind), []).append(full_name(kind))
        makers = {kind: module for kind, module in ours if maker(kind) is kind}
        made: dict[type, list[str]] = {}
        for target, kind in targets:
            # What inherits from elsewhere (a class of bytes) is told of only if there is a recipe for it.
            made.setdefault(maker(kind) if maker(kind) in makers else kind, []).append(target)
        # Cython compiles the same two types into every module that needs them: one of each stands for all.
        same: dict[str, list[tuple[type, str]]] = {}
        for kind, module in [*makers.items(), *((kind, None) for kind in made if kind not in makers)]:
            if (known := cython(kind)) is not None:
                same.setdefault(known, []).append((kind, self._module_of(kind, module)))
            else:
                self.tell(**self._entry(kind, module, made.get(kind), inherited.get(kind, [])))
        for kinds in same.values():
            kind, module = kinds[0]
            self.tell(**{**self._entry(kind, module, None, []), "also": sorted(name for _, name in kinds[1:])})

    def _module_of(self, kind: type, module: str | None) -> str:
        """The module that a type was compiled into: the one it names, if that is a real one."""
        return kind.__module__ if module is None or kind.__module__ in sys.modules and "." in kind.__module__ else module

    def _entry(self, kind: type, module: str | None, made: list[str] | None, inherited: list[str]) -> dict[str, Any]:
        why, guessed = None, made is None and cython(kind) is None
        if made is None:
            try:
                made = [instance_of(kind, module, self._tops, self._attempt)]
            except NoInstance as none:
                made, why = [], str(none)
        path = path_of(kind, self._tops)
        return {
            "type": full_name(kind),
            "shown": ".".join(path) if path else full_name(kind),
            "base": full_name(maker(kind)) if maker(kind) is not kind else None,
            "cython": cython(kind),
            "made_by": module,
            "release_slot": buffer_slots(kind)[1] != 0,
            "inherited": sorted(inherited),
            "targets": made,
            "also": [],
            "guessed": guessed and why is None,
            "why": why,
        }


def _is_no_module(error: BaseException, module: str) -> bool:
    """Whether what was to be imported is a mere library, or a name left over from somewhere: nothing that anybody misses."""
    if isinstance(error, ModuleNotFoundError):
        return error.name == module
    return isinstance(error, ImportError) and "does not define module export function" in str(error)


def _without_places(text: str) -> str:
    """A message without the directories in which this machine keeps its packages."""
    for place in sorted(filter(None, sys.path), key=len, reverse=True):
        text = text.replace(place.rstrip(os.sep) + os.sep, "")
    return text


def main() -> None:
    """The child's program: `child.py ORDER EVENTS`."""
    order, events = sys.argv[1:]
    with open(events, "a", encoding="utf-8") as file:
        child = Child(json.loads(Path(order).read_text(encoding="utf-8")), file)
        try:
            child.run()
        except Exception as error:
            # Not the package's: the look itself went wrong, and must not be taken for its crash.
            child.tell(broken=f"{type(error).__name__}: {error}")
            raise

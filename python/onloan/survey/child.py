"""The child process that looks through one package: imports it, walks the types, makes instances.

What is found is written to a file of events, one JSON object a line, so that it is there also if the process dies or hangs; before each
step an event says what is about to be done, so that it is known what it died of. The parent (`discovery.py`) starts the child anew without
that step.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from .._onloan import buffer_slots, lends
from ..cli.target import resolve
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

    def _tell(self, **event: Any) -> None:
        self._events.write(json.dumps(event) + "\n")
        self._events.flush()

    def _begin(self, step: str) -> bool:
        """Says what is about to be done; whether it is to be done at all."""
        if step in self._skip:
            return False
        self._tell(step=step)
        return True

    def _import(self, module: str) -> None:
        if not self._begin(module):
            return
        try:
            __import__(module)
        except BaseException as error:  # packages may exit, too
            if isinstance(error, KeyboardInterrupt):
                raise
            self._tell(problem=module, why=f"{type(error).__name__}: {error}")
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
            self._tell(problem=target, why=str(error).removeprefix(f"{target}: "))
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
                self._tell(used=target, kind=full_name(maker(type(made))))

    def _is_ours(self, kind: type, module: str | None) -> bool:
        """Whether a type is one of this package: by the module it names, or else by the one that made it."""
        named = kind.__module__.partition(".")[0]
        if named in self._tops:
            return True
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
        # What inherits from elsewhere (a class of bytes) is told of only if there is a recipe for it.
        elsewhere = {maker(kind): None for _, kind in targets if maker(kind) not in makers}
        # Cython compiles the same two types into every module that needs them: one of each stands for all.
        same: dict[str, list[str]] = {}
        for kind, module in [*makers.items(), *elsewhere.items()]:
            known = cython(kind)
            if known is None:
                self._tell(**self._entry(kind, module, targets, inherited.get(kind, [])))
            else:
                same.setdefault(known, []).append(module or kind.__module__)
        for known, modules in same.items():
            target = f"onloan.survey.cython:{known}_of({modules[0]!r})"
            entry = self._entry_of(type(self._attempt(target)), modules[0], [target], [])
            self._tell(**entry, also=modules[1:])
        self._tell(end=True)

    def _entry(self, kind: type, module: str | None, targets: list[tuple[str, type]], inherited: list[str]) -> dict[str, Any]:
        known = [target for target, of in targets if maker(of) is kind]
        if known:
            return self._entry_of(kind, module, known, inherited)
        try:
            return self._entry_of(kind, module, [instance_of(kind, module, self._tops, self._attempt)], inherited)
        except NoInstance as none:
            return {**self._entry_of(kind, module, [], inherited), "why": str(none)}

    def _entry_of(self, kind: type, module: str | None, targets: list[str], inherited: list[str]) -> dict[str, Any]:
        path = path_of(kind, self._tops)
        return {
            "type": full_name(kind),
            "shown": ".".join(path) if path else full_name(kind),
            "cython": cython(kind),
            "made_by": module,
            "release_slot": buffer_slots(kind)[1] != 0,
            "inherited": sorted(inherited),
            "targets": targets,
            "also": [],
        }


def main() -> None:
    """The child's program: `child.py ORDER EVENTS`."""
    order, events = sys.argv[1:]
    with open(events, "a", encoding="utf-8") as file:
        Child(json.loads(Path(order).read_text(encoding="utf-8")), file).run()

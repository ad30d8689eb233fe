"""E-50 once more: whoever counts exports, and asks its argument for a number after it has looked at the count, may be lent in between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from ..._onloan import _Held
from ..context import Context
from ..freed import churn, freed


class Borrower:
    """A number, an iterable and something to compare with, that takes a buffer of the exporter when it is asked what it is."""

    def __init__(self, context: Context, exporter: Any) -> None:
        self._context = context
        self._exporter = exporter
        self.got: tuple[_Held, str] | None = None

    def _borrow(self) -> None:
        if self.got is None:
            self.got = self._context.hold(self._exporter)

    def __index__(self) -> int:
        self._borrow()
        return 0

    def __float__(self) -> float:
        self._borrow()
        return 0.0

    def __iter__(self) -> Iterator[int]:
        self._borrow()
        return iter((0, 0, 0, 0))

    def __eq__(self, other: object) -> bool:
        self._borrow()
        return True

    __hash__ = None  # type: ignore[assignment]


#: What takes an argument that it may ask for something, by the mutator that it is.
_CALLS: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("append", lambda o, value: o.append(value)),
    ("insert", lambda o, value: o.insert(0, value)),
    ("insert", lambda o, value: o.insert(value, 0)),
    ("extend", lambda o, value: o.extend(value)),
    ("fromlist", lambda o, value: o.fromlist([value])),
    ("pop", lambda o, value: o.pop(value)),
    ("remove", lambda o, value: o.remove(value)),
    ("resize", lambda o, value: o.resize(value)),
    ("truncate", lambda o, value: o.truncate(value)),
    ("*=", lambda o, value: o.__imul__(value)),
)


def reentrant(context: Context, locks: Collection[str]) -> None:
    """Calls every mutator that refuses while a buffer is out with a value that takes one when it is asked."""
    for name, call in _CALLS:
        subject = f"{name} of a value that takes a buffer"
        if name in locks and subject not in context.skip:
            context.step("E-50", None, subject)
            borrowed(context, name, subject, call)


def borrowed(context: Context, name: str, subject: str, call: Callable[[Any, Any], Any]) -> None:
    """One call; what was lent in the middle of it has to be there afterwards."""
    exporter = context.make()
    value = Borrower(context, exporter)
    try:
        call(exporter, value)
    except Exception:  # it takes no such value, or has noticed
        pass
    if value.got is None:
        return
    held, request = value.got
    taken = churn(max(held.block[1], 0))
    before, after = held.contents, held.read()
    why = freed(before, after) if before is not None and after is not None else None
    change = f"the memory was freed: {why}" if why is not None else held.difference()
    if change is not None:
        context.found(
            "E-50",
            request,
            expected=f"{name} leaves what was lent as it is, also if it was lent while {name} looked at its argument",
            seen=change,
            explain="look at the count of exports after the last call that may run other code, not before",
        )
    held.release("plain")

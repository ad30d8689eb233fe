"""A: what the target is, whether anything is granted, and what its type looks like."""

from __future__ import annotations

import collections.abc
import sys
from types import FunctionType

from ..._onloan import _hold, buffer_slots
from ...inspection import type_name
from ..context import REQUESTS, TELLING, Context


def run(context: Context) -> None:
    exporter = context.make()
    context.send(facts={"type": type_name(exporter)})
    context.step("E-22", "FULL_RO")
    held = next(((held, name) for name in TELLING if (held := _hold(exporter, REQUESTS[name], False)) is not None), None)
    if held is not None:
        context.release(*held)
    context.step("T-01")
    t01(context, type(exporter))
    context.step("T-04")
    t04(context, type(exporter))


def t01(context: Context, kind: type) -> None:
    """A class that replaces one slot and inherits the other."""
    for cls, base in zip(kind.__mro__, kind.__mro__[1:], strict=False):
        get, release = buffer_slots(cls)
        base_get, base_release = buffer_slots(base)
        if get != base_get and base_get and base_release and release == base_release and not isinstance(vars(cls).get("__buffer__"), FunctionType):
            context.found(
                "T-01",
                expected=f"{cls.__name__} replaces both slots of {base.__name__} or neither",
                seen="another bf_getbuffer with the bf_releasebuffer that was inherited",
                explain="the inherited release is called for buffers that it did not hand out",
            )


def t04(context: Context, kind: type) -> None:
    """What Python sees of the slots."""
    if sys.version_info >= (3, 12) and not (hasattr(kind, "__buffer__") and issubclass(kind, collections.abc.Buffer)):
        context.found(
            "T-04",
            expected=f"{kind.__name__} has __buffer__ and is a collections.abc.Buffer",
            seen="it is none" if hasattr(kind, "__buffer__") else "it has no __buffer__",
            explain="slots that are set after the type was made are not seen from Python",
        )

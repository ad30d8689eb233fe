"""G: the buffer protocol as Python sees it, from 3.12 on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from ..._onloan import _check_count, request
from ..context import REQUESTS, Context
from ..cpython import loses_exports_to_0x100


def run(context: Context) -> None:
    if sys.version_info < (3, 12) or context.known.get("unfilled", False):
        return
    exporter = context.make()
    if not hasattr(type(exporter), "__buffer__"):
        return
    of_c = type(_slot(exporter, "__buffer__")).__name__ == "wrapper_descriptor"
    surface(context, exporter, of_c=of_c)
    if of_c:
        context.step("P-08")
        p08(context, exporter)
        context.step("P-06")
        p06(context, exporter)
    if "flags 0x100" not in context.skip and not loses_exports_to_0x100(exporter) and _survives_few_flags(exporter):
        # Last: nobody knows in what state it leaves the exporter.
        context.limit(5)
        context.step("E-13", None, "flags 0x100")
        e13(context, context.make())


def _survives_few_flags(exporter: Any) -> bool:
    """Whether CPython's memoryview survives an answer without arrays (P-11)."""
    facts = next((facts for flags in (0, 0x11C) if (facts := request(exporter, flags))["granted"]), None)
    return facts is not None and facts["ndim"] in (0, 1) and bool(facts["itemsize"])


def _slot(exporter: Any, name: str) -> Any:
    for cls in type(exporter).__mro__:
        if name in vars(cls):
            return vars(cls)[name]
    return None


def surface(context: Context, exporter: Any, *, of_c: bool) -> None:
    """P-01, P-07: `__buffer__` and `__release_buffer__` called from Python. Never `__buffer__(0)`: see P-11."""
    context.step("P-01", "FULL_RO")
    before = _check_count(exporter)
    try:
        view = exporter.__buffer__(REQUESTS["FULL_RO"])
    except Exception:
        return  # refused; E-10 and E-28 say what is to be said
    if type(view) is not memoryview:
        context.found(
            "P-01",
            "FULL_RO",
            expected="a memoryview from __buffer__",
            seen=type(view).__name__,
            explain="CPython raises TypeError where a consumer asks",
        )
        return
    method = _slot(exporter, "__release_buffer__")
    if not of_c or type(method).__name__ != "wrapper_descriptor":
        view.release()
        return
    release = partial(method, exporter)
    context.step("P-07", "FULL_RO")
    for wrong, what in ((object(), "an object"), (memoryview(b"abc"), "a memoryview of something else"), (None, "None")):
        if not _raises(release, wrong):
            context.found("P-07", expected=f"__release_buffer__ refuses {what}", seen="it was taken")
    if view.obj is exporter:
        release(view)
        if not _raises(release, view):
            context.found("P-07", expected="__release_buffer__ refuses a memoryview for the second time", seen="it was taken")
    view.release()
    del view, release
    lost = _check_count(exporter) - before
    if lost and not context.known.get("leaky", False) and context.counted(exporter) is not None:
        context.found(
            "P-07",
            "FULL_RO",
            expected="the same reference count after __buffer__ and __release_buffer__ from Python",
            seen=f"{abs(lost)} {'more' if lost > 0 else 'fewer'}",
        )


def _raises(call: Callable[[Any], Any], argument: Any) -> bool:
    try:
        call(argument)
    except Exception:
        return True
    return False


def p08(context: Context, exporter: Any) -> None:
    try:
        exporter.__buffer__(1 << 40)
    except OverflowError:
        return
    except Exception as error:
        seen = type(error).__name__
    else:
        seen = "it was granted"
    context.found("P-08", expected="OverflowError for flags that do not fit a C int", seen=seen)


def p06(context: Context, exporter: Any) -> None:
    """A subclass with a `__release_buffer__` of its own: what the C slot took is given back all the same."""
    if hasattr(exporter, "__array_interface__") or context.known.get("leaky", False):
        return  # the numbers in it would be taken for a shape
    try:
        own: Any = type("Own", (type(exporter),), {"__release_buffer__": lambda self, view: None})
        made = own(exporter)
        held, request = context.held(made)
    except Exception:  # it cannot be subclassed, or takes no other as argument
        return
    of_itself = held.owner is made
    during = _check_count(made)
    context.release(held, request, rule="P-06")
    after = _check_count(made)
    if of_itself and during - after != 1:
        context.found(
            "P-06",
            request,
            expected="one reference fewer after the release, also where a subclass has a __release_buffer__",
            seen=f"{during - after} fewer",
        )


def e13(context: Context, exporter: Any) -> None:
    """Flags of 0x100 alone. What CPython's own `bytearray` does with them is CPython's mistake, and a note."""
    try:
        view = exporter.__buffer__(0x100)
    except (BufferError, SystemError, ValueError):
        return
    except Exception as error:
        context.found(
            "E-13",
            expected="SystemError, BufferError or a view for the flags 0x100",
            seen=type(error).__name__,
            explain=f"it says: {error}",
        )
        return
    if type(view) is memoryview:
        view.release()

"""D: who keeps the memory alive, and whether cycles through a buffer can be collected."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from ..._onloan import _check_count
from ..context import Context
from ..cpython import dies_in_cycles
from ..freed import churn, freed


def run(context: Context) -> None:
    if not context.known.get("unsteady", False):
        alone(context)
    if not context.known.get("unfilled", False):
        cycles(context)


def alone(context: Context) -> None:
    """E-52: the buffer is all that is left of the exporter."""
    exporter = context.evaluate()
    context.step("E-52")
    got = context.hold(exporter, "FULL_RO", "STRIDES", "ND", "SIMPLE")
    if got is None:
        return
    held, request = got
    list(context.heard())
    unowned = held.unowned
    only = _check_count(exporter)
    del exporter, got
    gc.collect()
    taken = churn(max(held.block[1], 0))
    before, after = held.contents, held.read()
    change = held.difference()
    if change is None and before is not None and after is not None and (why := freed(before, after)):
        change = f"freed memory: {why}"
    del taken
    if change is not None:
        context.found(
            "E-52",
            request,
            expected="what was lent is there until the release",
            seen=change,
            explain="obj is NULL, so nothing keeps the exporter alive" if unowned else "what obj names does not keep the memory alive",
        )
    for said in context.heard():
        context.found(
            "E-70",
            request,
            expected="an exporter that is alive while its buffer is out",
            seen=said,
            explain=f"it was dropped while a buffer was out; its reference count was {only}",
        )
    context.release(held, request)


class _Bystander:
    """Somebody else in a cycle, whose end can be seen."""


def cycles(context: Context) -> None:
    """E-66, E-67: the exporter, or a subclass of it, that holds a view of itself."""
    exporter = context.evaluate()
    if not context.fresh or dies_in_cycles(exporter) or not _owner_is_seen(context, exporter):
        return
    del exporter
    for describe, build in (("a container", _container), ("an attribute", _attribute), ("a subclass", _subclass)):
        context.step("E-66", None, describe)
        bystander = _Bystander()
        end = weakref.ref(bystander)
        try:
            build(context.evaluate(), bystander)
        except Exception:  # this one takes no attributes, or cannot be subclassed
            continue
        del bystander
        gc.collect()
        gc.collect()
        if end() is not None:
            context.found(
                "E-67",
                expected=f"a cycle through {describe} and a view of the exporter is collected",
                seen="it is still there",
                explain="tp_traverse does not visit what the exporter owns",
            )


def _owner_is_seen(context: Context, exporter: Any) -> bool:
    """Whether the collector can follow what obj names, as far as that is another object."""
    got = context.hold(exporter)
    if got is None:
        return False
    owner = got[0].owner
    seen = owner is None or owner is exporter or gc.is_tracked(owner)
    del owner
    context.release(*got)
    return seen


def _container(exporter: Any, bystander: _Bystander) -> None:
    """A list that has itself, a view and a bystander in it: the collector clears them in any order."""
    box: list[Any] = [memoryview(exporter), bystander]
    box.append(box)


def _attribute(exporter: Any, bystander: _Bystander) -> None:
    exporter._onloan_check = [memoryview(exporter), bystander]


def _subclass(exporter: Any, bystander: _Bystander) -> None:
    """An instance of a subclass, made from the exporter, that holds a view of itself."""
    if hasattr(exporter, "__array_interface__"):
        # The numbers in it would be taken for a shape, and that much memory allocated.
        raise TypeError
    own: Any = type("Own", (type(exporter),), {})
    made = own(exporter)
    made._onloan_check = [memoryview(made), bystander]

"""The memory itself: every byte is read, and compared with what others make of it."""

from __future__ import annotations

import gc
from typing import Any

from ..._onloan import _Held
from ..context import Context
from ..freed import churn, freed


#: Exporters are asked for bytes of their own up to here.
_OWN = 1 << 20


def run(context: Context) -> None:
    exporter = context.make()
    context.step("E-35")
    held, request = context.held(exporter)
    held.walk()
    mine = held.contents
    context.step("E-50", request)
    e50(context, held, request)
    if mine is not None:
        context.step("E-34", request)
        theirs = held.contiguous()
        # Of another length is E-30, which the matrix finds.
        if theirs is not None and theirs != mine and len(theirs) == len(mine):
            context.found(
                "E-34",
                request,
                expected="the same bytes along strides and suboffsets as by PyBuffer_ToContiguous",
                seen=difference(theirs, held) or "the bytes changed",
                explain="the fields of the struct contradict each other",
            )
        if context.write:
            context.step("E-35", request)
            held.write_back()
        compare(context, exporter, held, request)
    context.release(held, request)
    hashable(context, exporter, request, writable=held.block[2])


def e50(context: Context, held: _Held, request: str) -> None:
    """What is lent stays as it is when others use memory, and was not freed before it was lent."""
    before = held.contents
    taken = churn(max(held.block[1], 0))
    gc.collect()
    after = held.read()
    change = held.difference()
    # What is described may reach beyond what is lent (E-30), into memory of others, who free it.
    if change is None and before is not None and after is not None and not context.known.get("unsteady", False):
        why = freed(before, after)
        change = None if why is None else f"freed memory: {why}"
    del taken
    if change is not None:
        context.knows(unsteady=True)
        context.found(
            "E-50",
            request,
            expected="what was lent stays as it is until the release",
            seen=change,
            explain="it points to memory that was given back before the request was answered",
        )


def compare(context: Context, exporter: Any, held: _Held, request: str) -> None:
    """With what the exporter itself says, and what the caller knows."""
    own = own_bytes(exporter) if 0 <= held.block[1] <= _OWN else None
    # Of another length is E-30, or other bytes than those that are lent.
    if own is not None and len(own) == held.block[1] and (differs := difference(own, held)):
        context.found(
            "E-34",
            request,
            expected="the same bytes as the exporter's own tobytes()",
            seen=differs,
            explain="items are elsewhere than buf, strides and suboffsets say",
            way="tobytes",
        )
    if context.expect_bytes is not None:
        expected = context.expect_bytes()
        if differs := difference(expected, held):
            context.found(
                "E-34",
                request,
                expected=f"the {len(expected)} bytes of --expect-bytes",
                seen=differs,
                explain="items are elsewhere than buf, strides and suboffsets say, or hold something else",
            )


def difference(expected: bytes, held: _Held) -> str | None:
    """Where what is lent is not as expected."""
    walked = held.walk(expected)
    if walked is None:
        return "an answer that does not hold together"
    length, differs = walked
    if length != len(expected):
        return f"{length} bytes instead of {len(expected)}"
    if differs is None:
        return None
    at, byte = differs
    return f"byte {at} is 0x{byte:02x} instead of 0x{expected[at]:02x}"


def own_bytes(exporter: Any) -> bytes | None:
    """What the exporter itself says that it holds, where it can be asked."""
    try:
        own = exporter.tobytes()
    except Exception:
        return None
    return own if type(own) is bytes else None


def hashable(context: Context, exporter: Any, request: str, *, writable: bool) -> None:
    """An object whose hash is that of its contents, which anybody may change."""
    kind_hash: object = type(exporter).__hash__
    if not writable or kind_hash in (None, object.__hash__):
        return
    context.step("E-35")
    another = context.evaluate()
    try:
        by_value = another is not exporter and hash(another) == hash(exporter) and bool(another == exporter)
    except Exception:
        return
    if by_value:
        context.found(
            "E-35",
            request,
            expected="readonly 1: equal objects have equal hashes, so the contents do not change",
            seen="readonly 0",
            explain="memory that others rely on not to change is lent for writing",
            way="hash",
        )

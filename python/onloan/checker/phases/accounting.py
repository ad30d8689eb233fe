"""C: references, three buffers in every order, and every way to release."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Any

from ..._onloan import _check_beside, _check_count, _check_references, _check_rounds, _Held
from ..context import REQUESTS, Context, Unsafe
from ..freed import freed

_ROUNDS = 100
# What `Context.make` keeps.
_SPARE = 1000


def run(context: Context) -> None:
    kept = references(context)
    exporter = context.make()
    beside(context, exporter)
    if kept and not context.known.get("unsteady", False):
        orders(context, context.make())
    ways(context, context.make())


def references(context: Context) -> bool:
    """E-01, E-03, E-12, E-61: counts around each request. Whether all was well."""
    exporter = context.make()
    well = True
    for request, flags in REQUESTS.items():
        context.step("E-61", request)
        around = _check_references(exporter, flags)
        if around is None:
            kept = refused(context, exporter, request, flags)
        else:
            of_exporter, of_owner, of_itself = around
            mortal = context.counted(exporter) is not None
            kept = not mortal or granted(context, request, of_exporter, of_itself=of_itself)
            kept = kept and (of_owner is None or owned(context, request, of_owner))
            kept = kept and rounds(context, exporter, request, flags, mortal=mortal)
        if not kept:
            well = False
            # So that the next request is counted from the same number.
            exporter = context.make()
    if not well:
        context.knows(leaky=True)
    return well


def rounds(context: Context, exporter: Any, request: str, flags: int, *, mortal: bool) -> bool:
    """E-03: what is seen only after many rounds."""
    context.step("E-03", request)
    before = _check_count(exporter)
    _check_rounds(exporter, flags, _ROUNDS)
    more = _check_count(exporter) - before
    if not mortal or more <= 0:
        return True
    _check_rounds(exporter, flags, _ROUNDS)
    if _check_count(exporter) - before < 2 * more:
        return True  # something else has to do with it as well
    context.found(
        "E-03",
        request,
        expected=f"the same reference count after {_ROUNDS} rounds of acquire and release",
        seen=f"{more} more",
        explain="a reference to the exporter is taken and never given back",
    )
    return False


def beside(context: Context, exporter: Any) -> None:
    """E-07, E-24, E-53: one buffer while all others are asked for."""
    if context.known.get("unsteady", False):
        return
    read = not context.known.get("unreadable", False)
    spoiled = False
    for rule, way, request, expected, seen, explain in _check_beside(exporter, context.step, read):
        context.found(rule, *[request] if request else [], expected=expected, seen=seen, explain=explain, way=way)
        spoiled |= rule in ("E-53", "E-62") or way == "buf"
    if spoiled:
        context.knows(unsteady=True)


def refused(context: Context, exporter: Any, request: str, flags: int) -> bool:
    context.step("E-12", request)
    before = _check_count(exporter)
    _check_rounds(exporter, flags, 1)
    once = _check_count(exporter) - before
    if once == 0 or context.counted(exporter) is None:
        return True
    _check_rounds(exporter, flags, 9)
    ten = _check_count(exporter) - before
    if ten != 10 * once:  # something else has to do with it as well
        return True
    context.found(
        "E-12",
        request,
        expected="the same reference count after a refusal",
        seen=f"{abs(once)} {'more' if once > 0 else 'fewer'}",
        explain="a reference is taken before the request is refused, and there will be no release"
        if once > 0
        else "a reference is given up that nobody took",
    )
    if once < 0:
        raise Unsafe
    return False


def granted(context: Context, request: str, counts: tuple[int | None, int, int], *, of_itself: bool) -> bool:
    """The counts of the exporter; whether they are right."""
    before, during, after = counts
    assert before is not None
    taken = during - before
    if of_itself and taken != 1:
        context.found(
            "E-01",
            request,
            expected=f"reference count {_shown(before) + 1} while the buffer is out",
            seen=str(_shown(during)),
            explain="obj is stored without a reference of its own" if taken < 1 else "obj is counted more than once",
        )
        if after < before:
            raise Unsafe
        return False
    if after < before:
        context.found(
            "E-61",
            request,
            expected=f"reference count back at {_shown(before)} after release",
            seen=str(_shown(after)),
            explain="bf_releasebuffer gave away a reference that PyBuffer_Release also gives away",
        )
        raise Unsafe
    if after > before:
        context.found(
            "E-03",
            request,
            expected=f"reference count back at {_shown(before)} after release",
            seen=str(_shown(after)),
            explain="a reference to the exporter is taken and never given back",
        )
        return False
    return True


def owned(context: Context, request: str, counts: tuple[int | None, int, int]) -> bool:
    """The counts of an owner that is another object than the exporter; whether they are right."""
    before, during, after = counts
    if during == after and during > 1 << 28:
        return True  # immortal
    if before is not None and during - before != 1:
        context.found(
            "E-01",
            request,
            expected="one reference more to what obj names while the buffer is out",
            seen=f"{during - before}",
            explain="obj is stored without a reference of its own" if during <= before else "obj is counted more than once",
        )
        if after < before:
            raise Unsafe
        return False
    if after != during - 1:
        fewer = during - 1 - after
        context.found(
            "E-61" if fewer > 0 else "E-03",
            request,
            expected="one reference fewer to what obj names after release",
            seen=f"{fewer + 1} fewer",
            explain="bf_releasebuffer gave away a reference that PyBuffer_Release also gives away"
            if fewer > 0
            else "obj is not given back by the release",
        )
        if fewer > 0:
            raise Unsafe
        return False
    return True


def _shown(count: int) -> int:
    """Without the spare references."""
    return count - _SPARE


def orders(context: Context, exporter: Any) -> None:
    """E-62: three buffers, in each order."""
    names = [got[1] for got in three(context, exporter)]
    if len(names) < 3:
        return
    before = _check_count(exporter)
    for order in permutations(range(3)):
        context.step("E-62", names[order[0]])
        held: list[_Held | None] = [got[0] for got in three(context, exporter)]
        if len(held) < 3:
            return
        for which in order:
            one = held[which]
            assert one is not None
            context.release(one, names[which], rule="E-62")
            held[which] = None
            for still, name in zip(held, names, strict=True):
                if still is not None:
                    intact(context, still, name, released=names[which])
    lost = _check_count(exporter) - before
    if lost and context.counted(exporter) is not None:
        context.found(
            "E-62",
            *names,
            expected="the same reference count after three buffers were released in any order",
            seen=f"{abs(lost)} {'more' if lost > 0 else 'fewer'}",
            explain="what belongs to one buffer is given back with another",
        )
        if lost < 0:
            raise Unsafe


def three(context: Context, exporter: Any) -> list[tuple[_Held, str]]:
    """Three buffers at once, as different as they are to be had; fewer where that is refused, and then they are given back."""
    wanted = (("FULL_RO", "RECORDS_RO", "STRIDES", "ND", "SIMPLE"), ("STRIDES", "INDIRECT", "ND", "SIMPLE"), ("SIMPLE", "ND", "STRIDES", "INDIRECT"))
    got: list[tuple[_Held, str]] = []
    for names in wanted:
        one = context.hold(exporter, *names)
        if one is None:
            for held, name in got:
                context.release(held, name)
            return []
        got.append(one)
    return got


def intact(context: Context, held: _Held, request: str, *, released: str) -> None:
    change = held.difference()
    before, now = held.contents, held.read()
    if change is None and before is not None and now is not None and (why := freed(before, now)):
        change = f"freed memory: {why}"
    if change is not None:
        context.found(
            "E-62",
            request,
            expected="a buffer stays as it is while others are released",
            seen=change,
            explain=f"a buffer of {released} was released meanwhile",
        )


def ways(context: Context, exporter: Any) -> None:
    """E-63, R-03, E-65: through a copy of the struct, on another thread, with an exception set."""
    for way, rule in (("plain", "E-65"), ("exception", "E-65"), ("copy", "E-63"), ("thread", "R-03")):
        before = _check_count(exporter)
        got = context.hold(exporter)
        if got is None:
            return
        held, request = got
        del got
        list(context.heard())
        trouble = context.release(held, request, way=way, rule=rule)
        del held
        if trouble is not None:
            context.found(
                "E-65",
                request,
                expected="the exception that was set before" if way == "exception" else "no exception after the release",
                seen=trouble,
                explain="release is called on error paths, and has to leave the error alone",
            )
        for said in context.heard():
            context.found(
                "E-65" if _of_c(exporter) else "P-05",
                request,
                expected="a release that raises nothing",
                seen=re.sub(r"\d{4,}", "…", said),
                explain="it could only be reported to sys.unraisablehook",
            )
        lost = before - _check_count(exporter)
        if lost > 0 and context.counted(exporter) is not None:
            context.found(
                rule,
                request,
                expected="the same reference count after the release",
                seen=f"{lost} fewer",
                explain=f"released by way of: {way}",
            )
            raise Unsafe


def _of_c(exporter: Any) -> bool:
    """Whether the release is a slot written in C."""
    for cls in type(exporter).__mro__:
        if "__release_buffer__" in vars(cls):
            return type(vars(cls)["__release_buffer__"]).__name__ == "wrapper_descriptor"
    return True

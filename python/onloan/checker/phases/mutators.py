"""E: whatever might resize, while a buffer is out; and whether what is refused then works before and afterwards."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

from ..._onloan import _check_rounds, _Held, buffer_slots
from ..context import REQUESTS, Context
from ..cpython import is_of_python
from ..freed import churn, freed
from .reentrance import reentrant

Mutator = Callable[[Any], Any]

_MORE = b"\0" * 4096


def _tried(*calls: Mutator) -> Mutator:
    """The first of the calls that the exporter takes: what one wants as argument is not known."""

    def mutator(exporter: Any) -> Any:
        for call in calls[:-1]:
            try:
                return call(exporter)
            except (TypeError, ValueError, OverflowError, LookupError):
                continue
        return calls[-1](exporter)

    return mutator


def _setitem(exporter: Any) -> None:
    exporter[0:1] = exporter[0:1] * 2


def _setitem_bytes(exporter: Any) -> None:
    exporter[0:1] = _MORE


def _delitem(exporter: Any) -> None:
    del exporter[0]


#: The methods that E-50 names, by what has to be there; none is called that the exporter has not.
_BUILT_IN: tuple[tuple[str, str, Mutator], ...] = (
    ("append", "append", _tried(lambda o: o.append(0), lambda o: o.append(0.0), lambda o: o.append("a"), lambda o: o.append(b"\0"))),
    ("extend", "extend", _tried(lambda o: o.extend(o[:]), lambda o: o.extend([0] * 4096), lambda o: o.extend(_MORE))),
    ("insert", "insert", _tried(lambda o: o.insert(0, 0), lambda o: o.insert(0, 0.0), lambda o: o.insert(0, b"\0"))),
    ("pop", "pop", lambda o: o.pop()),
    ("remove", "remove", lambda o: o.remove(o[0])),
    ("clear", "clear", lambda o: o.clear()),
    ("resize", "resize", _tried(lambda o: o.resize(len(o) * 2 + 4096), lambda o: o.resize((4096,)), lambda o: o.resize(8192))),
    ("truncate", "truncate", lambda o: o.truncate(0)),
    ("frombytes", "frombytes", lambda o: o.frombytes(bytes(o.itemsize if hasattr(o, "itemsize") else 1) * 4096)),
    ("fromlist", "fromlist", _tried(lambda o: o.fromlist([0] * 4096), lambda o: o.fromlist(["a"] * 4096))),
    ("+=", "__iadd__", _tried(lambda o: o.__iadd__(o), lambda o: o.__iadd__(_MORE))),
    ("*=", "__imul__", lambda o: o.__imul__(64)),
    ("del [0]", "__delitem__", _delitem),
    ("[0:1] =", "__setitem__", _tried(_setitem, _setitem_bytes)),
    ("__setstate__", "__setstate__", _tried(lambda o: o.__setstate__((_MORE, 0, None)), lambda o: o.__setstate__(_MORE))),
    ("__init__", "__init__", _tried(lambda o: o.__init__(_MORE), lambda o: o.__init__())),
    ("close", "close", lambda o: o.close()),
    ("__exit__", "__exit__", lambda o: o.__exit__(None, None, None)),
)


def candidates(exporter: Any) -> Iterator[tuple[str, Mutator]]:
    """The built-in mutators that an exporter has."""
    for name, attribute, mutator in _BUILT_IN:
        if attribute == "__init__" and type(exporter).__init__ is object.__init__:
            continue
        if hasattr(type(exporter), attribute) or attribute in getattr(exporter, "__dict__", {}):
            yield name, mutator


def run(context: Context) -> None:
    mutators = [*candidates(context.make()), *context.mutators.items()]
    locks: list[tuple[str, Mutator]] = []
    allowed: list[tuple[str, Mutator]] = []
    for name, mutator in mutators:
        if name in context.skip:
            continue
        context.step("E-50", None, name)
        (locks if while_out(context, name, mutator) else allowed).append((name, mutator))
        # The exporter goes now, so that what it dies of is not laid on something else.
        context.step("E-50", None, name)
        context.let_go()
    reentrant(context, {name for name, _ in locks})
    for name, mutator in locks:
        context.step("E-06", None, name)
        if free_works(context, mutator):
            counts(context, name, mutator)
            # To make an object again while it is lent is perverse; that what was lent stays is enough.
            for change in allowed:
                if change[0] == "__init__":
                    continue
                e64(context, *change, name, mutator)
            return


def alone(context: Context) -> None:
    """The mutators that killed an earlier child, where no buffer is out: whether they would have done so anyway."""
    for name, mutator in [*candidates(context.make()), *context.mutators.items()]:
        if name in context.skip:
            context.step("E-50", None, name)
            exporter = context.make()
            for _ in range(3):
                try:
                    mutator(exporter)
                except BaseException:
                    break
            again = context.hold(exporter)
            if again is not None:
                context.release(*again, name)
            del exporter, again
            context.let_go()
            gc.collect()


def while_out(context: Context, name: str, mutator: Mutator) -> bool:
    """Runs a mutator while a buffer is out; whether it was refused with BufferError."""
    exporter = context.make()
    got = context.hold(exporter)
    if got is None:
        return False
    held, request = got
    context.step("E-50", request, name)
    # What comes after the block on the heap, so that it cannot grow where it is.
    fence = churn(max(held.block[1], 0))
    raised: BaseException | None = None
    allowed = 0
    try:
        for _ in range(3):
            mutator(exporter)
            allowed += 1
    except BaseException as error:
        raised = error.with_traceback(None)
        # Through the frames of what was tried before, it would keep the exporter beyond this step.
        raised.__context__ = None
    refused = isinstance(raised, BufferError)
    taken = churn(max(held.block[1], 0))
    before, after = held.contents, held.read()
    change = held.difference()
    # What is described may reach into memory of others, who free it.
    unsteady = context.known.get("unsteady", False)
    why = freed(before, after) if before is not None and after is not None and not unsteady else None
    del taken, fence
    if why is not None:
        change = f"the memory was freed: {why}"
    elif change is None and refused and not allowed and not unsteady and before != after:
        # It was refused at once, and nevertheless done.
        change = "the bytes changed"
    if change is not None:
        done = "was allowed" if allowed else "was refused"
        context.found(
            "E-51" if refused and not (allowed or why) else "E-50",
            request,
            expected=f"{name} raises BufferError while a buffer is out, or leaves what was lent as it is",
            seen=f"it {done}, and {change}",
            explain=f"mutator: {name}",
        )
    context.release(held, request, name, rule="E-64")
    if change is None and refused:
        usable(context, exporter, request, name)
    elif change is None:
        again = context.hold(exporter)
        if again is not None:
            context.release(*again, name)
    return refused


def e64(context: Context, name: str, change: Mutator, locked: str, lock: Mutator) -> None:
    """E-64: a buffer that is released after an allowed change is given back like any other."""
    exporter = context.make()
    held, request = context.held(exporter)
    context.step("E-64", request, name)
    try:
        change(exporter)
    except BaseException:
        context.release(held, request, name)
        return
    context.release(held, request, name, rule="E-64")
    if _blocked(exporter, lock):
        context.found(
            "E-64",
            request,
            expected=f"{locked} works after a buffer was released that was out during {name}",
            seen="BufferError, as if a buffer were out",
            explain="the release looks at what the object is by then, not at what was lent",
        )


def usable(context: Context, exporter: Any, request: str, name: str) -> None:
    """E-51: after a refusal the object can be asked as before."""
    again = context.hold(exporter, request)
    if again is None:
        context.found(
            "E-51",
            request,
            expected=f"the request is granted again after {name} was refused",
            seen="it is refused",
            explain=f"mutator: {name}",
        )
        return
    context.release(*again, name)


def free_works(context: Context, mutator: Mutator) -> bool:
    """Whether a mutator works when nothing is out."""
    return not _blocked(context.make(), mutator)


def _blocked(exporter: Any, mutator: Mutator) -> bool:
    try:
        mutator(exporter)
    except BufferError:
        return True
    except BaseException:
        return False
    return False


def counts(context: Context, name: str, mutator: Mutator) -> None:
    """E-06, E-60, E-62, E-63, P-12, R-03: a mutator that is refused exactly as long as something is out."""

    def check(rule: str, what: str, exporter: Any, *, explain: str, request: str | None = None) -> bool:
        gc.collect()
        blocked = _blocked(exporter, mutator)
        if blocked:
            context.found(
                rule,
                *[request] if request else [],
                expected=f"{name} works after {what}",
                seen="BufferError, as if a buffer were out",
                explain=explain,
            )
        return not blocked

    refusals(context, name, mutator)
    for way, rule in (("plain", "E-06"), ("copy", "E-63"), ("thread", "R-03"), ("exception", "E-65")):
        context.step(rule, None, name)
        exporter = context.make()
        held, request = context.held(exporter)
        owner = held.owner
        astray = owner is not None and owner is not exporter and not buffer_slots(type(owner))[1]
        del owner
        context.release(held, request, name, way=way, rule=rule)
        if way == "plain" and astray and _blocked(exporter, mutator):
            context.found(
                "E-60",
                request,
                expected="obj names an object whose type gives the buffer back",
                seen="another object, whose type has no bf_releasebuffer",
                explain=f"{name} stays refused after the release: the slot of the exporter's own type is never called",
            )
            return
        works = check(rule, f"a release ({way})", exporter, explain="the release does not reach what counts the exports", request=request)
        if way == "plain" and not works:
            return
    for order in permutations(range(3)):
        context.step("E-62", None, name)
        exporter = context.make()
        three = [context.hold(exporter, *names) for names in (("FULL_RO", "SIMPLE"), ("STRIDES", "ND", "SIMPLE"), ("SIMPLE", "ND", "FULL_RO"))]
        held_now = [got for got in three if got is not None]
        if len(held_now) < 3:
            for got in held_now:
                context.release(*got, name)
            return
        still_refused(context, name, mutator, exporter, [held_now[which] for which in order])
        check("E-62", "three releases", exporter, explain="three buffers were out, and all are back")


def still_refused(context: Context, name: str, mutator: Mutator, exporter: Any, held: list[tuple[_Held, str]]) -> None:
    """Releases one after the other; before the last the mutator still has to be refused."""
    for at, (one, request) in enumerate(held):
        context.release(one, request, name, rule="E-62")
        left = len(held) - at - 1
        if left and not _blocked(exporter, mutator):
            context.found(
                "E-06",
                held[-1][1],
                expected=f"{name} raises BufferError while {left} of 3 buffers are out",
                seen="it was allowed",
                explain="exports are not counted: one release takes the lock off for all",
            )
            for last in held[at + 1 :]:
                context.release(*last, name)
            return


def refusals(context: Context, name: str, mutator: Mutator) -> None:
    """E-06, P-12: a mutator that works after requests that were refused."""
    exporter = context.make()
    of_python = is_of_python(exporter)
    requests = [request for request, flags in REQUESTS.items() if not _check_rounds(context.make() if of_python else exporter, flags, 1)]
    if not of_python:
        context.step("E-06", None, name)
        for request in requests:
            _check_rounds(exporter, REQUESTS[request], 2)
        if not _blocked(exporter, mutator):
            return
    for request in requests:
        context.step("E-06", request, name)
        exporter = context.make()
        _check_rounds(exporter, REQUESTS[request], 2)
        if _blocked(exporter, mutator):
            context.found(
                "P-12" if of_python else "E-06",
                request,
                expected=f"{name} works after a request that was refused",
                seen="BufferError, as if a buffer were out",
                explain="__buffer__ counts, memoryview refuses, and __release_buffer__ is not called"
                if of_python
                else "an export is counted before the request is refused",
            )

"""In a worker: what fills the ledger, and what searches in it. Each leaves facts as numbers by name."""

from __future__ import annotations

import gc
import linecache
import time
from collections.abc import Callable
from typing import Any

from tracers import demand

from common import pybuf
from common.measure import resident_bytes

#: What a program keeps its views in.
kept: Any = None


def is_tracing() -> bool:
    """Whether there is a ledger at all: the same is done without one, to see what the program itself costs."""
    import onloan

    return onloan.is_tracing()


def ledger() -> tuple[int, int]:
    """Bytes, and exports that are on record."""
    from onloan import _onloan

    return _onloan.trace_bytes()


def lost() -> dict[str, int]:
    """What the ledger says it has dropped."""
    from onloan import _onloan

    return _onloan.trace_lost()


def growth(work: Callable[[], None]) -> dict[str, float]:
    """Seconds of this thread, and what the process and the ledger have grown by."""
    from onloan import _onloan

    gc.collect()
    resident, (held, _), mark = resident_bytes(), ledger(), _onloan.trace_mark()
    before = time.thread_time_ns()
    work()
    elapsed = time.thread_time_ns() - before
    facts = {"seconds": elapsed / 1e9, "ledger": ledger()[0] - held, "recorded": _onloan.trace_mark() - mark}
    after = resident_bytes()
    return facts if resident is None or after is None else {**facts, "resident": after - resident}


def from_sites(sites: int, times: int) -> dict[str, float]:
    """So many lines, each of which acquires and releases so often."""
    name = "many_sites.py"
    body = [f"        memoryview(lent).release()  # {line}" for line in range(sites)]
    namespace: dict[str, Any] = {}
    source = "\n".join(["def run(lent, times):", "    for _ in range(times):", *body]) + "\n"
    exec(compile(source, name, "exec"), namespace)
    linecache.cache.pop(name, None)
    lent = bytearray(64)
    facts = growth(lambda: namespace["run"](lent, times))
    if is_tracing():
        import onloan

        demand(facts["recorded"] == sites * times, f"{facts['recorded']} acquisitions recorded, not {sites * times}")
        found = [site for site in onloan.snapshot(holders=False).sites if site.file == name]
        demand(len(found) == sites, f"{len(found)} sites, not {sites}")
        counts = {(site.acquired, site.released, site.live) for site in found}
        demand(counts == {(times, times, 0)}, f"a site has other counts than {times}: {counts}")
        demand(not any(lost().values()), f"something is lost: {lost()}")
    return facts


def _branch(path: int, deep: int, lent: bytearray) -> None:
    if deep == 0:
        memoryview(lent).release()
    elif path & 1:
        _branch(path >> 1, deep - 1, lent)
    else:
        _branch(path >> 1, deep - 1, lent)


def from_stacks(count: int) -> dict[str, float]:
    """As many acquisitions, each with callers of its own: more than there is room for."""
    deep = (count - 1).bit_length()
    lent = bytearray(64)

    def work() -> None:
        for path in range(count):
            _branch(path, deep, lent)

    facts = growth(work)
    if is_tracing():
        demand(facts["recorded"] == count, f"{facts['recorded']} acquisitions recorded, not {count}")
        demand(lost()["dropped_stacks"] > 0, "more stacks than there is room for, and none is said to be dropped")
        facts["dropped_stacks"] = lost()["dropped_stacks"]
    return facts


def stay_out(count: int, exporters: int) -> dict[str, float]:
    """So many memoryviews of so many bytearrays, that stay."""
    global kept
    kept = [[], []]

    def work() -> None:
        lent, views = kept
        lent += [bytearray(8) for _ in range(exporters)]
        views += [memoryview(lent[number % exporters]) for number in range(count)]

    _, before = ledger()
    facts = growth(work)
    if is_tracing():
        _, after = ledger()
        demand(after - before == count, f"{after - before} exports on record, {count} are out")
        demand(not any(lost().values()), f"something is lost: {lost()}")
    return facts


def let_go() -> int:
    """Releases what stayed out; how many records are left."""
    global kept
    kept = None
    gc.collect()
    return ledger()[1]


def over_the_limit(limit: int, more: int) -> dict[str, float]:
    """More exports than the ledger keeps: so many are said to be dropped as are too many."""
    import trace_driver

    lent = bytearray(64)
    _, before = ledger()
    facts = growth(lambda: trace_driver.refill(lent, pybuf.SIMPLE, limit - before + more))
    _, after = ledger()
    demand(after == limit, f"{after} exports on record, the limit is {limit}")
    demand(lost()["dropped_records"] == more, f"{lost()['dropped_records']} dropped, {more} were too many")
    return facts


class Cache:
    """Somebody who keeps a view."""

    def __init__(self, lent: bytearray) -> None:
        self.views = {"one": memoryview(lent)}


def heap_of(objects: int) -> int:
    """So many objects that the collector knows, and one view that somebody keeps; how many there are."""
    global kept
    many: list[object] = []
    for number in range(objects // 4):
        many += [[number], {"number": [number]}, (number, [])]
    lent = bytearray(64)
    kept = {"many": many, "lent": lent, "cache": Cache(lent)}
    count = len(gc.get_objects())
    demand(count >= objects, f"the collector knows {count} objects, not {objects}")
    return count


def ask(what: str, holder: bool) -> float:
    """Seconds of this thread for one question, whose answer is looked at if a holder is to be found."""
    import onloan

    questions: dict[str, Callable[[], object]] = {
        "holders": lambda: onloan.holders(kept["lent"]),
        "exports": lambda: onloan.exports(kept["lent"]),
        "snapshot": onloan.snapshot,
        "snapshot without holders": lambda: onloan.snapshot(holders=False),
    }
    before = time.thread_time_ns()
    answer: Any = questions[what]()
    elapsed = time.thread_time_ns() - before
    if holder:
        chains = answer if what == "holders" else [chain for export in answer for chain in export.holders]
        links = [link for chain in chains for link in chain]
        demand(any("Cache" in link for link in links), f"Cache keeps the view, found was {chains}")
    elif what.startswith("snapshot"):
        _, records = ledger()
        demand(answer.live_count == records, f"{answer.live_count} exports in the snapshot, {records} on record")
    return elapsed / 1e9

"""How long it takes to find out who holds something."""

from __future__ import annotations

import ways
from case import Kept, Mark, Reached
from memory import Amounts
from workers import Crew

from common.measure import Spread

GROUP = "Who holds it"

OBJECTS = 1_000_000

#: So often each question is asked.
TIMES = 5

SECOND = Mark("< 1 s", 1)


def cases(amounts: Amounts) -> dict[str, tuple[ways.Way, str]]:
    """Titles, and who is asked what."""
    among = f"of one buffer among {OBJECTS:,} objects"
    return {
        f"holders {among}": (ways.ONLOAN, "holders"),
        f"holders {among}, without tracing": (ways.NEVER, "holders"),
        f"exports {among}": (ways.ONLOAN, "exports"),
        f"snapshot of {amounts.out:,} exports": (ways.ONLOAN, "snapshot"),
        f"snapshot of {amounts.out:,} exports, without holders": (ways.ONLOAN, "snapshot without holders"),
    }


def measure(crew: Crew, wanted: set[str], amounts: Amounts) -> list[Kept]:
    """Those of the cases that are wanted."""
    found = []
    for name, (way, what) in cases(amounts).items():
        if name not in wanted:
            continue
        among = not what.startswith("snapshot")
        with crew.of(way) as workers:
            worker = workers[way.name]
            if among:
                facts = {"objects": worker.task("heap_of", objects=OBJECTS)}
            else:
                facts = worker.task("stay_out", count=amounts.out, exporters=1)
            times = [worker.task("ask", what=what, holder=among) for _ in range(TIMES)]
            worker.task("let_go")
        spread = Spread.of(times)
        numbers = {"takes": f"{spread.median:.2f} s"}
        reached = [Reached(SECOND, spread)] if among else []
        found.append(Kept(GROUP, name, numbers, {way.name: {**facts, "ask": spread.as_json()}}, reached))
    return found

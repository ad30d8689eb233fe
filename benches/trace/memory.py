"""What the ledger keeps: many acquisitions, many stacks, many exports that stay out."""

from __future__ import annotations

from dataclasses import dataclass

import ways
from case import Kept, Mark, Reached
from workers import Crew

from common.measure import Spread

GROUP = "What the ledger keeps"

#: Bytes.
BOUND = 64 << 20
EACH = 200

#: So many exports the ledger keeps at most, of all exporters together.
LIMIT = 1 << 22


@dataclass(frozen=True)
class Amounts:
    """How much of everything; `limit` is whether more exports are to stay out than are kept, for which 500 MB are needed."""

    times: int
    stacks: int
    out: int
    limit: bool


USUAL = Amounts(times=10_000, stacks=200_000, out=1_000_000, limit=True)
QUICK = Amounts(times=1_000, stacks=200_000, out=100_000, limit=False)

SITES = 1000


def measure(crew: Crew, wanted: set[str], amounts: Amounts, left_out: dict[str, str]) -> list[Kept]:
    """Those of the cases that are wanted."""
    found = []
    for name, arguments in cases(amounts).items():
        if name in wanted:
            found.append(stays_out(crew, name, arguments) if "count" in arguments else bounded(crew, name, arguments))
    if limit_case() in wanted:
        if amounts.limit:
            found.append(over_the_limit(crew))
        else:
            left_out[limit_case()] = "not with --quick: the ledger alone takes 500 MB then"
    return found


def cases(amounts: Amounts) -> dict[str, dict[str, int]]:
    """Titles, and what `tasks` is told."""
    out = amounts.out
    return {
        f"{SITES * amounts.times:,} acquisitions from {SITES:,} sites": {"times": amounts.times},
        f"{amounts.stacks:,} acquisitions, each from a stack of its own": {"stacks": amounts.stacks},
        f"{out:,} exports of one bytearray": {"count": out, "exporters": 1},
        f"{out:,} exports of as many bytearrays": {"count": out, "exporters": out},
    }


def limit_case() -> str:
    """The title of the case that asks for more than is kept."""
    return f"{LIMIT + 1000:,} exports"


def bounded(crew: Crew, name: str, arguments: dict[str, int]) -> Kept:
    """Memory for acquisitions that are over again, held against the same without a ledger."""
    traced = ways.ONLOAN if "times" in arguments else next(way for way in ways.WAYS if way.name == "onloan(25)")
    facts: dict[str, dict[str, float]] = {}
    for way in (ways.NEVER, traced):
        with crew.of(way) as workers:
            worker = workers[way.name]
            if "times" in arguments:
                facts[way.name] = worker.task("from_sites", sites=SITES, times=arguments["times"])
            else:
                facts[way.name] = worker.task("from_stacks", count=arguments["stacks"])
    with_it, without = facts[traced.name], facts[ways.NEVER.name]
    numbers = {"ledger": megabytes(with_it["ledger"])}
    reached = [Reached(Mark("ledger < 64 MB", BOUND), exactly(with_it["ledger"]))]
    if "resident" in with_it:
        more = with_it["resident"] - without["resident"]
        numbers["process"] = f"{megabytes(more)} more than without"
        reached.append(Reached(Mark("process < 64 MB more", BOUND), exactly(more)))
    if "dropped_stacks" in with_it:
        numbers["said to be dropped"] = f"{with_it['dropped_stacks']:,.0f} stacks, of which the innermost frame was kept"
    return Kept(GROUP, name, numbers, facts, reached)


def stays_out(crew: Crew, name: str, arguments: dict[str, int]) -> Kept:
    """Memory for exports that are out, held against the same without a ledger."""
    facts: dict[str, dict[str, float]] = {}
    for way in (ways.NEVER, ways.ONLOAN):
        with crew.of(way) as workers:
            facts[way.name] = workers[way.name].task("stay_out", **arguments)
            left = workers[way.name].task("let_go")
            if left:
                facts[way.name]["left"] = left
    count = arguments["count"]
    traced, without = facts[ways.ONLOAN.name], facts[ways.NEVER.name]
    numbers = {"ledger": f"{traced['ledger'] / count:.1f} bytes each"}
    reached = [Reached(Mark("ledger ≤ 200 bytes each", EACH), exactly(traced["ledger"] / count))]
    if "resident" in traced:
        each = (traced["resident"] - without["resident"]) / count
        numbers["process"] = f"{each:.1f} bytes each more than without"
        reached.append(Reached(Mark("process ≤ 200 bytes each more", EACH), exactly(each)))
    reached.append(Reached(Mark("none on record once they are released", 0), exactly(traced.get("left", 0))))
    return Kept(GROUP, name, numbers, facts, reached)


def over_the_limit(crew: Crew) -> Kept:
    """One thousand more than are kept; that they are counted is looked at by the worker."""
    with crew.of(ways.ONLOAN) as workers:
        facts = workers[ways.ONLOAN.name].task("over_the_limit", limit=LIMIT, more=1000)
    numbers = {"ledger": f"{facts['ledger'] / LIMIT:.1f} bytes each", "said to be dropped": "1,000 exports"}
    reached = [Reached(Mark("ledger ≤ 200 bytes each", EACH), exactly(facts["ledger"] / LIMIT))]
    return Kept(GROUP, limit_case(), numbers, {ways.ONLOAN.name: facts}, reached)


def exactly(value: float) -> Spread:
    """Of what is counted, and the same each time."""
    return Spread(value, value, value)


def megabytes(value: float) -> str:
    """As they are printed."""
    return f"{value / (1 << 20):.1f} MB"

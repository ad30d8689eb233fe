"""The facts as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

import ways
from case import Kept, Reached, Timed, added, ratio
from timing import OPERATIONS

from common.measure import Spread, timing
from common.tables import head_json, heading_of, short, spread_cell, table, timing_json


@dataclass
class Facts:
    """Everything that one run found out."""

    rounds: int
    batch: int
    seed: int
    core: int | None
    versions: dict[str, str]
    left_out: dict[str, str]
    timed: list[Timed] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """One document; ratios are to `never started`, in the same round."""
        return {
            **head_json(self),
            "batch_us": self.batch,
            "timed": [timed_json(timed) for timed in self.timed],
            "kept": [kept_json(kept) for kept in self.kept],
        }


def timed_json(timed: Timed) -> dict[str, object]:
    """One case with all ways."""
    base = timed.times[ways.NEVER.name]
    return {
        "operation": timed.operation,
        "exporter": timed.exporter,
        "ways": {
            name: {**timing_json(timing(values, base)), "added_ns": as_json(added(timed.times, name, ways.NEVER.name))}
            for name, values in timed.times.items()
        },
        "marks": list(map(reached_json, timed.reached)),
    }


def kept_json(kept: Kept) -> dict[str, object]:
    """One case with what each worker found."""
    return {
        "group": kept.group,
        "name": kept.name,
        "facts": kept.facts,
        "marks": list(map(reached_json, kept.reached)),
    }


def reached_json(reached: Reached) -> dict[str, object]:
    """A mark, and what was measured of it."""
    return {
        "mark": reached.mark.text,
        "most": reached.mark.most,
        "measured": as_json(reached.measured),
        "met": reached.met,
    }


def as_json(spread: Spread | None) -> dict[str, float] | None:
    """Nothing of nobody."""
    return None if spread is None else spread.as_json()


def markdown(facts: Facts) -> str:
    """The whole report."""
    rounds = f"{facts.rounds} rounds of {facts.batch} µs for each, interleaved, seed {facts.seed}."
    parts = [heading_of("What tracing costs", facts.core, rounds, facts.versions)]
    for operation in OPERATIONS.values():
        rows = [timed for timed in facts.timed if timed.operation == operation]
        if rows:
            parts += [cost_table(operation, rows)]
    groups = list(dict.fromkeys(kept.group for kept in facts.kept))
    parts += [kept_table(group, [kept for kept in facts.kept if kept.group == group]) for group in groups]
    parts.append(marks(facts))
    if facts.left_out:
        lines = [f"- {name}: {why}" for name, why in facts.left_out.items()]
        parts.append("## Left out\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def cost_table(operation: str, rows: list[Timed]) -> str:
    """The base in nanoseconds; after a stop the ratio to it; of whatever traces what it adds, and how many times the base that comes to."""
    base = ways.NEVER.name
    names = [way.name for way in ways.WAYS if way.name in rows[0].times and way.name != base]
    head = ["x", f"{base}, ns", *(f"{name}, ratio" if name == ways.STOPPED.name else name for name in names), "met"]
    lines = []
    for timed in rows:
        never = Spread.of([value for value in timed.times[base] if value is not None])
        cells = [timed.exporter, f"{never.median:.1f}"]
        for name in names:
            over = ratio(timed.times, name, base)
            more = added(timed.times, name, base)
            assert over is not None and more is not None
            stopped = name == ways.STOPPED.name
            cells.append(spread_cell(over) if stopped else f"{signed(more)} ns, × {short(over.median)}")
        lines.append([*cells, ", ".join(map(verdict, timed.reached))])
    wanted = "; ".join(reached.mark.text for reached in rows[0].reached)
    if any(ways.acquisitions(timed.exporter) > 1 for timed in rows) and operation == OPERATIONS["pair"]:
        wanted += " (a PEP 688 class is two acquisitions, and may take twice that)"
    note = (
        f"What is added to {base} in the same round, and the ratio to it: the medians of the rounds, with the 10th and "
        "90th percentile of what is added. The "
        f"marks, in the order of the last column: {wanted}."
    )
    return f"## {operation}\n\n{note}\n\n{table(head, lines)}"


def signed(spread: Spread) -> str:
    """What is added, with its tenths."""
    return f"{spread.median:+.1f} ({spread.p10:.1f}–{spread.p90:.1f})"


def kept_table(group: str, rows: list[Kept]) -> str:
    """Numbers of all rows under the names that any has."""
    columns = list(dict.fromkeys(name for kept in rows for name in kept.numbers))
    lines = [
        [
            kept.name,
            *(kept.numbers.get(column, "–") for column in columns),
            "; ".join(reached.mark.text for reached in kept.reached) or "–",
            ", ".join(map(verdict, kept.reached)) or "–",
        ]
        for kept in rows
    ]
    return f"## {group}\n\n{table(['case', *columns, 'marks', 'met'], lines)}"


def verdict(reached: Reached) -> str:
    """What was measured, and whether that is the mark."""
    if reached.measured is None:
        return "not measured"
    return f"{'yes' if reached.met else '**no**'}: {number(reached.measured.median)}"


def number(value: float) -> str:
    """Bytes in megabytes, if there are many; everything else as short as it can be said."""
    return f"{value / (1 << 20):.1f} MB" if abs(value) >= 10_000 else f"{value:.3g}"


def marks(facts: Facts) -> str:
    """How many were met, and which were not."""
    cases = [(f"{timed.operation}: {timed.exporter}", timed.reached) for timed in facts.timed]
    cases += [(f"{kept.group}: {kept.name}", kept.reached) for kept in facts.kept]
    known = [(name, one) for name, reached in cases for one in reached if one.met is not None]
    missed = [
        f"- {name}: {one.mark.text}: {number(one.measured.median)}"
        for name, one in known
        if one.measured is not None and not one.met
    ]
    return "\n".join(["## Marks", "", f"{len(known) - len(missed)} of {len(known)} were met.", "", *missed]).rstrip()

"""The facts as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from case import Group
from stopwatch import Reached, Row

from common.tables import head_json, heading_of, spread_cell, table, timing_json


@dataclass
class Facts:
    """Everything that one run found out."""

    rounds: int
    batch: int
    seed: int
    core: int | None
    versions: dict[str, str]
    left_out: dict[str, str]
    groups: list[tuple[Group, list[Row]]] = field(default_factory=list)

    def missed(self) -> list[tuple[Group, Row, Reached]]:
        """Marks that were not met."""
        return [
            (group, row, reached)
            for group, rows in self.groups
            for row in rows
            for reached in row.reached
            if reached.met is False
        ]

    def as_json(self) -> dict[str, object]:
        """One document; ratios are to the base of the group, in the same round."""
        return {
            **head_json(self),
            "batch_us": self.batch,
            "cases": [row_json(group, row) for group, rows in self.groups for row in rows],
        }


def row_json(group: Group, row: Row) -> dict[str, object]:
    """One case with all ways."""
    return {
        "group": group.name,
        "name": row.case.name,
        "size": row.case.size,
        "items": row.case.items,
        "base": group.base,
        "ways": {name: timing_json(timing) for name, timing in row.timings.items()},
        "marks": [reached_json(reached) for reached in row.reached],
    }


def reached_json(reached: Reached) -> dict[str, object]:
    """A mark, and what was measured of it."""
    return {
        "way": reached.mark.way,
        "against": reached.mark.against,
        "most": reached.mark.most,
        "measured": None if reached.measured is None else reached.measured.as_json(),
        "limit": None if reached.limit is None else reached.limit.as_json(),
        "met": reached.met,
    }


def markdown(facts: Facts) -> str:
    """The whole report."""
    rounds = f"{facts.rounds} rounds of {facts.batch} µs for each, interleaved, seed {facts.seed}."
    parts = [heading_of("What a view costs", facts.core, rounds, facts.versions)]
    parts += [group_table(group, rows) for group, rows in facts.groups]
    parts.append(marks(facts))
    if facts.left_out:
        lines = [f"- {name}: {why}" for name, why in facts.left_out.items()]
        parts.append("## Left out\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def group_table(group: Group, rows: list[Row]) -> str:
    """The base in nanoseconds, everybody else as a ratio to it."""
    columns = [way for way in group.ways if any(way in row.timings for row in rows)]
    base = columns[0]
    sized = any(row.case.size is not None for row in rows)
    head = ["case", *(["size"] if sized else []), f"{base}, ns", *columns[1:], "mark", "met"]
    lines = []
    for row in rows:
        cells = [row.case.name, *([row.case.size or ""] if sized else [])]
        cells.append(nanoseconds(row.timings[base].ns.median) if base in row.timings else "–")
        cells += [spread_cell(row.timings[way].ratio) if way in row.timings else "–" for way in columns[1:]]
        cells += [", ".join(str(reached.mark) for reached in row.reached) or "–"]
        cells += [", ".join(map(verdict, row.reached)) or "–"]
        lines.append(cells)
    note = (
        f"{group.note} Ratios to {base} in the same round: the median of the rounds, with the 10th and 90th percentile."
    )
    return f"## {group.name}\n\n{note}\n\n{table(head, lines)}"


def verdict(reached: Reached) -> str:
    """What was measured, and whether that is the mark."""
    if reached.measured is None:
        return "not measured"
    return f"{'yes' if reached.met else '**no**'}: {reached.measured.median:.3g}"


def marks(facts: Facts) -> str:
    """How many were met, and which were not."""
    known = [reached for _, rows in facts.groups for row in rows for reached in row.reached if reached.met is not None]
    missed = facts.missed()
    lines = [f"{len(known) - len(missed)} of {len(known)} were met."]
    lines += [
        f"- {group.name}: {row.case.title}: {reached.mark}: {reached.measured.median:.3g}{excuse(group, reached)}"
        for group, row, reached in missed
        if reached.measured is not None
    ]
    return "## Marks\n\n" + "\n".join([lines[0], "", *lines[1:]]).rstrip()


def excuse(group: Group, reached: Reached) -> str:
    """Where the limit itself would miss the mark, what it would have come to."""
    if reached.limit is None or not reached.out_of_reach:
        return ""
    return f" ({group.limit} itself: {reached.limit.median:.3g})"


def nanoseconds(value: float) -> str:
    """Three digits at least, with the thousands apart."""
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"

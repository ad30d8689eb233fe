"""The facts as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.measure import Spread, Timing, significant
from common.tables import head_json, heading_of, spread_cell, table, timing_json
from many import LEVELS, Many
from peers import FLOOR, Exporter
from refusals import COLUMNS, FLOOR_ROW, Refusal


@dataclass
class Facts:
    """Everything that one run found out."""

    rounds: int
    batch: int
    seed: int
    core: int | None
    exporters: list[Exporter]
    versions: dict[str, str]
    left_out: dict[str, str]
    granted: dict[str, dict[str, Timing]]
    refusals: list[Refusal]
    refused: dict[str, dict[str, Timing]]
    many: dict[str, Many]
    allocations: dict[str, dict[str, float]] | None
    wrong: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """One document; ratios are to the floor of the same round."""
        return {
            **head_json(self),
            "batch": self.batch,
            "wrong": self.wrong,
            "exporters": [self.exporter_json(exporter) for exporter in self.exporters],
            "refused": [self.refusal_json(refusal) for refusal in self.refusals],
            "many": [many_json(name, many, self.many[FLOOR]) for name, many in self.many.items()],
        }

    def exporter_json(self, exporter: Exporter) -> dict[str, object]:
        """One exporter with all that was granted."""
        requests = {
            request: timing_json(rows[exporter.name]) for request, rows in self.granted.items() if exporter.name in rows
        }
        document = {"name": exporter.name, "readonly": exporter.readonly}
        if self.allocations is not None:
            document["allocations"] = self.allocations.get(exporter.name)
        return document | {"requests": requests}

    def refusal_json(self, refusal: Refusal) -> dict[str, object]:
        """One refusal through one door."""
        timing = self.refused[refusal.column][refusal.row]
        return {
            "name": refusal.name,
            "asked": refusal.asked,
            "door": refusal.column,
            "error": refusal.error,
            **timing_json(timing),
        }


def many_json(name: str, many: Many, floor: Many) -> dict[str, object]:
    """One exporter with a million exports out."""
    return {
        "name": name,
        "pair_ns": {str(level): Spread.of(values).as_json() for level, values in many.pair.items()},
        "acquire_ns": {str(level): Spread.of(values).as_json() for level, values in many.acquire.items()},
        "release_ns": Spread.of(many.release).as_json(),
        "acquire_ratio": over(many.acquire[LEVELS[-1]], floor.acquire[LEVELS[-1]]).as_json(),
        "release_ratio": over(many.release, floor.release).as_json(),
        "flatness": many.flatness().as_json(),
        "heap_bytes": many.heap,
        "python_blocks": many.blocks,
        "resident_bytes": many.resident,
    }


def over(values: list[float], floor: list[float]) -> Spread:
    """Ratios round by round."""
    return Spread.of([value / least for value, least in zip(values, floor, strict=True)])


def markdown(facts: Facts) -> str:
    """The whole report."""
    parts = [heading(facts), granted_table(facts), refused_table(facts), many_table(facts)]
    if facts.left_out:
        parts.append("## Left out\n\n" + "\n".join(f"- {name}: {why}" for name, why in facts.left_out.items()))
    if facts.wrong:
        parts.append("## Not as it must be\n\n" + "\n".join(f"- {line}" for line in facts.wrong))
    return "\n\n".join(parts) + "\n"


def heading(facts: Facts) -> str:
    """Where and how this was measured."""
    rounds = f"{facts.rounds} rounds of {facts.batch} iterations, interleaved, seed {facts.seed}."
    return heading_of("Acquire + release", facts.core, rounds, facts.versions)


def granted_table(facts: Facts) -> str:
    """Ratio to the floor for each request."""
    floor = ", ".join(f"{request} {rows[FLOOR].ns.median:.1f} ns" for request, rows in facts.granted.items())
    head = ["exporter", *facts.granted] + (["allocations"] if facts.allocations is not None else [])
    rows = []
    for exporter in facts.exporters:
        cells = [ratio_cell(rows_of.get(exporter.name)) for rows_of in facts.granted.values()]
        if facts.allocations is not None:
            cells.append(allocation_cell(facts.allocations.get(exporter.name)))
        rows.append([exporter.name, *cells])
    note = (
        "Median over the rounds of the ratio to the C floor of the same round, with the 10th and 90th percentile; "
        "– is a request that the exporter refuses. Allocations are for one acquire + release, FULL_RO."
    )
    return f"## Granted\n\nFloor: {floor}.\n{note}\n\n{table(head, rows)}"


def refused_table(facts: Facts) -> str:
    """Ratio to the read-only floor for each refusal."""
    times = ", ".join(f"{column} {rows[FLOOR_ROW].ns.median:.1f} ns" for column, rows in facts.refused.items())
    head = ["exporter: asked", *COLUMNS.values(), "says"]
    said = {refusal.row: refusal.error for refusal in facts.refusals}
    rows = [
        [row, *(ratio_cell(facts.refused[column].get(row)) for column in COLUMNS.values()), error]
        for row, error in said.items()
    ]
    note = (
        "PyErr_Clear included. Both columns are ratios to the read-only C floor refusing WRITABLE through the same "
        "door. bytearray refuses no well-formed request: its rows are what its slot refuses at all."
    )
    return f"## Refused\n\nFloor: {times}.\n{note}\n\n{table(head, rows)}"


def many_table(facts: Facts) -> str:
    """A million exports of one object."""
    floor = facts.many[FLOOR]
    head = [
        "exporter",
        *(f"pair, {level:,} out" for level in LEVELS),
        "1,000,000 / none",
        "acquire",
        "release",
        "heap growth",
    ]
    rows = []
    for name, many in facts.many.items():
        pairs = [f"{Spread.of(many.pair[level]).median:.1f} ns" for level in LEVELS]
        acquire = over(many.acquire[LEVELS[-1]], floor.acquire[LEVELS[-1]])
        release = over(many.release, floor.release)
        rows.append(
            [name, *pairs, spread_cell(many.flatness()), spread_cell(acquire), spread_cell(release), heap_cell(many)]
        )
    last = LEVELS[-1]
    note = (
        f"FULL_RO. A pair is acquire + release while the others stay out; acquire is the stretch from "
        f"{LEVELS[-2]:,} to {last:,}, each into a Py_buffer of its own "
        f"(floor {Spread.of(floor.acquire[last]).median:.1f} ns), release gives all back, oldest first "
        f"(floor {Spread.of(floor.release).median:.1f} ns); both are ratios to the floor. "
        "Heap growth is for all the exports together."
    )
    return f"## A million exports\n\n{note}\n\n{table(head, rows)}"


def ratio_cell(timing: Timing | None) -> str:
    """`1.07 (1.05–1.10)`."""
    return "–" if timing is None else spread_cell(timing.ratio)


def allocation_cell(counts: dict[str, float] | None) -> str:
    """For FULL_RO."""
    return "–" if counts is None else f"{significant(counts['FULL_RO']):g}"


def heap_cell(many: Many) -> str:
    """C heap in bytes, Python's in blocks."""
    heap = "unknown" if many.heap is None else f"{many.heap} bytes"
    return heap if many.blocks <= LEVELS[-1] // 1000 else f"{heap}, {many.blocks} blocks"

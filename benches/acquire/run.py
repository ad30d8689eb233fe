"""What does acquire + release cost? `cargo xtask bench acquire` runs this with the Python of its venv.

Exit codes: 0 measured, and onloan is as it must be; 1 an answer was wrong, or a cell of onloan's is not flat or grows;
2 nothing could be measured.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from functools import partial
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written beside the sources
sys.path.append(str(Path(__file__).resolve().parents[1]))  # what all benchmarks share

import allocations
import answers
import many
import peers
import refusals
import rounds
from build import Workshop
from common import command, measure, pybuf
from common.workshop import Missing, say
from report import Facts, markdown

HOARD_ROUNDS = 15


def main() -> int:
    """Builds, checks, measures, reports."""
    options = arguments()
    shop = Workshop()
    try:
        shop.c(*peers.FLOOR_PARTS)
    except Missing as reason:
        return command.cannot(
            str(reason),
            "the clock and the floor are C: without a C compiler every peer is left out: "
            + ", ".join(group.name for group in peers.GROUPS),
        )
    core = command.settle(options)
    left_out: dict[str, str] = {}
    try:
        subjects = gather(shop, options.only, left_out)
    except Missing as reason:
        return command.cannot(f"onloan is missing: {reason}", "the peers alone: --only '^(?!onloan)'")
    facts = run(shop, subjects, left_out, core, options)
    print(markdown(facts), end="")
    if options.json:
        options.json.write_text(json.dumps(facts.as_json(), indent=1) + "\n")
    return 1 if facts.wrong else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    return command.arguments(
        "acquire",
        __doc__,
        rounds=command.Amount(200, 30, "rounds"),
        batch=command.Amount(20_000, 5_000, "iterations of the floor in a round"),
        only="exporters whose name it finds, and the two floors",
    )


def gather(shop: Workshop, only: re.Pattern[str], left_out: dict[str, str]) -> list[tuple[peers.Exporter, object]]:
    """Every exporter that can be had and is wanted, with an object that has given the right answers.

    Raises `Missing` when that is so of onloan itself: a table of the peers alone would answer nothing.
    """
    subjects = []
    for group in peers.GROUPS:
        wanted = [exporter for exporter in group.exporters if always(exporter) or only.search(exporter.name)]
        if not wanted:
            continue
        try:
            group.prepare(shop)
            made = [(exporter, make(exporter)) for exporter in wanted]
        except Missing as reason:
            if any(map(peers.ours, wanted)):
                raise
            left_out[group.name] = str(reason)
            say(f"left out: {group.name}: {reason}")
            continue
        for exporter, subject in made:
            answers.check(exporter, subject)
        subjects += made
    return subjects


def make(exporter: peers.Exporter) -> object:
    """An object of it; a class that is not there, or that wants other arguments, is as good as missing."""
    try:
        return exporter.make()
    except (ImportError, AttributeError, TypeError) as reason:
        raise Missing(f"{exporter.name} cannot be made: {reason!r}") from reason


def always(exporter: peers.Exporter) -> bool:
    """What the ratios are to."""
    return exporter.name in (peers.FLOOR, peers.FLOOR_READ_ONLY)


def run(
    shop: Workshop,
    subjects: list[tuple[peers.Exporter, object]],
    left_out: dict[str, str],
    core: int | None,
    options: argparse.Namespace,
) -> Facts:
    """All measurements, one after the other."""
    order = random.Random(options.seed)
    say(f"{len(subjects)} exporters, {options.rounds} rounds")
    refused = refusals.refusals(subjects)
    columns = {name: granted(subjects, value) for name, value in pybuf.TIMED.items()}
    columns |= {
        column: {refusal.row: refusal.run for refusal in refused if refusal.column == column}
        for column in refusals.COLUMNS.values()
    }
    floors = dict.fromkeys(pybuf.TIMED, peers.FLOOR) | dict.fromkeys(refusals.COLUMNS.values(), refusals.FLOOR_ROW)
    timings = rounds.measure(columns, floors, options.rounds, options.batch, order)
    say("a million exports")
    hoarded = many.measure(many.chosen(subjects), 3 if options.quick else HOARD_ROUNDS, options.batch, order)
    exporters = [exporter for exporter, _ in subjects]
    counted = None
    try:
        counted = allocations.count(shop.malloc_counter(), [exporter.name for exporter in exporters])
    except Missing as reason:
        left_out["allocations"] = str(reason)
    return Facts(
        options.rounds,
        options.batch,
        options.seed,
        core,
        exporters,
        versions(exporters),
        left_out,
        granted={name: timings[name] for name in pybuf.TIMED},
        refusals=refused,
        refused={column: timings[column] for column in refusals.COLUMNS.values()},
        many=hoarded,
        allocations=counted,
        wrong=judge(exporters, hoarded, counted),
    )


def versions(exporters: list[peers.Exporter]) -> dict[str, str]:
    """Of the groups that were measured."""
    measured = {
        group.name: group.version() for group in peers.GROUPS if any(row in exporters for row in group.exporters)
    }
    return {name: number for name, number in measured.items() if number}


def granted(subjects: list[tuple[peers.Exporter, object]], request: int) -> dict[str, measure.Batch]:
    """The exporters that grant the request."""
    import acquire_driver

    def pair(subject: object, iterations: int) -> int:
        return acquire_driver.time_pair(subject, request, iterations, min(iterations, 100))

    return {
        exporter.name: partial(pair, subject) for exporter, subject in subjects if answers.granted(exporter, request)
    }


def judge(
    exporters: list[peers.Exporter], hoarded: dict[str, many.Many], counted: dict[str, dict[str, float]] | None
) -> list[str]:
    """What must hold of our own exporters, whatever the machine: the cost of an export does not depend on how many
    are out, and an export allocates nothing."""
    wrong = []
    for exporter in exporters:
        if not peers.ours(exporter):
            continue
        result = hoarded[exporter.name]
        if result.flatness().median > many.FLAT:
            wrong.append(
                f"{exporter.name}: not flat: a pair with {many.LEVELS[-1]:,} exports out costs "
                f"{result.flatness().median:.2f} times one with none out"
            )
        if result.grows():
            wrong.append(
                f"{exporter.name}: {many.LEVELS[-1]:,} exports left {result.heap} bytes and "
                f"{result.blocks} blocks on the heap"
            )
        for request, number in (counted or {}).get(exporter.name, {}).items():
            if number >= 0.5:
                wrong.append(f"{exporter.name}: {request} allocates {number:g} times")
    return wrong


if __name__ == "__main__":
    try:
        sys.exit(main())
    except answers.WrongAnswer as wrong:
        say(f"error: a wrong answer, nothing was timed: {wrong}")
        sys.exit(1)

"""What does a view cost? `cargo xtask bench view` runs this with the Python of its venv.

Exit codes: 0 measured, whether the marks were met or not; 1 an answer was wrong; 2 nothing could be measured.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written beside the sources
sys.path.append(str(Path(__file__).resolve().parents[1]))  # what all benchmarks share

import acquiring
import build
import comparing
import copies
import objects
import stopwatch
import values
from case import Case, Group
from report import Facts, markdown

from common import command
from common.workshop import Missing, say

GROUPS = [acquiring.groups, objects.groups, copies.groups, comparing.groups, values.groups]


def main() -> int:
    """Builds, checks, measures, reports."""
    options = command.arguments(
        "view",
        __doc__,
        rounds=command.Amount(60, 12, "rounds"),
        batch=command.Amount(1000, 300, "microseconds that each way gets in a round"),
        only="cases whose 'table: case, size' it finds",
    )
    shop = build.Workshop()
    try:
        here, left_out = build.gather(shop)
    except Missing as reason:
        return command.cannot(str(reason), "the clock, onloan and numpy are needed; only other peers can be left out")
    core = command.settle(options)
    groups = [group for make in GROUPS for group in make(set(here))]
    chosen = [(group, cases) for group in groups if (cases := wanted(group, options))]
    if not chosen:
        return command.cannot("--only finds no case", "a case is called 'table: case, size'")
    versions = {name: number for name, number in here.items() if number}
    facts = Facts(options.rounds, options.batch, options.seed, core, versions, left_out)
    order = random.Random(options.seed)
    for group, cases in chosen:
        rows = []
        for case in cases:
            say(f"{group.name}: {case.title}")
            rows.append(stopwatch.measure(group, case, options.rounds, options.batch * 1000, order))
        facts.groups.append((group, rows))
    print(markdown(facts), end="")
    if options.json:
        options.json.write_text(json.dumps(facts.as_json(), indent=1) + "\n")
    return 0


def wanted(group: Group, options: argparse.Namespace) -> list[Case]:
    """The cases that `--only` finds."""
    if not options.only:
        return group.cases
    return [case for case in group.cases if options.only.search(f"{group.name}: {case.title}")]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except stopwatch.WrongAnswer as wrong:
        say(f"error: a wrong answer, nothing more was timed: {wrong}")
        sys.exit(1)

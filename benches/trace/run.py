"""What does tracing cost? `cargo xtask bench trace` runs this with the Python of its venv.

Exit codes: 0 measured, whether the marks were met or not; 1 an answer was wrong; 2 nothing could be measured.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written beside the sources
sys.path.append(str(Path(__file__).resolve().parents[1]))  # what all benchmarks share

import build
import memory
import searching
import timing
from report import Facts, markdown
from tracers import WrongAnswer
from ways import EXPORTERS
from workers import Crew, Ended

from common import command
from common.workshop import Missing, say


def main() -> int:
    """Builds, checks, measures, reports."""
    options = command.arguments(
        "trace",
        __doc__,
        rounds=command.Amount(60, 12, "rounds"),
        batch=command.Amount(1000, 500, "microseconds that each way gets in a round"),
        only="cases whose 'table: case' it finds",
    )
    shop = build.Workshop()
    try:
        here, versions, left_out = build.gather(shop)
    except Missing as reason:
        return command.cannot(str(reason), "the clock, onloan and numpy are needed; only memray can be left out")
    core = command.settle(options)
    amounts = memory.QUICK if options.quick else memory.USUAL

    def is_wanted(title: str) -> bool:
        return not options.only or options.only.search(title) is not None

    pairs = [(operation, exporter) for operation in timing.OPERATIONS for exporter in EXPORTERS]
    timed = [pair for pair in pairs if is_wanted(timing.title(*pair))]
    kept = {name for name in [*memory.cases(amounts), memory.limit_case()] if is_wanted(f"{memory.GROUP}: {name}")}
    asked = {name for name in searching.cases(amounts) if is_wanted(f"{searching.GROUP}: {name}")}
    if not timed and not kept and not asked:
        return command.cannot("--only finds no case", "a case is called 'table: case'")
    facts = Facts(options.rounds, options.batch, options.seed, core, versions, left_out)
    crew = Crew(core, shop.library)
    order = random.Random(options.seed)
    if timed:
        facts.timed = timing.measure(crew, here, timed, options.rounds, options.batch * 1000, order)
    if kept or asked:
        say("what the ledger keeps, and who holds it")
    facts.kept += memory.measure(crew, kept, amounts, left_out)
    facts.kept += searching.measure(crew, asked, amounts)
    print(markdown(facts), end="")
    if options.json:
        options.json.write_text(json.dumps(facts.as_json(), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (WrongAnswer, Ended) as wrong:
        say(f"error: a wrong answer, nothing more was timed: {wrong}")
        sys.exit(1)

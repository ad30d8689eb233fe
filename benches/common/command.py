"""The command line that all benchmarks have."""

from __future__ import annotations

import argparse
import random
import re
from dataclasses import dataclass
from pathlib import Path

from common import measure
from common.workshop import say


@dataclass(frozen=True)
class Amount:
    """How much of something a benchmark takes: usually, and for a look; what it is."""

    usual: int
    quick: int
    what: str


def arguments(name: str, document: str, rounds: Amount, batch: Amount, only: str) -> argparse.Namespace:
    """The command line of the benchmark `name`, which its `document` summarizes in the first line."""
    parser = argparse.ArgumentParser(prog=f"cargo xtask bench {name}", description=document.splitlines()[0])
    amounts = {"rounds": rounds, "batch": batch}
    for option, amount in amounts.items():
        parser.add_argument(
            f"--{option}", type=positive, help=f"{amount.what} ({amount.usual}, or {amount.quick} with --quick)"
        )
    parser.add_argument("--only", type=re.compile, default="", metavar="REGEX", help=only)
    parser.add_argument("--quick", action="store_true", help="a look: fewer and shorter rounds")
    parser.add_argument("--seed", type=int, help="of the order within a round; printed when not given")
    parser.add_argument("--core", type=int, help="core to stay on (the last one allowed)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the facts there as well")
    options = parser.parse_args()
    if options.core is not None and options.core not in measure.cores():
        parser.error(f"core {options.core} is none of those that this process may use: {sorted(measure.cores())}")
    for option, amount in amounts.items():
        if getattr(options, option) is None:
            setattr(options, option, amount.quick if options.quick else amount.usual)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    return options


def settle(options: argparse.Namespace) -> int | None:
    """Stays on one core, and says what it takes to do the same again. The core, where the system can."""
    core = measure.pin(options.core)
    if core is None:
        say("not pinned to a core: this system has no sched_setaffinity")
    say(f"seed {options.seed}")
    return core


def positive(text: str) -> int:
    """A count of at least one."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def cannot(error: str, hint: str) -> int:
    """Two lines for a person."""
    say(f"error: {error}")
    say(f"hint: {hint}")
    return 2

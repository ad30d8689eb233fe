"""Facts as Markdown and JSON: what all benchmarks print the same way."""

from __future__ import annotations

import platform
from typing import Protocol

from common.measure import Spread, Timing


def timing_json(timing: Timing) -> dict[str, object]:
    """Nanoseconds and ratio."""
    return {"ns": timing.ns.as_json(), "ratio": timing.ratio.as_json()}


def spread_cell(spread: Spread) -> str:
    """Median and tenths."""
    return f"{short(spread.median)} ({short(spread.p10)}–{short(spread.p90)})"


def short(value: float) -> str:
    """Two decimals below ten, one above; of small ones two digits."""
    if value < 0.1:
        return f"{value:.2g}"
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def heading_of(title: str, core: int | None, rounds: str, versions: dict[str, str]) -> str:
    """Where and how this was measured."""
    pinned = f"core {core}" if core is not None else "not pinned: this system cannot"
    return "\n".join(
        [
            f"# {title}",
            "",
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {processor()}; {pinned}; "
            f"{rounds}",
            "Peers: " + ", ".join(f"{name} {number}" for name, number in versions.items()) + ".",
        ]
    )


def machine() -> dict[str, object]:
    """Where this was measured, as it stands in every JSON document."""
    return {
        "python": platform.python_version(),
        "machine": {"system": platform.system(), "machine": platform.machine(), "processor": processor()},
    }


class Run(Protocol):
    """What is known of each run of a benchmark."""

    rounds: int
    seed: int
    core: int | None
    versions: dict[str, str]
    left_out: dict[str, str]


def head_json(run: Run) -> dict[str, object]:
    """What every JSON document begins with."""
    return {
        "schema": 1,
        **machine(),
        "rounds": run.rounds,
        "seed": run.seed,
        "core": run.core,
        "versions": run.versions,
        "left_out": left_out_json(run.left_out),
    }


def left_out_json(left_out: dict[str, str]) -> list[dict[str, str]]:
    """What could not be had."""
    return [{"name": name, "why": why} for name, why in left_out.items()]


def processor() -> str:
    """What the system calls its processor."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"

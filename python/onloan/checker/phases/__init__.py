"""The phases, in the order in which they run.

A phase is a module with `run(context)`. Each can be run alone, in a process of its own, with fresh exporters.
"""

from __future__ import annotations

from collections.abc import Callable

from ..context import Context
from . import accounting, baseline, lifetime, matrix, memory, mutators, pep688, stress

#: Name, what runs it, and the rule that is broken if the process does not survive it before it has said more.
PHASES: dict[str, tuple[Callable[[Context], None], str]] = {
    "baseline": (baseline.run, "E-22"),
    "matrix": (matrix.run, "E-20"),
    "memory": (memory.run, "E-35"),
    "accounting": (accounting.run, "E-03"),
    "lifetime": (lifetime.run, "E-52"),
    "mutators": (mutators.run, "E-50"),
    "alone": (mutators.alone, "E-50"),
    "stress": (stress.run, "E-03"),
    "pep688": (pep688.run, "P-01"),
}

"""The judge of exporters: `onloan check`, `onloan.check()`.

    catalogue/    the rules, and what a breach weighs in which profile
    findings.py   what was found
    runner.py     targets side by side, each in child processes
    worker.py     one child process: phase after phase
    phases/       one module a phase; the probes are in Rust
"""

from .findings import Finding, TargetReport
from .runner import Options, judge
from .rules import RULES, Rule

__all__ = ["RULES", "Finding", "Options", "Rule", "TargetReport", "judge"]

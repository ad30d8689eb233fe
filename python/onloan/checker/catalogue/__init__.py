"""The rules of the buffer protocol, section by section: `RULES` has all of them by their ids."""

from __future__ import annotations

from . import acquiring, fields, format, pep688, releasing, stability, structure, threads, types
from .rule import LEVELS, PROFILES, Level, Profile, Rule, Strength

__all__ = ["LEVELS", "PROFILES", "RULES", "SECTIONS", "Level", "Profile", "Rule", "Strength"]

#: Title and rules of each section, in the order of the life of a buffer.
SECTIONS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("Acquiring: ownership and success", acquiring.SUCCESS),
    ("Failing", acquiring.FAILURE),
    ("Fields that depend on the request", fields.RULES),
    ("Structure", structure.RULES),
    ("Format", format.RULES),
    ("Stability while exported", stability.RULES),
    ("Releasing", releasing.RULES),
    ("Types", types.RULES),
    ("PEP 688: Python classes", pep688.RULES),
    ("Threads and interpreters", threads.RULES),
)

RULES: dict[str, Rule] = {rule.id: rule for _, rules in SECTIONS for rule in rules}

"""The catalogue of rules, and how it is told: `onloan check --list-rules`, `--rule ID`."""

from __future__ import annotations

from .catalogue import LEVELS, PROFILES, RULES, SECTIONS, Level, Profile, Rule, Strength

__all__ = ["LEVELS", "PROFILES", "RULES", "SECTIONS", "Level", "Profile", "Rule", "Strength", "worst"]


def worst(levels: list[Level]) -> Level | None:
    """The worst of some levels; `None` of none."""
    return max(levels, key=LEVELS.index, default=None)

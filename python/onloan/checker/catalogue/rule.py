"""What one rule of the protocol is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["note", "warning", "error"]
Profile: TypeAlias = Literal["interop", "strict"]
Strength: TypeAlias = Literal["MUST", "MUST NOT", "SAFETY", "SHOULD", "NOTE"]

#: Weakest first.
LEVELS: tuple[Level, ...] = ("note", "warning", "error")
PROFILES: tuple[Profile, ...] = ("interop", "strict")

_BY_STRENGTH: Mapping[Strength, Level] = {"MUST": "error", "MUST NOT": "error", "SAFETY": "error", "SHOULD": "warning", "NOTE": "note"}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: what it says, who says so, how it is tested, and how bad a breach is.

    A rule can be broken in several ways, some of which everybody knows and copes with; these have a name, and `interop` and `strict` say
    what they weigh. `None` there means that it is no finding. All others weigh what the strength says.
    """

    id: str
    strength: Strength
    rule: str
    source: str
    #: How it is tested; empty where it cannot be, and then `untestable` says why.
    test: str = ""
    untestable: str = ""
    #: The usual cause, and what to do about it.
    fix: str = ""
    #: Exporters that are known to break it.
    known: tuple[str, ...] = ()
    interop: Mapping[str, Level | None] = field(default_factory=dict)
    strict: Mapping[str, Level | None] = field(default_factory=dict)

    def level(self, profile: Profile, way: str = "") -> Level | None:
        """How much a breach weighs that happened in this `way`; `None` if it is allowed."""
        ways = self.interop if profile == "interop" else self.strict
        return ways[way] if way in ways else _BY_STRENGTH[self.strength]

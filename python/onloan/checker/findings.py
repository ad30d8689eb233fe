"""What was found: `Finding`, and `TargetReport` with all that is known of one target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from .rules import LEVELS, RULES, Level, Profile, worst

Verdict: TypeAlias = Literal["clean", "note", "warning", "error", "unexportable"]


@dataclass(frozen=True)
class Finding:
    """One breach of one rule, with all the requests that show it."""

    rule: str
    level: Level
    phase: str
    requests: tuple[str, ...]
    expected: str
    seen: str
    explain: str
    #: How the child process ended, if it did: `SIGSEGV`, `hang`, `exit 3`.
    crash: str | None = None

    @property
    def strength(self) -> str:
        """The strength of the rule."""
        return RULES[self.rule].strength

    def as_json(self) -> dict[str, Any]:
        """The finding as in the JSON document."""
        facts: dict[str, Any] = {
            "rule": self.rule,
            "strength": self.strength,
            "level": self.level,
            "phase": self.phase,
            "requests": list(self.requests),
            "expected": self.expected,
            "seen": self.seen,
            "explain": self.explain,
        }
        if self.crash is not None:
            facts["crash"] = self.crash
        return facts

    def __str__(self) -> str:
        where = f" ({', '.join(self.requests)})" if self.requests else ""
        return f"{self.level} {self.rule}{where}: expected {self.expected}, seen {self.seen}"


@dataclass(frozen=True)
class TargetReport:
    """Everything that was found out about one target.

    `error` says in one line why nothing could be judged: it does not import, raises, is no exporter, takes for ever.
    """

    target: str
    type: str | None
    profile: Profile
    findings: tuple[Finding, ...] = ()
    granted: int | None = None
    error: str | None = None
    #: What the numbers of the text report are made of: shape, format and the like, as far as known.
    facts: dict[str, Any] = field(default_factory=dict)
    #: Phases that could not be run to their end, and why.
    incomplete: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst level; `unexportable` if no request at all was granted, or nothing could be asked."""
        if self.error is not None:
            return "unexportable"
        if self.granted == 0 and not any(finding.crash for finding in self.findings):
            return "unexportable"
        return worst([finding.level for finding in self.findings]) or "clean"

    def at(self, level: Level) -> tuple[Finding, ...]:
        """The findings of one level."""
        return tuple(finding for finding in self.findings if finding.level == level)

    def as_json(self) -> dict[str, Any]:
        """The target as in the JSON document."""
        facts: dict[str, Any] = {
            "target": self.target,
            "type": self.type,
            "profile": self.profile,
            "verdict": self.verdict,
            "findings": [finding.as_json() for finding in self.findings],
        }
        if self.error is not None:
            facts["error"] = self.error
        if self.incomplete:
            facts["incomplete"] = [{"phase": phase, "why": why} for phase, why in self.incomplete]
        return facts


def grouped(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Equal findings as one with all their requests, the worst first."""
    found: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (finding.rule, finding.level, finding.phase, finding.expected, finding.seen, finding.crash)
        known = found.get(key)
        if known is None:
            found[key] = finding
        else:
            more = tuple(request for request in finding.requests if request not in known.requests)
            found[key] = replace(known, requests=known.requests + more)
    return tuple(sorted(found.values(), key=lambda finding: -LEVELS.index(finding.level)))

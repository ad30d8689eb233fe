"""Judgements of exporters, as text and as JSON."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from typing import Any

from .. import _onloan
from ..checker.context import REQUESTS
from ..checker.findings import Finding, TargetReport
from ..checker.rules import LEVELS, RULES, SECTIONS, Level, Profile, Rule, worst
from ..checker.runner import PHASES
from .page import Page

#: Findings told in full; the others of a target are counted.
_TOLD = 12


def as_json(reports: Sequence[TargetReport]) -> str:
    """One document."""
    document = {
        "schema": 1,
        "python": platform.python_version(),
        "onloan": _onloan.__version__,
        "targets": [report.as_json() for report in reports],
    }
    return json.dumps(document, indent=2)


def as_text(reports: Sequence[TargetReport], page: Page) -> str:
    """All reports, and what there is to say about all of them."""
    texts = [target_text(report, page) for report in reports]
    if len(reports) > 1:
        verdicts = ["not judged" if report.error else report.verdict for report in reports]
        counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts)]
        texts.append(f"{len(reports)} targets: {', '.join(counts)}")
    return "\n\n".join(texts)


def target_text(report: TargetReport, page: Page) -> str:
    """What was found out about one target."""
    if report.error is not None:
        return page.paragraph(f"{page.no} {page.safe(report.target)}   not judged: ", report.error)
    lines = [_headline(report, page)]
    facts = _facts(report)
    if facts:
        lines.append(page.paragraph("  ", facts))
    if report.verdict == "clean":
        lines.append(page.safe(f"  nothing found in {len(PHASES)} phases, each of {len(REQUESTS)} requests asked with zeros and with 0xA5 in the struct"))
    for finding in report.findings[:_TOLD]:
        lines += ["", *_finding(finding, page)]
    rest = report.findings[_TOLD:]
    if rest:
        lines += ["", f"  … and {len(rest)} more findings; --json has all of them" if not page.ascii else f"  and {len(rest)} more findings"]
    for phase, why in report.incomplete:
        lines += ["", page.paragraph(f"  {phase} could not be run to its end: ", why)]
    advice = first_to_fix(report)
    if advice:
        lines += ["", page.paragraph("  fix first: ", advice)]
    return "\n".join(lines)


def _headline(report: TargetReport, page: Page) -> str:
    mark = page.no if report.verdict in ("error", "warning", "unexportable") else page.yes
    counts = [f"{len(of_level)} {level}{'s' if len(of_level) > 1 else ''}" for level in reversed(LEVELS) if (of_level := report.at(level))]
    said = {
        "clean": "clean",
        "unexportable": "unexportable: no request at all is granted",
    }.get(report.verdict, ", ".join(counts))
    return page.safe(f"{mark} {report.target}   {said}").replace("✓", page.yes)


def _facts(report: TargetReport) -> str:
    facts = report.facts
    told = [report.type or "?"]
    if facts.get("len") is not None:
        told.append(f"{facts['len']} bytes")
        told.append(f"format {facts['format']}")
        if facts["shape"] != "NULL":
            told.append(f"shape {facts['shape']}")
        told.append("read-only" if facts["readonly"] else "writable")
    if facts.get("granted"):
        told.append(f"{facts['granted']} of {len(REQUESTS)} requests granted")
    told.append(f"profile {report.profile}")
    return " · ".join(told)


def _finding(finding: Finding, page: Page) -> list[str]:
    rule = RULES[finding.rule]
    where = grouped_requests(finding.requests)
    lines = [page.paragraph(f"  {finding.level} {finding.rule} ", f"{rule.strength} · {rule.rule}")]
    if where:
        lines.append(page.paragraph("      requests  ", where))
    lines.append(page.paragraph("      expected  ", finding.expected))
    lines.append(page.paragraph("      seen      ", finding.seen))
    if finding.explain and not finding.crash:
        lines.append(page.paragraph("                ", finding.explain))
    if rule.known and finding.level != "error":
        lines.append(page.paragraph("      also      ", "; ".join(rule.known)))
    return lines


def grouped_requests(requests: Sequence[str]) -> str:
    """Names of requests, or what is common to just these: `all 36 requests with WRITABLE`."""
    if len(requests) <= 3:
        return ", ".join(requests)
    chosen = {REQUESTS[name] for name in requests if name in REQUESTS}
    if len(chosen) == len(REQUESTS):
        return f"all {len(chosen)} requests"
    for words, flags in _CONDITIONS:
        if flags == chosen:
            return f"all {len(chosen)} requests {words}"
    examples = ", ".join(requests[:3])
    return f"{len(chosen)} requests: {examples}, …"


def _conditions() -> list[tuple[str, set[int]]]:
    """Sets of requests that have words: with some flags, and without some others."""
    names = {
        "WRITABLE": 0x001,
        "FORMAT": 0x004,
        "ND": 0x008,
        "STRIDES": 0x018,
        "C_CONTIGUOUS": 0x038,
        "F_CONTIGUOUS": 0x058,
        "ANY_CONTIGUOUS": 0x098,
        "INDIRECT": 0x118,
    }
    every = set(REQUESTS.values())
    has = {name: {request for request in every if request & flag == flag} for name, flag in names.items()}
    found: list[tuple[str, set[int]]] = []
    for name in names:
        found.append((f"with {name}", has[name]))
        found.append((f"without {name}", every - has[name]))
    found.append(("with ND or without FORMAT", has["ND"] | (every - has["FORMAT"])))
    for first in names:
        for second in names:
            if first != second:
                found.append((f"with {first} and {second}", has[first] & has[second]))
                found.append((f"with {first} and without {second}", has[first] - has[second]))
                found.append((f"with neither {first} nor {second}", every - has[first] - has[second]))
                found.append((f"with {first} or {second}", has[first] | has[second]))
                for third in names:
                    found.append((f"with {first} and {second} and without {third}", (has[first] & has[second]) - has[third]))
                    found.append((f"with {first} and with neither {second} nor {third}", has[first] - has[second] - has[third]))
    return found


_CONDITIONS = _conditions()


def first_to_fix(report: TargetReport) -> str:
    """What to do about the worst finding; nothing where there are only notes."""
    level = worst([finding.level for finding in report.findings])
    if level in (None, "note"):
        return ""
    # References first: what is lost there kills at any later time. Then what killed the process.
    order = {"E-61": 0, "E-01": 0, "E-12": 1, "E-52": 1, "E-50": 1, "E-03": 2, "E-05": 2}
    chosen = min(report.at(level), key=lambda finding: (order.get(finding.rule, 1 if finding.crash else 9), report.findings.index(finding)))
    rule = RULES[chosen.rule]
    return f"{chosen.rule}: {rule.fix or rule.rule} ({rule.source})"


def rule_text(rule: Rule, page: Page) -> str:
    """One rule explained: `onloan check --rule ID`."""
    lines = [f"{rule.id} · {rule.strength}", "", page.paragraph("", rule.rule), ""]
    lines.append(page.paragraph("source    ", rule.source))
    lines.append(page.paragraph("test      ", rule.test or f"none: {rule.untestable}"))
    if rule.fix:
        lines.append(page.paragraph("fix       ", rule.fix))
    if rule.known:
        lines.append(page.paragraph("known     ", "; ".join(rule.known)))
    levels = [f"{profile}: {_levels(rule, profile)}" for profile in ("interop", "strict")]
    lines.append(page.paragraph("level     ", "; ".join(levels)))
    return "\n".join(page.safe(line) for line in lines)


def _levels(rule: Rule, profile: Profile) -> str:
    ways: dict[str, Level | None] = {"": rule.level(profile)}
    ways.update({way: rule.level(profile, way) for way in {**rule.interop, **rule.strict} if way})
    return ", ".join(f"{level or 'allowed'}{f' ({way})' if way else ''}" for way, level in ways.items())


def rules_text(page: Page) -> str:
    """All rules, each with its strength and its test: `onloan check --list-rules`."""
    lines: list[str] = []
    for title, rules in SECTIONS:
        lines += ["", title, ""]
        for rule in rules:
            lines.append(page.paragraph(f"{rule.id}  {rule.strength:<8}  ", rule.rule))
            lines.append(page.paragraph(" " * 16 + ("test: " if rule.test else "no test: "), rule.test or rule.untestable))
    return "\n".join(lines[1:])


def rules_json() -> dict[str, Any]:
    """The catalogue, for programs."""
    return {
        "schema": 1,
        "rules": [
            {
                "rule": rule.id,
                "strength": rule.strength,
                "text": rule.rule,
                "source": rule.source,
                "test": rule.test or None,
                "untestable": rule.untestable or None,
                "fix": rule.fix or None,
                "known": list(rule.known),
            }
            for rule in RULES.values()
        ],
    }

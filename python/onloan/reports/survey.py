"""A survey as a table for people, and as JSON for programs."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from typing import Any

from .. import __version__
from ..checker import RULES, Finding, TargetReport
from ..checker.runner import ANYWAY
from ..survey import Discovery, Package, Row, Survey
from .page import Page

_HEADINGS = ("package", "type", "verdict", "what was found")
#: Columns below which findings do not stand beside the verdict.
_LITTLE = 30
#: The worst first; what was not judged comes last.
ORDER = ("error", "warning", "note", "clean", "unexportable", "not judged")


def named(package: Package) -> str:
    """A package with its version."""
    return package.name if package.version is None else f"{package.name} {package.version}"


def sorted_rows(survey: Survey) -> list[Row]:
    """The rows, the worst verdict first."""
    return sorted(survey.rows, key=lambda row: (ORDER.index(row.verdict), row.package.name.lower(), row.exporter.shown.lower()))


def findings_of(row: Row) -> list[tuple[str, Finding]]:
    """All findings of a row with their targets, the worst first; a crash, which may be the consequence of another, after what names a cause."""
    found = [(report.target, finding) for report in row.reports for finding in report.findings]
    return sorted(found, key=lambda one: (ORDER.index(one[1].level), one[1].crash is not None))


def as_json(survey: Survey) -> str:
    """One document: packages, the exporter types of each, and what is to be said of their instances."""
    document = {
        "schema": 1,
        "python": platform.python_version(),
        "onloan": __version__,
        "platform": platform.platform(),
        "profile": survey.profile,
        "seconds": round(survey.seconds, 1),
        "verdicts": dict(survey.verdicts()),
        "packages": [_package(found, survey.rows) for found in survey.discoveries],
        "rules": {
            rule: {"strength": RULES[rule].strength, "rule": RULES[rule].rule, "source": RULES[rule].source}
            for rule in sorted({finding.rule for row in survey.rows for _, finding in findings_of(row)})
        },
    }
    return json.dumps(document, indent=1, ensure_ascii=True)


def _package(found: Discovery, rows: Iterable[Row]) -> dict[str, Any]:
    return {
        "package": found.package.name,
        "version": found.package.version,
        "status": "not imported" if found.failed else "surveyed",
        "imported": found.imported,
        "seconds": round(found.seconds, 1),
        "problems": [{"step": step, "why": why} for step, why in found.problems],
        "types": [_type(row) for row in rows if row.package.name == found.package.name],
    }


def _type(row: Row) -> dict[str, Any]:
    exporter = row.exporter
    return {
        "type": exporter.type,
        "shown": exporter.shown,
        "inherits_from": exporter.base,
        "cython": exporter.cython,
        "made_by": exporter.made_by,
        "appears": "on first use" if exporter.made_by is None and exporter.base is None else "on import",
        "release_slot": exporter.release_slot,
        "inherited_by": list(exporter.inherited),
        "same_in": list(exporter.also),
        "instance_guessed": exporter.guessed,
        "verdict": row.verdict,
        "not_judged": row.why_not_judged,
        "targets": [report.as_json() for report in row.reports],
    }


def lost_reference(report: TargetReport) -> bool:
    """Whether an exporter gives references away, so that a crash elsewhere may be the consequence."""
    return any(finding.rule == "E-61" and finding.crash is None for finding in report.findings)


def as_text(survey: Survey, page: Page) -> str:
    """The table, the worst first; then the packages without exporters, and what did not work."""
    cells = [(named(row.package), _shown(row), row.verdict, _found(row)) for row in sorted_rows(survey)]
    parts = []
    if cells:
        width = [max(map(len, column)) for column in zip(_HEADINGS[:3], *(cell[:3] for cell in cells), strict=True)]
        # Names are cut only where they alone are wider than the page.
        width[1] = max(20, min(width[1], page.columns - width[0] - width[2] - 4))
        # Where findings stand below, the last heading has no column.
        headings = _HEADINGS if sum(width) + 6 + _LITTLE <= page.columns else (*_HEADINGS[:3], "")
        lines = [_line(headings, width, page), _line(tuple("-" * len(one) for one in headings), width, page)]
        parts.append("\n".join([*lines, *(_line(cell, width, page) for cell in cells)]))
    if without := survey.without:
        parts.append(page.paragraph("no exporter types: ", ", ".join(named(one.package) for one in without)))
    parts.extend(_problem(found, page) for found in survey.discoveries if found.problems)
    return "\n\n".join(parts)


def _line(cells: tuple[str, ...], width: list[int], page: Page) -> str:
    """One line; what was found stands below where the page leaves little room for it."""
    package, name, verdict, found = cells
    if len(name) > width[1]:
        name = f"…{name[1 - width[1]:]}"
    start = f"{package:<{width[0]}}  {page.safe(name):<{width[1]}}  {verdict:<{width[2]}}  "
    if not found:
        return start.rstrip()
    if len(start) + _LITTLE <= page.columns:
        return page.paragraph(start, found)
    return f"{start.rstrip()}\n{page.paragraph('    ', found)}"


def _shown(row: Row) -> str:
    return row.exporter.shown + (f" (and {len(row.exporter.also)} alike)" if row.exporter.also else "")


def _found(row: Row) -> str:
    """The rules of all findings by level, crashes after them; or why there are none."""
    if row.why_not_judged is not None:
        return row.why_not_judged
    levels: dict[str, dict[str, None]] = {}
    crashes: dict[str, dict[str, None]] = {}
    for _, finding in findings_of(row):
        if finding.crash is None:
            levels.setdefault(finding.level, {})[finding.rule] = None
        else:
            anyway = ", also where nothing is lent" if ANYWAY in finding.explain else ""
            crashes.setdefault(f"{finding.level} {finding.crash}{anyway}", {})[finding.rule] = None
    told = [f"{level} {' '.join(rules)}" for level, rules in levels.items()]
    told += [f"{crash} (under {' '.join(rules)})" for crash, rules in crashes.items()]
    return "; ".join(told)


def _problem(found: Discovery, page: Page) -> str:
    heading = f"{named(found.package)}: " + ("not imported" if found.failed else "looked through, but for")
    return "\n".join([page.paragraph("", heading), *(page.paragraph("  ", f"{step}: {why}") for step, why in found.problems)])

"""A survey as a document: the table, and of each defect what was seen, where, and what would prove it by hand.

Errors and warnings are told rule by rule; notes, which everybody copes with, are only counted and named.
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterable

from .. import __version__
from ..checker import RULES, Finding
from ..checker.runner import ANYWAY
from ..survey import Row, Survey
from ..survey.proofs import ASKING, given, template
from .survey import ORDER, findings_of, lost_reference, named, sorted_rows

def as_markdown(survey: Survey, command: str) -> str:
    """The whole document; `command` is how the survey was made."""
    rows = sorted_rows(survey)
    parts = [_head(survey, command), _table(rows)]
    for level in ("error", "warning"):
        parts.extend(_rules(rows, level))
    parts.extend([_crashes(rows), _notes(rows), _incomplete(rows), _without_verdict(rows), _packages(survey), _by_hand()])
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(survey: Survey, command: str) -> str:
    verdicts = survey.verdicts()
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in ORDER if verdicts[verdict])
    return f"""# Survey of exporters

{len(survey.rows)} exporter types in {len(survey.discoveries)} packages: {counts}.

Made by

```sh
{command}
```

with Python {platform.python_version()} on {platform.system()} {platform.machine()}, onloan {__version__}, profile {survey.profile}, in {survey.seconds:.0f} s. The versions
of the packages stand in the table, and below it.

How to read it: each exporter was made in a process of its own and asked for its memory in every way that the protocol knows. A finding names the
rule of the protocol and what was seen: on one machine, with one instance. It is a difference from what is written, and no
judgement of the package; whether it does harm depends on who asks. *error* is what may crash or corrupt, or what the documentation says in so many
words; *warning* is what keeps some consumers out; *note* is what everybody does in his own way. *clean* means that nothing was seen, not that
nothing is there. `onloan check TARGET` repeats any of them."""


def _table(rows: list[Row]) -> str:
    lines = ["## The table", "", "| package | type | verdict | errors | warnings | notes |", "|---|---|---|---|---|---|"]
    for row in rows:
        levels = [_links(row, level) for level in ("error", "warning", "note")]
        also = f" and {len(row.exporter.also)} alike" if row.exporter.also else ""
        lines.append(f"| {named(row.package)} | `{row.exporter.shown}`{also} | {row.verdict} | {' | '.join(levels)} |")
    return "\n".join(lines)


def _links(row: Row, level: str) -> str:
    found = [finding for _, finding in findings_of(row) if finding.level == level]
    rules = dict.fromkeys(finding.rule for finding in found if finding.crash is None)
    if level == "note":
        return ", ".join(rules)
    crashes = dict.fromkeys(finding.crash for finding in found if finding.crash is not None)
    links = [f"[{rule}](#{_anchor(rule, level)})" for rule in rules]
    return ", ".join([*links, *(f"[{crash}](#crashes)" for crash in crashes)])


def _anchor(rule: str, level: str) -> str:
    return f"{level}-{rule}".lower()


def _rules(rows: list[Row], level: str) -> Iterable[str]:
    """The findings of one level, rule by rule."""
    found = [
        (row, target, finding) for row in rows for target, finding in findings_of(row) if finding.level == level and finding.crash is None
    ]
    if not found:
        return
    yield f"## {level.capitalize()}s"
    for rule in sorted({finding.rule for _, _, finding in found}, key=list(RULES).index):
        of_rule = [one for one in found if one[2].rule == rule]
        known = RULES[rule]
        yield "\n".join(
            [
                f'<a id="{_anchor(rule, level)}"></a>',
                f"### {rule} {known.strength}: {level}",
                "",
                f"{known.rule} *({known.source})*",
                "",
                *_items(of_rule),
                "By hand, after [these lines](#by-hand), with what stands above:",
                "",
                "```py",
                template(rule),
                "```",
            ]
        )


def _items(found: list[tuple[Row, str, Finding]]) -> Iterable[str]:
    """One item for each thing that was seen of a package, with the first instance of each type that showed it."""
    seen: dict[tuple[str, str, str, str], dict[str, tuple[str, Finding]]] = {}
    for row, target, finding in found:
        key = (named(row.package), finding.expected, finding.seen, finding.explain)
        seen.setdefault(key, {}).setdefault(row.exporter.shown, (target, finding))
    for (package, expected, was, explain), types in seen.items():
        because = f" ({explain.rstrip('.')})" if explain else ""
        yield f"- **{package}** {', '.join(f'`{name}`' for name in types)}: expected {expected}, seen {was}{because}."
        yield "  ```py"
        for target, finding in types.values():
            yield from (f"  {line}" for line in given(finding, target))
        yield "  ```"
    yield ""


def _crashes(rows: list[Row]) -> str:
    """Where the process ended, type by type: it is not certain that the rule that was looked at then is the one that was broken."""
    lines: list[str] = []
    for row in rows:
        for report in row.reports:
            ended = [finding for finding in report.findings if finding.crash is not None]
            if not ended:
                continue
            cause = " Each release gives a reference away ([E-61](#error-e-61)), which may be why." if lost_reference(report) else ""
            told = "; ".join(
                f"{finding.crash} in the phase {finding.phase} ({finding.rule}: {finding.expected}){', also where no buffer is out' * (ANYWAY in finding.explain)}"
                for finding in ended
            )
            lines += [f"- **{named(row.package)}** `{row.exporter.shown}`: {told}.{cause}", "  ```sh", f"  {_command(report.target)}", "  ```"]
    if not lines:
        return ""
    head = "The process that judged it ended. By hand: the lines of the rule in brackets, under `python -X faulthandler`, say where."
    return "\n".join(['<a id="crashes"></a>', "## Crashes", "", head, "", *lines])


def _command(target: str) -> str:
    return shlex.join(["onloan", "check", target])


def _notes(rows: list[Row]) -> str:
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        for _, finding in findings_of(row):
            if finding.level == "note":
                found.setdefault(finding.rule, {})[f"`{row.exporter.shown}`"] = None
    if not found:
        return ""
    lines = ["## Notes", ""]
    for rule in sorted(found, key=list(RULES).index):
        lines.append(f"- **{rule}** {RULES[rule].rule} {_types(found[rule])}")
    return "\n".join(lines)


def _types(names: Iterable[str]) -> str:
    every = list(names)
    return f"{len(every)} type{'' if len(every) == 1 else 's'}: {', '.join(every)}."


def _incomplete(rows: list[Row]) -> str:
    """What was left out of a judgement."""
    lines = [
        f"- **{named(row.package)}** `{row.exporter.shown}`: {phase}: {_cell(why)}"
        for row in rows
        for phase, why in dict.fromkeys(one for report in row.reports for one in report.incomplete)
    ]
    return "\n".join(["## Not looked at", "", *lines]) if lines else ""


def _without_verdict(rows: list[Row]) -> str:
    lines = [
        f"| {named(row.package)} | `{row.exporter.shown}` | {_cell(row.why_not_judged)} |" for row in rows if row.why_not_judged is not None
    ]
    return "\n".join(["## Not judged", "", "| package | type | why |", "|---|---|---|", *lines]) if lines else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _packages(survey: Survey) -> str:
    parts = ["## The packages", "", ", ".join(named(one.package) for one in survey.discoveries) + "."]
    if survey.without:
        parts += ["", "No exporter types of their own: " + ", ".join(named(one.package) for one in survey.without) + "."]
    problems = [(found, step, why) for found in survey.discoveries for step, why in found.problems]
    if problems:
        parts += ["", "What could not be looked at:", ""]
        parts += [f"- {named(found.package)}: `{step}`: {_cell(why)}" for found, step, why in problems]
    return "\n".join(parts)


def _by_hand() -> str:
    return f"""<a id="by-hand"></a>
## By hand

What decides is asked through the C API, without onloan. Run it in a process of its own: an exporter that breaks a rule may break the process, also
at its end.

```py
{ASKING.rstrip()}
```"""

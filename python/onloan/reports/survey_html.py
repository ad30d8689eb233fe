"""A survey as one HTML file: a table to sort and filter, each finding explained, each rule told.

The file needs nothing else, and no network. Without JavaScript the table is there as it is, the worst first, and findings open and close by
themselves (`details`); the script adds sorting and the filter. Levels are words and signs, never colours alone.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable

from .. import __version__
from ..checker import RULES, Finding, Rule, TargetReport
from ..survey import Row, Survey
from ..survey.proofs import ASKING, proof, template
from .html import body, document, heading, shown
from .survey import ORDER, findings_of, lost_reference, named, sorted_rows

#: Each verdict has a shape of its own.
_SIGNS = {"error": "✗", "warning": "▲", "note": "·", "clean": "✓", "unexportable": "–", "not judged": "?"}
#: Of what is a text of several lines they stay.
_LINES = "\n"
#: Name, kind, and the order of the first click: the worst verdict has the lowest number.
_COLUMNS = (
    ("package", "text", None),
    ("type", "text", None),
    ("verdict", "number", "ascending"),
    ("errors", "number", None),
    ("warnings", "number", None),
    ("notes", "number", None),
)


def as_html(survey: Survey, command: str) -> str:
    """The whole page; `command` is how the survey was made."""
    rows = sorted_rows(survey)
    rules = sorted({finding.rule for row in rows for _, finding in findings_of(row)}, key=list(RULES).index)
    title = f"onloan survey: {len(rows)} exporter types of {len(survey.discoveries)} packages"
    content = f"""<header>
<h1>Exporters of Python's buffer protocol, surveyed</h1>
<p class="made"><code>{shown(command)}</code><br>
Python {shown(platform.python_version())} on {shown(platform.platform())}, onloan {shown(__version__)}, profile {shown(survey.profile)}</p>
<ul class="counts">
{_counts(survey)}
</ul>
<p>Each type was made in a process of its own and asked for its memory in every way that the protocol knows. A finding names the rule of the
protocol, and what was seen; the rule is told <a href="#rules">below</a>, with its source and the usual cause. A finding is a difference from what is
written, seen on one machine with one instance: whether it does harm depends on who asks. A clean row says that nothing was seen.</p>
</header>
<main>
<div class="controls" hidden>
<label>Filter <input type="search" id="filter" placeholder="package, type, rule, verdict" autocomplete="off"></label>
<button type="button" id="open">open all</button>
<output id="shown" for="filter"></output>
</div>
<table id="survey" class="sortable" data-counted="types">
<caption>{len(rows)} exporter types, the worst first</caption>
<thead><tr>{"".join(heading(*column, first=first) for *column, first in _COLUMNS)}<th scope="col">rules</th></tr></thead>
{"".join(_row(row) for row in rows)}</table>
{_rest(survey)}
<section id="rules">
<h2>The rules</h2>
{"".join(_rule(RULES[rule]) for rule in rules)}</section>
<section id="by-hand">
<h2>By hand</h2>
<p>The lines under each finding need nothing of onloan. They follow after these, which ask through the C API. Run them in a process of their
own: an exporter that breaks a rule may break the process, also at its end.</p>
<pre><code>{shown(ASKING, but=_LINES)}</code></pre>
</section>
</main>"""
    return document(title, content, styles=["survey.css"], scripts=["survey.js"])


def _counts(survey: Survey) -> str:
    verdicts = survey.verdicts()
    return "\n".join(
        f'<li class="{_class(verdict)}"><strong>{verdicts[verdict]}</strong> {_sign(verdict)} {verdict}</li>' for verdict in ORDER if verdicts[verdict]
    )


def _class(verdict: str) -> str:
    return verdict.replace(" ", "-")


def _sign(verdict: str) -> str:
    return f'<span class="sign" aria-hidden="true">{_SIGNS[verdict]}</span>'


def _row(row: Row) -> str:
    """One body of the table: a line, and what is below it when it is opened. They stay together when the table is sorted."""
    found = findings_of(row)
    count = {level: sum(finding.level == level for _, finding in found) for level in ("error", "warning", "note")}
    rules = dict.fromkeys(finding.rule for _, finding in found)
    links = " ".join(f'<a href="#{rule}">{rule}</a>' for rule in rules)
    keys = [named(row.package).lower(), row.exporter.shown.lower(), ORDER.index(row.verdict), *count.values()]
    words = [named(row.package), row.exporter.shown, row.exporter.type, row.verdict, *rules]
    rows = f"""<tr class="{_class(row.verdict)}">
<td>{shown(named(row.package))}</td>
<th scope="row"><code>{shown(row.exporter.shown).replace(".", ".<wbr>")}</code>{_alike(row)}</th>
<td class="verdict">{_sign(row.verdict)} {row.verdict}</td>
{"".join(f'<td class="number">{number or ""}</td>' for number in count.values())}
<td class="rules">{links}</td>
</tr>
<tr class="below"><td colspan="{len(_COLUMNS) + 1}">{_below(row)}</td></tr>"""
    return body(keys, words, rows)


def _alike(row: Row) -> str:
    return f' <span class="alike">and {len(row.exporter.also)} alike</span>' if row.exporter.also else ""


def _below(row: Row) -> str:
    if row.why_not_judged is not None and not row.reports:
        return f'<p class="why">Not judged: {shown(row.why_not_judged, but=_LINES)}</p>'
    number = sum(len(report.findings) for report in row.reports)
    summary = "nothing was found" if not number else f"{number} finding{'' if number == 1 else 's'}"
    instances = f"{len(row.reports)} instance{'' if len(row.reports) == 1 else 's'}"
    return f"""<details><summary>{summary} in {instances}</summary>
{_facts(row)}{"".join(_report(report) for report in row.reports)}</details>"""


def _facts(row: Row) -> str:
    """What is known of the type apart from what was judged."""
    exporter = row.exporter
    made = f"made by <code>{shown(exporter.made_by)}</code>" if exporter.made_by else "appears on first use"
    facts = [f"inherits from <code>{shown(exporter.base)}</code>" if exporter.base else made]
    facts.append("with <code>bf_releasebuffer</code>" if exporter.release_slot else "without <code>bf_releasebuffer</code>")
    for text, names in (("inherited by", exporter.inherited), ("the same in", exporter.also)):
        if names:
            facts.append(f"{text} {', '.join(f'<code>{shown(name)}</code>' for name in names)}")
    if exporter.guessed:
        facts.append("the instance was made by calling the type with something simple")
    return f'<p class="facts">{"; ".join(facts)}</p>\n'


def _report(report: TargetReport) -> str:
    verdict = report.verdict or "not judged"
    command = f"onloan check {_quoted(report.target)}"
    found = sorted(report.findings, key=lambda finding: (ORDER.index(finding.level), finding.crash is not None))
    inside = "".join(_finding(finding, report) for finding in found)
    inside += "".join(f'<p class="why">Not looked at ({shown(phase)}): {shown(why, but=_LINES)}</p>\n' for phase, why in report.incomplete)
    if report.error is not None:
        inside = f'<p class="why">{shown(report.error, but=_LINES)}</p>'
    return f"""<article>
<h3>{_sign(verdict)} {verdict}: <code>{shown(command)}</code></h3>
{inside or "<p>Nothing was found.</p>"}
</article>
"""


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def _finding(finding: Finding, report: TargetReport) -> str:
    rule = RULES[finding.rule]
    rows = [("expected", finding.expected), ("seen", finding.seen)]
    if finding.crash is not None:
        rows.append(("the process ended", finding.crash + (". The lost reference of E-61 may be why" if lost_reference(report) else "")))
    if finding.explain:
        rows.append(("so", finding.explain))
    if finding.requests:
        rows.append(("requests", _some(finding.requests)))
    return f"""<section class="finding {finding.level}">
<h4>{_sign(finding.level)} {finding.level} <a href="#{rule.id}">{rule.id}</a> {shown(rule.strength)} <span class="says">{_text(rule.rule)}</span></h4>
<dl>{"".join(f"<dt>{name}</dt><dd>{_text(text)}</dd>" for name, text in rows)}</dl>
<details class="proof"><summary>what would prove it by hand</summary>
<p>After <a href="#by-hand">these lines</a>:</p>
<pre><code>{shown(proof(finding, report.target), but=_LINES)}</code></pre></details>
</section>
"""


def _some(requests: Iterable[str]) -> str:
    every = list(requests)
    return ", ".join(every[:6]) + (f" and {len(every) - 6} more" if len(every) > 6 else "")


def _text(text: str) -> str:
    """Text with code between backquotes, as the catalogue of rules has it."""
    parts = shown(text, but=_LINES).split("`")
    if len(parts) % 2 == 0:
        return shown(text, but=_LINES)
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def _rule(rule: Rule) -> str:
    rows = [("source", rule.source), ("seen by", rule.test), ("usual remedy", rule.fix), ("known", "; ".join(rule.known))]
    return f"""<section class="rule" id="{rule.id}">
<h3>{rule.id} <span class="strength">{shown(rule.strength)}</span></h3>
<p>{_text(rule.rule)}</p>
<dl>{"".join(f"<dt>{name}</dt><dd>{_text(text)}</dd>" for name, text in rows if text)}</dl>
<details class="proof"><summary>by hand</summary><pre><code>{shown(template(rule.id), but=_LINES)}</code></pre></details>
</section>
"""


def _rest(survey: Survey) -> str:
    """The packages that have no rows, and what did not work."""
    parts = []
    if survey.without:
        parts.append(f"<h2>Without exporter types</h2>\n<p>{shown(', '.join(named(one.package) for one in survey.without))}</p>")
    problems = [(found, step, why) for found in survey.discoveries for step, why in found.problems]
    if problems:
        items = "".join(f"<li>{shown(named(found.package))}: <code>{shown(step)}</code>: {shown(why, but=_LINES)}</li>" for found, step, why in problems)
        parts.append(f"<h2>What could not be looked at</h2>\n<ul>{items}</ul>")
    return f"<section>\n{chr(10).join(parts)}\n</section>" if parts else ""

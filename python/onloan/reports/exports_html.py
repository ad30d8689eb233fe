"""What is still out as one HTML file: tables to sort and to filter, the timeline, stacks and holders.

The file needs nothing else. Without JavaScript all of it is there, the most bytes first, and stacks open and close by themselves (`details`); the
script adds sorting, the filters and the time under the pointer. Nothing is said by colour alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from ..tracing.facts import Error, Export, Exporter, Frame, Site, Snapshot
from .exports import alike, counted, grouped, lost_words, sized, summary
from .html import body, document, heading, shown
from .timeline import as_svg, seconds

#: So many groups get a row; a page with all of a million exports would open in no browser.
_MOST = 2000
#: The holders of so many exports of a row are found by the filter.
_WORDS = 200


def as_html(snapshot: Snapshot, header: dict[str, Any], warnings: Sequence[str]) -> str:
    """The whole page; `header` is the recording's."""
    program = " ".join(map(str, header.get("program", ()))) or "a program"
    content = f"""<header>
<h1>{shown(summary(snapshot)[:1].upper() + summary(snapshot)[1:])}</h1>
<p class="made"><code>onloan run {shown(program)}</code><br>
{_made(header)}</p>
{"".join(f'<p class="warning">{shown(warning)}</p>' for warning in warnings)}
</header>
<main>
{_controls(snapshot)}
{_live(snapshot)}
{_errors(snapshot.errors)}
{_timeline(snapshot)}
{_sites(snapshot.sites)}
{_lost(snapshot)}
</main>"""
    return document(f"onloan: {program}", content, styles=["exports.css"], scripts=["exports.js"])


def _made(header: dict[str, Any]) -> str:
    words = [f"process {header['pid']}" if "pid" in header else "", f"began {header['started']}" if "started" in header else ""]
    words += [f"Python {header['python']}" if "python" in header else "", f"onloan {header['onloan']}" if "onloan" in header else ""]
    return shown(", ".join(word for word in words if word))


def _controls(snapshot: Snapshot) -> str:
    sites = [(site.type, site.file) for site in snapshot.sites]
    exports = [(lent.exporter, export) for lent in snapshot.live for export in lent.exports]
    types = {kind for kind, _ in sites} | {exporter.type for exporter, _ in exports}
    paths = {path for _, path in sites} | {_file(export) for _, export in exports}
    threads = {export.thread for _, export in exports}
    return f"""<div class="controls" hidden>
{_choice("type", types)}{_choice("file", paths - {""})}{_choice("thread", threads - {""})}
<label>holder or line <input type="search" id="filter-words" autocomplete="off"></label>
<output id="shown"></output>
</div>"""


def _choice(name: str, values: Iterable[str]) -> str:
    options = "".join(f'<option value="{shown(value)}">{shown(value)}</option>' for value in sorted(values))
    return f'<label>{name} <select id="filter-{name}" data-filter="{name}"><option value="">all</option>{options}</select></label>\n'


def _live(snapshot: Snapshot) -> str:
    groups = grouped(snapshot.live)
    if not groups:
        return '<section id="out"><h2>Still out</h2><p>Nothing: every buffer that was acquired has been given back.</p></section>'
    columns = (("exporter", "text"), ("exports", "number"), ("bytes", "number"), ("age", "number"), ("thread", "text"), ("acquired at", "text"))
    rows = "".join(_row(exporter, exports) for exporter, exports in groups[:_MOST])
    more = f"<p>And {counted(len(groups) - _MOST, 'more row')}.</p>" if len(groups) > _MOST else ""
    return f"""<section id="out">
<h2>Still out</h2>
<table class="sortable" data-sorted="2" data-counted="rows that are out">
<caption>{counted(len(groups), "row")}: exports of one line, one type and one holder are together</caption>
<thead><tr>{_headings(columns)}<th scope="col">held by</th></tr></thead>
{rows}</table>
{more}</section>"""


def _headings(columns: Iterable[tuple[str, str]]) -> str:
    return "".join(heading(name, kind) for name, kind in columns)


def _row(exporter: Exporter, exports: list[Export]) -> str:
    """One body of the table: a line, and what is below it when it is opened. They stay together when the table is sorted."""
    oldest = max(exports, key=_age)
    nbytes = sum(export.nbytes for export in exports)
    site = str(oldest.site) if oldest.site else "not known"
    keys = [exporter.type.lower(), len(exports), nbytes, _age(oldest), oldest.thread.lower(), site.lower()]
    chain = oldest.holders[0][-1] if oldest.holders else "no holder found"
    held = dict.fromkeys(part for export in exports[:_WORDS] for holders in export.holders for part in holders)
    age = "before the start" if oldest.age_s is None else seconds(oldest.age_s)
    rows = f"""<tr>
<th scope="row"><code>{shown(exporter.type)}</code></th>
<td class="number" data-name="exports">{len(exports):,}</td>
<td class="number">{sized(nbytes)}</td>
<td class="number" data-name="age">{age}</td>
<td data-name="thread"><code>{shown(oldest.thread)}</code></td>
<td class="wide">{_place(oldest.site)}</td>
<td class="wide" data-name="held by"><code>{shown(chain)}</code></td>
</tr>
<tr class="below"><td colspan="7"><details><summary>stack and holders</summary>
{_export(exporter, oldest)}</details></td></tr>"""
    words = [site, *held, *map(str, oldest.acquired_at)]
    return body(keys, words, rows, type=exporter.type, file=_file(oldest), thread=oldest.thread)


#: What is counted of a line.
_NUMBERS = ("acquired", "released", "out", "bytes out", "peak")


def _age(export: Export) -> float:
    """For comparisons: what was out before the start is older than all that is known."""
    return 1e300 if export.age_s is None else export.age_s


def _file(export: Export) -> str:
    return export.site.file if export.site else ""


def _place(frame: Frame | None) -> str:
    if frame is None or not frame.is_known:
        return "not known"
    folder, slash, name = frame.file.rpartition("/")
    path = f'<span class="folder">{shown(folder + slash)}</span>{shown(name)}'
    return f'<code><bdi>{path}</bdi>{f":{frame.line}" if frame.line else ""}</code> <span class="function">{shown(frame.function)}</span>'


def _export(exporter: Exporter, export: Export) -> str:
    owner = f" of <code>{shown(exporter.owner)}</code>" if exporter.owner else ""
    where = f" at <code>{shown(exporter.address)}</code>" if exporter.address else ""
    stack = "".join(f"<li>{_place(frame)}</li>" for frame in export.acquired_at) or "<li>not known</li>"
    return f"""<p><code>{shown(exporter.type)}</code>{owner}{where} lends {sized(export.nbytes)} to a request
<code>{shown(export.request)}</code>, thread {shown(export.thread) or "not known"}.</p>
<div class="halves"><div><h4>acquired at, innermost first</h4><ol class="stack">{stack}</ol></div>
<div><h4>held by, from the view outwards</h4>{_holders(export)}</div></div>
"""


def _holders(export: Export) -> str:
    if not export.holders:
        return f"<p>No holder was found: {shown(export.why or 'nothing is known')}.</p>"
    chains = (" <span class=\"arrow\">←</span> ".join(f"<code>{shown(part)}</code>" for part in chain) for chain in export.holders)
    return f'<ul class="chains">{"".join(f"<li>{chain}</li>" for chain in chains)}</ul>'


def _errors(errors: Sequence[Error]) -> str:
    if not errors:
        return ""
    return f'<section id="errors">\n<h2>BufferErrors that exports caused</h2>\n{"".join(_error(*found) for found in alike(errors)[:_MOST])}</section>'


def _error(error: Error, count: int) -> str:
    raised = _place(error.raised_at[0] if error.raised_at else None)
    when = f", {seconds(error.time_s)} after the start" if error.time_s is not None else ""
    thread = f", thread {shown(error.thread)}" if error.thread else ""
    stack = "".join(f"<li>{_place(frame)}</li>" for frame in error.raised_at[1:])
    called = f'<details><summary>called at</summary><ol class="stack">{stack}</ol></details>' if stack else ""
    blockers = "".join(_export(lent.exporter, export) for lent in error.blocked_by for export in lent.exports[:20])
    return f"""<article class="error">
<h3>{shown(error.type)}: {shown(error.message)}</h3>
<p>raised at {raised}{when}{thread}{f"; {count:,} times" if count > 1 else ""}</p>
{called}<h4>what stood in the way</h4>
{blockers or "<p>It is not known.</p>"}
</article>
"""


def _timeline(snapshot: Snapshot) -> str:
    picture = as_svg(snapshot.timeline)
    if not picture:
        return ""
    points = escape(json.dumps([list(point) for point in snapshot.timeline]))
    return f'<section id="timeline" data-points="{points}">\n<h2>Bytes out over time</h2>\n{picture}\n</section>'


def _sites(sites: Sequence[Site]) -> str:
    if not sites:
        return ""
    columns = (("line", "text"), ("type", "text"), *((name, "number") for name in _NUMBERS))
    ordered = sorted(sites, key=lambda site: (-site.live_bytes, -site.live, -site.acquired, site.key))
    return f"""<section id="sites">
<h2>Lines that acquire buffers</h2>
<table class="sortable" data-sorted="5">
<caption>{counted(len(sites), "line")}, with what has become of it</caption>
<thead><tr>{_headings(columns)}</tr></thead>
{"".join(map(_site, ordered[:_MOST]))}</table>
</section>"""


def _site(site: Site) -> str:
    frame = Frame(site.file, site.line, site.function)
    numbers = [site.acquired, site.released, site.live, site.live_bytes, site.peak_bytes]
    keys = [str(frame).lower(), site.type.lower(), *numbers]
    told = [*(f"{number:,}" for number in numbers[:3]), sized(site.live_bytes), sized(site.peak_bytes)]
    cells = "".join(f'<td class="number" data-name="{name}">{number}</td>' for name, number in zip(_NUMBERS, told, strict=True))
    rows = f'<tr><th scope="row" class="wide">{_place(frame)}</th><td><code>{shown(site.type)}</code></td>{cells}</tr>'
    return body(keys, [str(frame)], rows, type=site.type, file=site.file)


def _lost(snapshot: Snapshot) -> str:
    lost = lost_words(snapshot)
    return f"<section><h2>Not on record</h2><p>{shown(lost)}.</p></section>" if lost else ""

"""What is still out, and which errors that led to: as text for people, and as JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ..tracing.explain import of_export
from ..tracing.facts import Error, Export, Exporter, Frame, Lent, Site, Snapshot
from .page import Page

_INDENT = "  "
_ITEM = re.compile(r"\[.*\]$", re.DOTALL)
#: So much of each is shown; a report is to fit a screen.
_GROUPS, _ERRORS, _BLOCKERS, _SITES = 5, 3, 1, 6


def found_something(snapshot: Snapshot) -> bool:
    """Whether something is out, or stood in somebody's way."""
    return bool(snapshot.live or snapshot.errors)


def as_json(snapshot: Snapshot) -> str:
    """One document."""
    return json.dumps(snapshot.as_json(), indent=1, ensure_ascii=True)


def as_text(snapshot: Snapshot, page: Page) -> str:
    """A line that says it all, then what is out, the errors, and the sites that have something out."""
    parts = [page.paragraph("", f"onloan: {summary(snapshot)}")]
    parts += _cut(grouped(snapshot.live), _GROUPS, "more like these are out", page)
    errors = alike(snapshot.errors)
    parts += [_error(error, count, page) for error, count in errors[:_ERRORS]]
    if more := sum(count for _, count in errors[_ERRORS:]):
        parts.append(f"and {counted(more, 'more BufferError')}")
    if table := _sites(snapshot.sites, page):
        parts.append(table)
    if lost := lost_words(snapshot):
        parts.append(page.paragraph("", f"not on record: {lost}"))
    return "\n\n".join(parts)


def summary(snapshot: Snapshot) -> str:
    """The facts in one sentence."""
    acquired = sum(site.acquired for site in snapshot.sites)
    if snapshot.live:
        nbytes = sum(export.nbytes for lent in snapshot.live for export in lent.exports)
        objects = "one object" if len(snapshot.live) == 1 else counted(len(snapshot.live), "object")
        verb = "is" if snapshot.live_count == 1 else "are"
        text = f"{counted(snapshot.live_count, 'export')} of {objects} {verb} still out, {sized(nbytes)}"
    elif snapshot.errors and not snapshot.sites:
        # Only these were asked about.
        return f"{counted(len(snapshot.errors), 'BufferError was', 'BufferErrors were')} raised because of exports"
    elif acquired:
        text = f"nothing is out; {counted(acquired, 'buffer was', 'buffers were')} acquired and given back"
    else:
        text = "no buffer was acquired"
    if snapshot.errors:
        text += f"; {counted(len(snapshot.errors), 'BufferError was', 'BufferErrors were')} raised because of exports"
    return text


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 export`, `2 exports`."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {many or one + 's'}"


def sized(nbytes: int) -> str:
    """Bytes as people write them: `512 bytes`, `4.0 KiB`."""
    if abs(nbytes) < 1024:
        return counted(nbytes, "byte")
    number, unit = float(nbytes), "bytes"
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        number /= 1024
        if abs(number) < 1024:
            break
    return f"{number:.1f} {unit}"


def lost_words(snapshot: Snapshot) -> str:
    """What the ledger says it has missed, in words; nothing if it missed nothing."""
    lost = snapshot.lost.as_json()
    words = (
        ("unmatched_releases", "release without an acquisition", "releases without an acquisition"),
        ("dropped_records", "export beyond the limit", "exports beyond the limit"),
        ("dropped_stacks", "stack beyond the limit", "stacks beyond the limit"),
        ("dropped_errors", "error beyond the limit", "errors beyond the limit"),
        ("untraced_types", "type that could not be traced", "types that could not be traced"),
    )
    return ", ".join(counted(lost[name], one, many) for name, one, many in words if lost.get(name))


def grouped(live: Iterable[Lent]) -> list[tuple[Exporter, list[Export]]]:
    """Exports of one line, one type and one kind of holder together; those that hold the most bytes first."""
    groups: dict[tuple[object, ...], tuple[Exporter, list[Export]]] = {}
    for lent in live:
        for export in lent.exports:
            # Two items of one list are held by the same.
            holders = tuple(tuple(_ITEM.sub("[…]", part) for part in chain) for chain in export.holders)
            key = (lent.exporter.type, lent.exporter.owner, export.request, export.acquired_at, export.thread, holders, export.why)
            groups.setdefault(key, (lent.exporter, []))[1].append(export)
    return sorted(groups.values(), key=lambda group: -sum(export.nbytes for export in group[1]))


def _cut(groups: Sequence[tuple[Exporter, list[Export]]], most: int, rest: str, page: Page) -> Iterator[str]:
    for exporter, exports in groups[:most]:
        yield "\n".join(_group(exporter, exports, page, ""))
    if left := sum(len(exports) for _, exports in groups[most:]):
        yield f"and {left:,} {rest}"


def _group(exporter: Exporter, exports: list[Export], page: Page, indent: str) -> Iterator[str]:
    """One export with its site and its holder, and how many there are like it."""
    owner = f" of {exporter.owner}" if exporter.owner else ""
    where = f", at {exporter.address}" if exporter.address else ""
    yield page.paragraph(indent, f"{exporter.type}{owner}, {sized(exporter.nbytes)}{where}")
    narrower = replace(page, columns=page.columns - len(_INDENT))
    oldest = max(exports, key=lambda export: float("inf") if export.age_s is None else export.age_s)
    for line in of_export(oldest):
        # Each line keeps its own indentation below the exporter; what does not fit goes on further in.
        inner = indent + _INDENT + " " * (len(line) - len(line.lstrip()))
        yield narrower.paragraph(inner, line.lstrip()).replace("\n" + inner, f"\n{inner}{_INDENT}")
    if len(exports) > 1:
        nbytes = sum(export.nbytes for export in exports)
        yield page.paragraph(indent + _INDENT, f"{len(exports):,} exports like this one, {sized(nbytes)} together")


def alike(errors: Iterable[Error]) -> list[tuple[Error, int]]:
    """Errors of one line that the same stood in the way of, as one and how many they are."""
    found: dict[tuple[object, ...], tuple[Error, int]] = {}
    for error in errors:
        blockers = tuple((lent.exporter.type, lent.exporter.address, *(export.acquired_at for export in lent.exports)) for lent in error.blocked_by)
        key = (error.type, error.message, error.raised_at, error.thread, blockers)
        first, count = found.get(key, (error, 0))
        found[key] = (first, count + 1)
    return list(found.values())


def _error(error: Error, count: int, page: Page) -> str:
    lines = [page.paragraph("", f"{error.type}: {error.message}")]
    thread = f", thread {error.thread}" if error.thread else ""
    for frame in error.raised_at[:1]:
        lines.append(page.paragraph(_INDENT, f"raised at {frame}{thread}"))
    for frame in error.raised_at[1:3]:
        lines.append(page.paragraph(_INDENT * 2, f"called at {frame}"))
    groups = [(lent.exporter, [export]) for lent in error.blocked_by for export in lent.exports]
    if not groups:
        lines.append(page.paragraph(_INDENT, "what stood in the way is not known"))
    for exporter, exports in islice(groups, _BLOCKERS):
        first, *others = _group(exporter, exports, page, _INDENT * 2)
        lines += [page.paragraph(_INDENT, f"blocked by {first.strip()}"), *others]
    of_it = len(error.blocked_by[0].exports) if error.blocked_by else 0
    if (more := of_it - _BLOCKERS) > 0:
        lines.append(f"{_INDENT}and {counted(more, 'more export')} of it")
    if (more := len(groups) - of_it) > 0:
        # Which of them it was is a guess: the likeliest is told.
        lines.append(page.paragraph(_INDENT, f"{counted(more, 'export of another object was', 'exports of other objects were')} in sight, too"))
    if count > 1:
        lines.append(f"{_INDENT}{count:,} errors like this one")
    return "\n".join(lines)


def _sites(sites: Sequence[Site], page: Page) -> str:
    """A table of the sites that have something out; the rest is counted."""
    out = sorted((site for site in sites if site.live), key=lambda site: (-site.live_bytes, -site.live, site.key))
    if not out:
        return ""
    rows = [("line", "type", "acquired", "released", "out", "bytes", "peak")]
    for site in out[:_SITES]:
        numbers = (f"{site.acquired:,}", f"{site.released:,}", f"{site.live:,}", sized(site.live_bytes), sized(site.peak_bytes))
        frame = Frame(site.file, site.line, site.function)
        place = f"{frame.place} {site.function}" if frame.is_known else "not known"
        # One row is one line, whatever a file is called.
        rows.append((" ".join(place.split()), " ".join(site.type.split()), *numbers))
    # The numbers stay whole; a path that is too long loses its beginning.
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    widths[0] = max(20, min(widths[0], page.columns - sum(widths[1:]) - 2 * 6))
    lines = []
    for row in rows:
        cells = [_tail(row[0], widths[0]).ljust(widths[0]), row[1].ljust(widths[1])]
        cells += [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        lines.append(page.safe("  ".join(cells).rstrip()))
    if (more := len(sites) - len(out[:_SITES])) > 0:
        lines.append(_rest(more, len(sites) - len(out)))
    return "\n".join(lines)


def _rest(more: int, clean: int) -> str:
    """What is said of the sites that are not in the table."""
    if more == clean:
        return f"and {counted(more, 'more line has', 'more lines have')} nothing out"
    return f"and {counted(more, 'more line')}, of which {clean:,} {'has' if clean == 1 else 'have'} nothing out"


def _tail(text: str, width: int) -> str:
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]

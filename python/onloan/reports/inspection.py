"""An inspection as text for people, and as JSON for programs."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from typing import Any

from .. import __version__
from ..inspection import Answer, Inspection
from .page import Page

_INDENT = "  "


def as_json(inspections: Iterable[tuple[str, Inspection]]) -> str:
    """One document: a list of targets with their facts."""
    document = {
        "schema": 1,
        "python": platform.python_version(),
        "onloan": __version__,
        "targets": [_target(target, inspection) for target, inspection in inspections],
    }
    return json.dumps(document, indent=1, ensure_ascii=True)


def _target(target: str, inspection: Inspection) -> dict[str, Any]:
    facts = dict(inspection.facts or {})
    request = facts.pop("request", None)
    return {
        "target": target,
        "type": inspection.type,
        "exports": inspection.exports,
        "read_with": request and request[0],
        "error": inspection.why,
        **facts,
        "requests": [vars(answer) for answer in inspection.answers],
        "picture": inspection.draw(78, False).splitlines() if inspection.facts else None,
    }


def as_text(target: str, inspection: Inspection, page: Page) -> str:
    """Heading, picture, facts, fields and requests; as wide as the page."""
    parts = [_heading(inspection, page)]
    facts = inspection.facts
    if facts is None:
        parts.append(page.paragraph(_INDENT, inspection.why or ""))
    else:
        parts.append(inspection.draw(page.columns - 1, page.ascii).rstrip("\n"))
        if fields := _fields(facts, page):
            parts.append(fields)
    parts.append(_lines(target, inspection, page))
    parts.append("\n".join(_answer(answer, page) for answer in inspection.answers))
    return "\n\n".join(parts)


def _heading(inspection: Inspection, page: Page) -> str:
    facts = inspection.facts
    if facts is None:
        return page.paragraph("", inspection.type)
    words = [
        inspection.type,
        page.extents(facts["shape"]),
        f"format {facts['format']}",
        f"item {_bytes(facts['itemsize'])}",
        f"strides {_numbers(facts['strides'])}" if facts["strides"] else "",
        "read-only" if facts["readonly"] else "writable",
    ]
    return page.paragraph("", "   ".join(word for word in words if word))


def _lines(target: str, inspection: Inspection, page: Page) -> str:
    facts = inspection.facts
    rows = [("target", target)]
    if facts is not None:
        low, high = facts["extent"]
        lent = facts["lent"]
        if facts["suboffsets"] is not None:
            rows.append(("suboffsets", _numbers(facts["suboffsets"])))
        span = f"{low:+}..{high:+} from item [0,…,0]"
        rows.append(("extent", f"{span}, {_bytes(high - low)}" + (f", {lent} of them lent" if lent is not None else "")))
        rows.append(("contiguous", _contiguity(facts)))
        rows.append(("read with", facts["request"][0]))
        if facts["format_error"] is not None:
            rows.append(("format", f"cannot be read: {facts['format_error']}"))
    known = inspection.exports
    rows.append(("exports out", "not known to this kind of object" if known is None else str(known)))
    return "\n".join(page.paragraph(f"{_INDENT}{name:<13}", text) for name, text in rows)


def _fields(facts: dict[str, Any], page: Page) -> str:
    fields = facts["fields"]
    if len(fields) == 1 and not fields[0]["name"] and not fields[0]["shape"]:
        return f"{_INDENT}each item is {fields[0]['kind']}"
    if not fields:
        return ""
    rows = [("field", "offset", "size", "kind")]
    for field in fields:
        name = field["name"] or "(item)"
        if field["shape"]:
            name += f"[{page.extents(tuple(field['shape']))}]"
        rows.append((name, f"+{field['offset']}", str(field["size"]), field["kind"]))
    width = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        page.safe(f"{_INDENT}{name:<{width[0]}}  {offset:>{width[1]}}  {size:>{width[2]}}  {kind}")
        for name, offset, size, kind in rows
    )


def _answer(answer: Answer, page: Page) -> str:
    first = f"{_INDENT}{answer.name:<15}"
    if answer.granted:
        return first + page.yes
    kind = "" if answer.error == "BufferError" else f"{answer.error}: "
    return page.paragraph(f"{first}refused  ", f"{kind}{answer.message}")


def _contiguity(facts: dict[str, Any]) -> str:
    match facts["c_contiguous"], facts["f_contiguous"]:
        case True, True:
            return "in C and in Fortran order"
        case True, False:
            return "in C order"
        case False, True:
            return "in Fortran order"
    return "no"


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count} bytes"

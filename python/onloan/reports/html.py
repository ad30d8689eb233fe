"""Pages of HTML that need nothing else: no network, no second file.

All pages look alike (`page.css`) and have tables that are sorted and filtered alike (`tables.js`); what is said here of a table is what the script asks for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from .page import printable


def document(title: str, body: str, *, styles: Iterable[str], scripts: Iterable[str]) -> str:
    """A whole page. `styles` and `scripts` name files of this package, which go into it beside what all pages have."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{shown(title)}</title>
<style>
{_assets(["page.css", *styles])}</style>
</head>
<body>
{body}
<script>
{_assets(["tables.js", *scripts])}</script>
</body>
</html>
"""


def shown(text: str, *, but: str = "") -> str:
    """Text that others have made, as text: what would be markup is none, and what cannot be seen is spelt out, but for what is named."""
    return escape(printable(text, but=but))


def heading(name: str, kind: str, *, first: str | None = None) -> str:
    """The heading of a column that sorts by a `number` or a `text`; `first` is the order of the first click, where it is another than usual."""
    order = f' data-first="{first}"' if first else ""
    return f'<th scope="col" data-kind="{kind}"{order}>{name}</th>'


def body(keys: Sequence[object], words: Iterable[str], rows: str, **facts: str) -> str:
    """A row with what is below it: sorted by `keys`, found by `words`, and chosen by what the `facts` are."""
    chosen = "".join(f' data-{name}="{shown(value)}"' for name, value in facts.items())
    found = printable(" ".join(words)).lower()
    return f'<tbody data-keys="{escape(json.dumps(keys))}" data-words="{escape(found)}"{chosen}>\n{rows}\n</tbody>\n'


def _assets(names: Iterable[str]) -> str:
    return "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names)

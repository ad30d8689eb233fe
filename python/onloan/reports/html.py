"""Pages of HTML that need nothing else: no network, no second file."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path


def document(title: str, body: str, *, styles: Iterable[str], scripts: Iterable[str]) -> str:
    """A whole page. `styles` and `scripts` name files of this package, which go into it."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{_assets(styles)}</style>
</head>
<body>
{body}
<script>
{_assets(scripts)}</script>
</body>
</html>
"""


def _assets(names: Iterable[str]) -> str:
    return "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names)

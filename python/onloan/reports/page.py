"""Where text goes: how wide it may be, and which characters can be shown there."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass
from typing import TextIO

_NEEDED = "✓✗×│─▶▸·…⋮"


@dataclass(frozen=True)
class Page:
    """The width in columns, and whether only ASCII can be shown."""

    columns: int = 80
    ascii: bool = False

    @classmethod
    def of(cls, stream: TextIO) -> Page:
        """The page that a stream shows: as wide as the terminal (or `COLUMNS`), 80 elsewhere, 100 at most."""
        columns = shutil.get_terminal_size((80, 24)).columns
        try:
            _NEEDED.encode(getattr(stream, "encoding", None) or "ascii")
        except (LookupError, UnicodeEncodeError):
            return cls(min(columns, 100), ascii=True)
        return cls(min(columns, 100))

    @property
    def yes(self) -> str:
        """What is granted, or holds."""
        return "ok" if self.ascii else "✓"

    @property
    def no(self) -> str:
        """What does not hold."""
        return "NO" if self.ascii else "✗"

    @property
    def times(self) -> str:
        """Between extents."""
        return " x " if self.ascii else " × "

    def safe(self, text: str) -> str:
        """The text, with escapes for what cannot be shown, or would do something to the terminal."""
        text = printable(text, but="\n\t")
        if not self.ascii:
            return text
        for sign, instead in (("×", "x"), ("µ", "u"), ("…", "...")):
            text = text.replace(sign, instead)
        return text.encode("ascii", "backslashreplace").decode("ascii")

    def extents(self, shape: tuple[int, ...]) -> str:
        """A shape as people write it; no axes are one item."""
        return self.times.join(map(str, shape)) or "one item"

    def paragraph(self, first: str, text: str) -> str:
        """The text broken to the width, after `first`; further lines stand below the text's beginning."""
        return textwrap.fill(
            self.safe(text),
            width=max(self.columns, len(first) + 20),
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
        )


def printable(text: str, *, but: str = "") -> str:
    """The text with escapes for what cannot be seen: controls, marks of direction, halves of characters. Those named in `but` stay."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in but else sign.encode("unicode_escape", "surrogatepass").decode("ascii") for sign in text)

"""What the scenes stand on: words, checks and measurements."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from .. import Buffer, _onloan
from ..reports.page import Page

MIB = 1 << 20
_STATM = Path("/proc/self/statm")
Result = TypeVar("Result")


class Stage:
    """Prints the tour, keeps count of its checks, and measures."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.held = 0
        self.failed: list[str] = []
        self.skipped: list[str] = []

    def title(self, number: int, text: str) -> None:
        """Begins a scene."""
        print(f"{'' if number == 1 else chr(10)}{number:2}  {self.page.safe(text)}")

    def say(self, text: str) -> None:
        """One thing that happened."""
        print(self.page.paragraph("    ", text))

    def show(self, expression: str, value: object) -> None:
        """An expression and what it gave."""
        line = self.page.safe(f"    {expression}: {value!r}")
        if len(line) <= self.page.columns:
            print(line)
        else:
            print(self.page.paragraph("    ", f"{expression}:"))
            print(self.page.paragraph("      ", repr(value)))

    def check(self, claim: str, holds: bool) -> None:
        """A claim, and whether it holds."""
        if holds:
            self.held += 1
        else:
            self.failed.append(claim)
        print(self.page.paragraph(f"    {self.page.yes if holds else self.page.no} ", claim))

    def refused(self, what: str, call: Callable[[], object], words: str) -> None:
        """Shows the `BufferError` that `call` raises, and checks that it says `words`."""
        try:
            call()
        except BufferError as error:
            self.say(f"{what}: BufferError: {error}")
            self.check(f"refused, saying: {words}", words in str(error))
        else:
            self.check(f"{what} is refused", False)

    def skip(self, why: str) -> None:
        """Says what cannot be shown here."""
        self.skipped.append(why)
        print(self.page.paragraph("    -- ", f"skipped: {why}"))

    def timed(self, run: Callable[[], Result]) -> tuple[Result, float]:
        """The result, and the seconds it took."""
        started = time.perf_counter()
        result = run()
        return result, time.perf_counter() - started

    def close(self, seconds: float) -> bool:
        """The last line; whether every check held."""
        total = self.held + len(self.failed)
        print(f"\n{self.held} of {total} checks held, {len(self.skipped)} skipped, {seconds:.1f} s")
        for claim in self.failed:
            print(self.page.paragraph(f"{self.page.no} ", claim))
        return not self.failed


def resident() -> int | None:
    """Bytes of this process in memory; `None` where the system does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def mib(bytes: int) -> str:
    """A size for people."""
    return f"{bytes / MIB:.1f} MiB"


def rate(bytes: int, seconds: float) -> str:
    """How fast that went."""
    return f"{seconds * 1e3:.1f} ms, {bytes / max(seconds, 1e-9) / 1e9:.1f} GB/s"


def address(exporter: object) -> Any:
    """Where the memory of an exporter lies."""
    return _onloan.request(exporter, 0)["buf"]


def kept_or_freed(stage: Stage, claim: str, before: int | None, after: int | None, least: int) -> None:
    """Checks that resident memory fell by `least` bytes."""
    if before is None or after is None:
        stage.skip(f"{claim}: this system does not say how much memory a process has")
        return
    stage.check(f"{claim}: resident memory went from {mib(before)} to {mib(after)}", before - after >= least)


__all__ = ["MIB", "Buffer", "Stage", "address", "kept_or_freed", "mib", "rate", "resident"]

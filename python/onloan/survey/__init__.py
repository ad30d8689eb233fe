"""The survey: which exporter types packages make, and what is found when each is judged.

    packages.py    what is installed, and which of its modules may have exporters
    discovery.py   one child process a package (child.py): imports, walks the types (exporters.py), makes instances (recipes.py, instances.py)
    checker        judges each instance, in processes of its own
    proofs.py      for each rule, the few lines that show a breach by hand

A survey only collects; `onloan.reports` shows it as a table, as JSON and as pages.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from ..checker import Options, TargetReport, judge
from .discovery import Discovery, Exporter, discover
from .packages import Package

__all__ = ["Discovery", "Exporter", "Package", "Row", "Survey", "survey"]

#: Told what was done, for people: how much of how much, and what.
Progress = Callable[[int, int, str], None]

Judge = Callable[[Sequence[str], Options, Callable[[str, str], None]], list[TargetReport]]


@dataclass(frozen=True)
class Row:
    """An exporter type of a package, and what its instances were judged to be."""

    package: Package
    exporter: Exporter
    reports: tuple[TargetReport, ...]

    @property
    def verdict(self) -> str:
        """The worst verdict of its instances; `not judged` if there is none."""
        order = ("clean", "unexportable", "note", "warning", "error")
        verdicts = [report.verdict for report in self.reports if report.verdict is not None]
        return max(verdicts, key=order.index) if verdicts else "not judged"

    @property
    def why_not_judged(self) -> str | None:
        """Why there is no verdict."""
        if self.verdict != "not judged":
            return None
        return self.exporter.why or next((report.error for report in self.reports if report.error), "no instance")


@dataclass(frozen=True)
class Survey:
    """All that was found."""

    discoveries: tuple[Discovery, ...]
    rows: tuple[Row, ...]
    profile: str
    seconds: float = field(default=0.0, compare=False)

    def verdicts(self) -> Counter[str]:
        """How many types got which verdict."""
        return Counter(row.verdict for row in self.rows)

    @property
    def without(self) -> list[Discovery]:
        """The packages in which no exporter was found, though they could be imported."""
        having = {row.package.name for row in self.rows}
        return [one for one in self.discoveries if one.package.name not in having and not one.failed]


def survey(
    packages: Sequence[Package], *, options: Options = Options(), progress: Progress | None = None, judge: Judge = judge
) -> Survey:
    """Looks through packages, and judges what they export. Nothing that a package does ends this."""
    start = time.monotonic()
    tell = progress or (lambda done, of, what: None)
    jobs = options.jobs or os.cpu_count() or 1
    discoveries = []
    stop = threading.Event()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for number, found in enumerate(pool.map(partial(discover, stop=stop), packages), 1):
                discoveries.append(found)
                tell(number, len(packages), f"{_named(found.package)}: {_spoken(found)}")
        except BaseException:
            stop.set()
            raise
    targets = list(dict.fromkeys(target for found in discoveries for exporter in found.exporters for target in exporter.targets))
    begun: set[str] = set()

    lock = threading.Lock()

    def judged(target: str, what: str) -> None:
        with lock:
            if target not in begun:
                begun.add(target)
                tell(len(begun), len(targets), _short(target))

    reports = dict(zip(targets, judge(targets, options, judged), strict=True)) if targets else {}
    rows = [
        Row(found.package, exporter, tuple(reports[target] for target in exporter.targets))
        for found in discoveries
        for exporter in found.exporters
    ]
    return Survey(tuple(discoveries), tuple(rows), options.profile, time.monotonic() - start)


def _named(package: Package) -> str:
    return package.name if package.version is None else f"{package.name} {package.version}"


def _short(target: str) -> str:
    return target if len(target) <= 60 else f"{target[:59]}…"


def _spoken(found: Discovery) -> str:
    if found.failed:
        return f"not imported: {found.problems[0][1]}"
    count = len(found.exporters)
    return "no exporter types" if not count else f"{count} exporter type{'' if count == 1 else 's'}"

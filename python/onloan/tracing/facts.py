"""What was found out, as values: what `snapshot()` is made of, and what a recording holds.

The JSON form is that of `onloan run --json`, with keys of its own added; `from_json` reads it back, also without those keys.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = 1


@dataclass(frozen=True)
class Frame:
    """A line of a function. `line` is 0 where it is not known."""

    file: str
    line: int
    function: str

    @property
    def is_known(self) -> bool:
        """Whether it is a place at all: what C code does by itself has none."""
        return self.file != "?"

    @property
    def place(self) -> str:
        """File and line, or what is known of them."""
        if not self.is_known:
            return "a line that is not known"
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.place} in {self.function}" if self.is_known else self.place

    def as_json(self) -> dict[str, Any]:
        return {"file": self.file, "line": self.line, "function": self.function}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Frame:
        return cls(str(facts["file"]), int(facts["line"]), str(facts["function"]))


@dataclass(frozen=True)
class Exporter:
    """The object that lends. `nbytes` is the most that one export of it lends; `owner` the type it belongs to, where that is another object."""

    type: str
    nbytes: int = 0
    address: str = ""
    owner: str | None = None

    def as_json(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"type": self.type, "nbytes": self.nbytes, "address": self.address}
        return facts if self.owner is None else {**facts, "owner": self.owner}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Exporter:
        return cls(str(facts["type"]), int(facts.get("nbytes", 0)), str(facts.get("address", "")), facts.get("owner"))


@dataclass(frozen=True)
class Export:
    """One acquisition that is still out.

    `matched` says how sure it is: `pointer` (seen by the ledger, at its place), `moved` (the consumer has copied its struct elsewhere), `scan` (found in
    a managed buffer: acquired before the start, or of a type that is not told of releases), `counter` (known to the object's own counter only).
    `acquired_at` is innermost first, empty where it is not known. `holders` are chains from the view outwards to a name; if there are none, `why` says so.
    `id` tells exports apart: it grows with each acquisition.
    """

    request: str
    nbytes: int
    thread: str
    age_s: float | None
    matched: str
    acquired_at: tuple[Frame, ...] = ()
    holders: tuple[tuple[str, ...], ...] = ()
    why: str | None = None
    id: int = 0

    @property
    def site(self) -> Frame | None:
        """The line that acquired it."""
        return self.acquired_at[0] if self.acquired_at else None

    def as_json(self) -> dict[str, Any]:
        return {
            "request": self.request,
            "nbytes": self.nbytes,
            "thread": self.thread,
            "age_s": self.age_s,
            "matched": self.matched,
            "acquired_at": [frame.as_json() for frame in self.acquired_at],
            "holders": [list(chain) for chain in self.holders],
            "why": self.why,
            "id": self.id,
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Export:
        age = facts.get("age_s")
        return cls(
            str(facts["request"]),
            int(facts["nbytes"]),
            str(facts["thread"]),
            None if age is None else float(age),
            str(facts["matched"]),
            tuple(Frame.from_json(frame) for frame in facts.get("acquired_at", ())),
            tuple(tuple(map(str, chain)) for chain in facts.get("holders", ())),
            facts.get("why"),
            int(facts.get("id", 0)),
        )


@dataclass(frozen=True)
class Lent:
    """An exporter and what is out of it."""

    exporter: Exporter
    exports: tuple[Export, ...]

    def as_json(self) -> dict[str, Any]:
        return {"exporter": self.exporter.as_json(), "exports": [export.as_json() for export in self.exports]}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Lent:
        return cls(Exporter.from_json(facts["exporter"]), tuple(Export.from_json(export) for export in facts["exports"]))


@dataclass(frozen=True)
class Site:
    """A line that acquires buffers of a type, and what has become of them. Of types that are not told of releases `released` stays 0, and `live` is what was found."""

    file: str
    line: int
    function: str
    type: str
    acquired: int
    released: int
    live: int
    live_bytes: int
    peak_bytes: int

    @property
    def key(self) -> tuple[str, int, str, str]:
        return (self.file, self.line, self.function, self.type)

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Site:
        names = ("acquired", "released", "live", "live_bytes", "peak_bytes")
        where = (str(facts["file"]), int(facts["line"]), str(facts["function"]), str(facts["type"]))
        return cls(*where, *(int(facts[name]) for name in names))


@dataclass(frozen=True)
class Error:
    """A BufferError that was raised while exports were out; the likeliest cause is first in `blocked_by`."""

    type: str
    message: str
    raised_at: tuple[Frame, ...]
    blocked_by: tuple[Lent, ...]
    thread: str = ""
    time_s: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "message": self.message,
            "raised_at": [frame.as_json() for frame in self.raised_at],
            "blocked_by": [lent.as_json() for lent in self.blocked_by],
            "thread": self.thread,
            "time_s": self.time_s,
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Error:
        return cls(
            str(facts["type"]),
            str(facts["message"]),
            tuple(Frame.from_json(frame) for frame in facts.get("raised_at", ())),
            tuple(Lent.from_json(lent) for lent in facts.get("blocked_by", ())),
            str(facts.get("thread", "")),
            facts.get("time_s"),
        )


@dataclass(frozen=True)
class Lost:
    """What is missing: releases whose acquisition is not on record, and what was dropped because a limit was reached.

    4,194,304 exports are kept that are out at the same time; 65,536 stacks, and of as many further ones the innermost frame; 1,000 errors. What is
    beyond is counted here, and not kept.
    """

    unmatched_releases: int = 0
    dropped_records: int = 0
    dropped_stacks: int = 0
    dropped_errors: int = 0
    ambiguous_releases: int = 0
    untraced_types: int = 0

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Lost:
        return cls(**{name: int(facts.get(name, 0)) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Difference:
    """A site now and before. The `…_diff` are now minus before."""

    site: Site
    acquired_diff: int
    released_diff: int
    live_diff: int
    live_bytes_diff: int

    def __str__(self) -> str:
        site = self.site
        return (
            f"{site.file}:{site.line}: {site.type}: live={site.live} ({self.live_diff:+}), bytes={site.live_bytes} "
            f"({self.live_bytes_diff:+}), acquired={site.acquired} ({self.acquired_diff:+})"
        )


@dataclass(frozen=True)
class Snapshot:
    """What is out, what was, and which errors it led to. `timeline` is (seconds since the start, bytes out then, exports out then)."""

    live: tuple[Lent, ...]
    sites: tuple[Site, ...]
    errors: tuple[Error, ...] = ()
    lost: Lost = field(default_factory=Lost)
    timeline: tuple[tuple[float, int, int], ...] = ()
    taken_at: float = field(default_factory=time.time)

    @property
    def live_count(self) -> int:
        """How many exports are out."""
        return sum(len(lent.exports) for lent in self.live)

    def compare_to(self, old: Snapshot) -> list[Difference]:
        """The sites that changed since `old`, those with the greatest change of live bytes first; as `tracemalloc.Snapshot.compare_to`."""
        before = {site.key: site for site in old.sites}
        found = []
        for site in self.sites:
            was = before.pop(site.key, None)
            found.append(_difference(site, was))
        for was in before.values():  # tracing was started anew
            gone = Site(*was.key, 0, 0, 0, 0, 0)
            found.append(_difference(gone, was))
        changed = [d for d in found if d.acquired_diff or d.released_diff or d.live_diff or d.live_bytes_diff]
        return sorted(changed, key=lambda d: (-abs(d.live_bytes_diff), -abs(d.live_diff), -abs(d.acquired_diff), d.site.key))

    def statistics(self, key_type: str = "lineno") -> list[Site]:
        """The sites, those with the most live bytes first, grouped by `lineno`, `filename` or `type`, as `tracemalloc.Snapshot.statistics`."""
        if key_type not in ("lineno", "filename", "type"):
            raise ValueError(f"unknown key_type: {key_type!r}: lineno, filename or type")
        groups: dict[tuple[str, int, str, str], list[Site]] = {}
        for site in self.sites:
            key = {
                "lineno": (site.file, site.line, site.function, ""),
                "filename": (site.file, 0, "", ""),
                "type": ("", 0, "", site.type),
            }[key_type]
            groups.setdefault(key, []).append(site)
        merged = [_merged(key, sites) for key, sites in groups.items()]
        return sorted(merged, key=lambda site: (-site.live_bytes, -site.live, -site.acquired, site.key))

    def as_json(self) -> dict[str, Any]:
        """The document of `onloan run --json`."""
        return {
            "schema": SCHEMA,
            "live": [lent.as_json() for lent in self.live],
            "sites": [site.as_json() for site in self.sites],
            "errors": [error.as_json() for error in self.errors],
            "lost": self.lost.as_json(),
            "timeline": [list(point) for point in self.timeline],
            "taken_at": self.taken_at,
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Snapshot:
        """Reads what `as_json` wrote. Errors: `ValueError` for another schema or for a document of another kind."""
        if facts.get("schema") != SCHEMA:
            raise ValueError(f"schema {facts.get('schema')!r}, expected {SCHEMA}")
        try:
            return cls(
                tuple(Lent.from_json(lent) for lent in facts["live"]),
                tuple(Site.from_json(site) for site in facts["sites"]),
                tuple(Error.from_json(error) for error in facts.get("errors", ())),
                Lost.from_json(facts.get("lost", {})),
                tuple((float(t), int(nbytes), int(count)) for t, nbytes, count in facts.get("timeline", ())),
                float(facts.get("taken_at", 0.0)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no recording of exports: {error!r}") from error


def _difference(site: Site, was: Site | None) -> Difference:
    if was is None:
        return Difference(site, site.acquired, site.released, site.live, site.live_bytes)
    return Difference(
        site,
        site.acquired - was.acquired,
        site.released - was.released,
        site.live - was.live,
        site.live_bytes - was.live_bytes,
    )


def _merged(key: tuple[str, int, str, str], sites: Iterable[Site]) -> Site:
    # The peaks of several sites need not have been at the same time: their sum is a bound.
    sums = [sum(numbers) for numbers in zip(*((s.acquired, s.released, s.live, s.live_bytes, s.peak_bytes) for s in sites))]
    return Site(*key, *sums)

"""What is measured: cases, the ways to do the same thing in each, and the marks that are to be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

SIZES = {"1 KB": 1 << 10, "64 KB": 1 << 16, "16 MB": 1 << 24}

#: From this size on memory counts, not the call.
LARGE = 1 << 16

#: "No slower" as it can be measured: two measurements of the same thing differ by as much.
NO_SLOWER = 1.02


@dataclass(frozen=True)
class Way:
    """One way to do it: `time` takes iterations and a warm-up to nanoseconds, `answer` does it once and shows what
    came of it."""

    time: Callable[[int, int], int]
    answer: Callable[[], object]


@dataclass(frozen=True)
class Mark:
    """`way` may take at most `most` times what `against` takes; with nobody there, `most` nanoseconds an item."""

    way: str
    most: float
    against: str | None = None

    def __str__(self) -> str:
        if self.against is None:
            return f"{self.way} ≤ {self.most:g} ns an item"
        return f"{self.way} ≤ {self.most:.3g} × {self.against}"


@dataclass(frozen=True)
class Made:
    """What a case needs, ready to run, with the answer that every way must give."""

    expected: object
    ways: dict[str, Way]


@dataclass(frozen=True)
class Case:
    """One row. `make` is called when its turn comes, so that the memory of one case at a time is held."""

    name: str
    make: Callable[[], Made]
    size: str | None = None
    items: int = 1
    marks: list[Mark] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Name and size."""
        return self.name if self.size is None else f"{self.name}, {self.size}"


@dataclass(frozen=True)
class Group:
    """One table: the ways in the order of its columns, the first of which is what the ratios are to.

    `limit` is the way that does the least that anybody could.
    """

    name: str
    note: str
    ways: list[str]
    cases: list[Case]
    limit: str | None = None

    @property
    def base(self) -> str:
        """What the ratios are to."""
        return self.ways[0]

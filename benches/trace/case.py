"""What is measured, and the marks that are to be reached."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.measure import Spread, ratios


@dataclass(frozen=True)
class Mark:
    """What is to be reached, in words, and the number that is not to be exceeded."""

    text: str
    most: float


@dataclass(frozen=True)
class Reached:
    """What was measured of a mark; None where somebody was not here."""

    mark: Mark
    measured: Spread | None

    @property
    def met(self) -> bool | None:
        """The median is not over the mark."""
        return None if self.measured is None else self.measured.median <= self.mark.most


#: Nanoseconds for one iteration, round by round; None where it was not its turn.
Times = list[float | None]


@dataclass(frozen=True)
class Timed:
    """One operation of one exporter: the times of each way."""

    operation: str
    exporter: str
    times: dict[str, Times]
    reached: list[Reached] = field(default_factory=list)


@dataclass(frozen=True)
class Kept:
    """Something that fills the ledger or searches in it: numbers by name, with their units."""

    group: str
    name: str
    numbers: dict[str, str]
    facts: dict[str, object]
    reached: list[Reached] = field(default_factory=list)


def differences(values: Times, base: Times) -> list[float]:
    """What was added, round by round, where it was the turn of both."""
    pairs = zip(values, base, strict=True)
    return [value - least for value, least in pairs if value is not None and least is not None]


def added(times: dict[str, Times], way: str, base: str) -> Spread | None:
    """Nanoseconds that a way adds to the base."""
    if way not in times or base not in times:
        return None
    return Spread.of(differences(times[way], times[base]))


def ratio(times: dict[str, Times], way: str, base: str) -> Spread | None:
    """A way over the base, in the same round."""
    if way not in times or base not in times:
        return None
    return Spread.of(ratios(times[way], times[base]))


def share(times: dict[str, Times], way: str, other: str, base: str) -> Spread | None:
    """What one way adds over what another adds, in the same round."""
    if not {way, other, base} <= set(times):
        return None
    shares = []
    for one, two, least in zip(times[way], times[other], times[base], strict=True):
        if one is not None and two is not None and least is not None and two > least:
            shares.append((one - least) / (two - least))
    return Spread.of(shares) if shares else None

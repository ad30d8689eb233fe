"""What `onloan.tracing` raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .explain import described

if TYPE_CHECKING:
    from .facts import Lent


class TracingError(RuntimeError):
    """Tracing cannot be started here; the message says why."""


class LeakError(AssertionError):
    """Exports were left behind. `live` has them; the message names exporter, site and holder of each."""

    def __init__(self, live: tuple[Lent, ...]) -> None:
        self.live = live
        count = sum(len(lent.exports) for lent in live)
        left = "1 export is" if count == 1 else f"{count} exports are"
        super().__init__("\n".join([f"{left} still out", *described(live)]))

    def __reduce__(self) -> tuple[type[LeakError], tuple[tuple[Lent, ...]]]:
        return type(self), (self.live,)

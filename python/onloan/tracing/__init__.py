"""Who holds the buffer, since when, acquired at which line.

`start()` replaces the buffer slots of every exporter type of the process by others that keep a ledger and call the original; `stop()` puts
them back. `exports(obj)` and `holders(obj)` ask about one object, also without a ledger, as far as the collector sees.
"""

from __future__ import annotations

from .control import is_tracing, none_left, snapshot, start, stop, tracing
from .errors import LeakError, TracingError
from .facts import Difference, Error, Export, Exporter, Frame, Lent, Lost, Site, Snapshot
from .objects import exports, holders

__all__ = [
    "Difference",
    "Error",
    "Export",
    "Exporter",
    "Frame",
    "LeakError",
    "Lent",
    "Lost",
    "Site",
    "Snapshot",
    "TracingError",
    "exports",
    "holders",
    "is_tracing",
    "none_left",
    "snapshot",
    "start",
    "stop",
    "tracing",
]

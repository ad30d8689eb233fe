"""Memory on loan: Python's buffer protocol, from Rust.

A buffer is memory that one object (the *exporter*) lends to another (the
*consumer*). `Buffer` is an exporter for people: typed, N-dimensional memory,
made of data, zeros, a file, shared memory or a function, that counts what is
out and says so when that stands in the way. `View` is what memoryview is, and
does what memoryview raises on. `check()` judges any exporter by the rules of
the protocol.

`start`, `snapshot` and `stop`, or `tracing()` and `none_left()`, say of every
exporter in the process who holds its memory, since when, and acquired at which
line; `exports` and `holders` say it of one object.

PYTEST_DONT_REWRITE: pytest rewrites the assertions of plugins, of which this
package has one, and warns of those that `onloan run` has loaded before it.
"""

from typing import TYPE_CHECKING, Any

from ._onloan import Buffer, View, __version__
from .tracing import (
    LeakError,
    Snapshot,
    TracingError,
    exports,
    holders,
    is_tracing,
    none_left,
    snapshot,
    start,
    stop,
    tracing,
)

if TYPE_CHECKING:
    from .checker.api import CheckError, Report, check

__all__ = [
    "Buffer",
    "CheckError",
    "LeakError",
    "Report",
    "Snapshot",
    "TracingError",
    "View",
    "__version__",
    "check",
    "exports",
    "holders",
    "is_tracing",
    "none_left",
    "snapshot",
    "start",
    "stop",
    "tracing",
]


def __getattr__(name: str) -> Any:
    """The checker is imported when it is used first: it brings child processes and threads with it."""
    if name in ("CheckError", "Report", "check"):
        from .checker import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

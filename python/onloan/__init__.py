"""Memory on loan: Python's buffer protocol, from Rust.

A buffer is memory that one object (the *exporter*) lends to another (the
*consumer*). `Buffer` is an exporter for people: typed, N-dimensional memory,
made of data, zeros, a file, shared memory or a function, that counts what is
out and says so when that stands in the way. `View` is what memoryview is, and
does what memoryview raises on. `check()` judges any exporter by the rules of
the protocol.
"""

from ._onloan import Buffer, View, __version__
from .checker.api import CheckError, Report, check

__all__ = ["Buffer", "CheckError", "Report", "View", "__version__", "check"]

"""Memory on loan: Python's buffer protocol, from Rust.

A buffer is memory that one object (the *exporter*) lends to another (the
*consumer*). `Buffer` is an exporter for people: typed, N-dimensional memory,
made of data, zeros, a file, shared memory or a function, that counts what is
out and says so when that stands in the way. `View` is what memoryview is, and
does what memoryview raises on.
"""

from ._onloan import Buffer, View, __version__

__all__ = ["Buffer", "View", "__version__"]

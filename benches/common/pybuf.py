"""The requests that are timed, by the names and values of `Include/pybuffer.h`."""

from __future__ import annotations

WRITABLE = 0x001
FORMAT = 0x004
ND = 0x008
STRIDES = 0x018
INDIRECT = 0x118
READ = 0x100

SIMPLE = 0x000
CONTIG_RO = ND
FULL_RO = INDIRECT | FORMAT
FULL = INDIRECT | FORMAT | WRITABLE

#: The columns of the first table: what a socket asks, what NumPy's fast paths ask, what memoryview asks, and the
#: same for a consumer that writes.
TIMED = {"SIMPLE": SIMPLE, "CONTIG_RO": CONTIG_RO, "FULL_RO": FULL_RO, "FULL": FULL}


def asks(flags: int, flag: int) -> bool:
    """A flag is requested only when all its bits are set."""
    return flags & flag == flag

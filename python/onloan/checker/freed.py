"""Recognising memory that was freed under somebody who holds a buffer.

Children run with allocators that overwrite what is freed: Python's debug allocator, glibc's `perturb`, macOS's scribbling. What was given out
again is full of a byte of our own.
"""

from __future__ import annotations

from .._onloan import _check_churn

#: glibc fills freed memory with this; what it hands out with the complement.
PERTURB = 0xB5

#: Our own.
CHURN = 0xC7

_BYTES = {
    0xDD: "Python's debug allocator fills freed memory with it",
    0xCD: "Python's debug allocator fills new memory with it",
    PERTURB: "the allocator was told to fill freed memory with it",
    PERTURB ^ 0xFF: "the allocator was told to fill new memory with it",
    CHURN: "the checker allocated memory of that size afterwards",
    0x55: "the allocator fills freed memory with it",
}

#: Environment of the children.
ENVIRONMENT = {
    "PYTHONMALLOC": "debug",
    "PYTHONFAULTHANDLER": "1",
    "MallocScribble": "1",
}
GLIBC_TUNABLES = f"glibc.malloc.perturb={PERTURB}:glibc.malloc.tcache_count=0"


def churn(nbytes: int) -> None:
    """Allocates and frees memory of about that size, through Python and through malloc."""
    sizes = [max(size, 1) for size in (nbytes, nbytes + 1, nbytes + 16, nbytes - 8)]
    if nbytes <= 1 << 22:
        for size in sizes:
            blocks = [bytearray(bytes([CHURN])) * size for _ in range(32)]
            del blocks
        _check_churn(sizes, CHURN)


def freed_already(contents: bytes) -> str | None:
    """Why contents look like memory that was freed before they were seen at all: all of them are what freed memory is full of."""
    for byte in (0xDD, PERTURB):
        if len(contents) >= 8 and contents.count(byte) == len(contents):
            return f"all {len(contents)} bytes are 0x{byte:02X}: {_BYTES[byte]}"
    return None


def freed(before: bytes, after: bytes) -> str | None:
    """Why `after` looks like freed memory, `before` being what was there; `None` if it does not."""
    if before == after or not after:
        return None
    length = min(16, len(after))
    for byte, why in _BYTES.items():
        run = bytes([byte]) * length
        at = after.find(run)
        while at >= 0:
            if before[at : at + length] != run:
                return f"{length} bytes 0x{byte:02X} at offset {at}: {why}"
            at = after.find(run, at + length)
    return None

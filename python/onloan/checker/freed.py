"""Recognising memory that was freed under somebody who holds a buffer.

Children run with allocators that overwrite what is freed: Python's debug allocator, glibc's `perturb`, macOS's scribbling. What was given out
again is full of a byte of our own.
"""

from __future__ import annotations

from .._onloan import _check_churn, _check_freed

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


def churn(nbytes: int) -> object:
    """Memory of about that size and of small sizes, from Python and from malloc; it is taken until what is returned goes."""
    sizes = {max(size, 1) for size in (8, 16, 24, 32, nbytes, nbytes - 1, nbytes + 1, nbytes + 16, nbytes - 8) if size <= 1 << 22}
    taken: list[object] = [bytearray(bytes([CHURN])) * size for size in sizes for _ in range(32)]
    taken.append(_check_churn(sorted(sizes), CHURN))
    return taken


def freed(before: bytes, after: bytes) -> str | None:
    """Why `after` looks like freed memory, `before` being what was there; `None` if it does not."""
    found = _check_freed(before, after)
    if found is None:
        return None
    byte, offset, length = found
    return f"{length} bytes 0x{byte:02X} at offset {offset}: {_BYTES[byte]}"

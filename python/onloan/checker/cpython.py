"""What CPython's own types do wrong: it is known, and not laid on those who use them."""

from __future__ import annotations

import io
import sys
from typing import Any

_BYTES_IO: type = type(io.BytesIO().getbuffer().obj)


def loses_exports_to_0x100(exporter: Any) -> bool:
    """`__buffer__(0x100)` raises SystemError and leaves the export counted (gh-126980); on 3.13 such an object does not come to an end."""
    return isinstance(exporter, (bytearray, _BYTES_IO))


def dies_in_cycles(exporter: Any) -> bool:
    """The collector clears a memoryview that is lent on, or a BytesIO whose buffer is out (gh-77894, gh-111211)."""
    return sys.version_info < (3, 12, 7) and isinstance(exporter, (memoryview, _BYTES_IO))


def is_of_python(exporter: Any) -> bool:
    """Whether `__buffer__` is written in Python. Then CPython counts what was refused after it returned (P-12)."""
    return hasattr(getattr(type(exporter), "__buffer__", None), "__code__")


def is_of_ctypes(exporter: Any) -> bool:
    """Whether it is one of ctypes' objects, whose shape `ctypes.resize` leaves as it was."""
    return any(cls.__module__ == "_ctypes" for cls in type(exporter).__mro__)

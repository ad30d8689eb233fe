"""Instances of the types that Cython compiles into modules: its `memoryview`, and its `array`.

No module shows them under a name (apart from the shared ones of Cython 3.1). They are found by walking the types.
"""

from __future__ import annotations

import array
import importlib
from collections.abc import Callable
from typing import Any

from .exporters import cython, walk


def memoryview_of(module: str) -> object:
    """A view of three integers, of the type that was compiled into `module`."""
    full_ro = 0x11C
    return _type_of(module, "memoryview")(array.array("i", [1, 2, 3]), full_ro)


def array_of(module: str) -> object:
    """An array of four integers, of the type that was compiled into `module`."""
    return _type_of(module, "array")(shape=(4,), itemsize=4, format=b"i")


def _type_of(module: str, kind: str) -> Callable[..., Any]:
    shown = vars(importlib.import_module(module)).get(kind)
    if isinstance(shown, type) and cython(shown) == kind:
        return shown
    for one in walk():
        if one.__module__ == module and cython(one) == kind:
            return one
    raise LookupError(f"Cython compiled no {kind} into {module}")

"""The layouts that are copied: those of which the peers' cost is known, in every size."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Layout:
    """`make` gives an array of about so many bytes, seen in this layout. `scattered` says that bytes lie one by one in
    another order than they are copied in: reversed, with gaps, transposed."""

    name: str
    dtype: str
    make: Callable[[Any, int], Any]
    contiguous: bool = False
    scattered: bool = False


def items(dtype: str, count: int) -> Any:
    """So many items of random bits, the same ones in every run."""
    numpy = importlib.import_module("numpy")
    return numpy.random.default_rng(0).integers(0, 256, count * numpy.dtype(dtype).itemsize, "u1").view(dtype)


def side(count: int, ndim: int) -> int:
    """Of a square or a cube with about so many items."""
    return round(count ** (1 / ndim))


def straight(dtype: str, count: int) -> Any:
    """One row."""
    return items(dtype, count)


def every_second(dtype: str, count: int) -> Any:
    """Every second item of a row."""
    return items(dtype, 2 * count)[::2]


def backwards(dtype: str, count: int) -> Any:
    """A row from its end."""
    return items(dtype, count)[::-1]


def transposed(dtype: str, count: int) -> Any:
    """A square with its axes swapped."""
    extent = side(count, 2)
    return items(dtype, extent * extent).reshape(extent, extent).T


def permuted(*axes: int) -> Callable[[str, int], Any]:
    """A cube with its axes in another order."""

    def make(dtype: str, count: int) -> Any:
        extent = side(count, 3)
        return items(dtype, extent**3).reshape(extent, extent, extent).transpose(axes)

    return make


LAYOUTS = [
    Layout("contiguous, 1 byte", "u1", straight, contiguous=True),
    Layout("contiguous, f64", "f8", straight, contiguous=True),
    Layout("every 2nd, f64", "f8", every_second),
    Layout("every 2nd, 1 byte", "u1", every_second, scattered=True),
    Layout("reversed, f64", "f8", backwards),
    Layout("reversed, 1 byte", "u1", backwards, scattered=True),
    Layout("transposed, 1 byte", "u1", transposed, scattered=True),
    Layout("transposed, 4 bytes", "u4", transposed),
    Layout("transposed, 8 bytes", "f8", transposed),
    Layout("3-D, axes 2 1 0, f64", "f8", permuted(2, 1, 0)),
    Layout("3-D, axes 0 2 1, f64", "f8", permuted(0, 2, 1)),
]

#: Rows behind pointers, which NumPy does not know.
SUBOFFSETS = "suboffsets, 1 byte"


def source(layout: Layout, nbytes: int) -> Any:
    """An array of about so many bytes."""
    itemsize = importlib.import_module("numpy").dtype(layout.dtype).itemsize
    return layout.make(layout.dtype, nbytes // itemsize)


def rows(nbytes: int) -> list[bytes]:
    """A square of bytes, row by row."""
    extent = side(nbytes, 2)
    data = items("u1", extent * extent).tobytes()
    return [data[row * extent : (row + 1) * extent] for row in range(extent)]

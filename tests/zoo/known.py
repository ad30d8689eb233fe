"""Exporters that everybody has: those of CPython, of ctypes, of its own tests, and NumPy's."""

from __future__ import annotations

import array
import ctypes
import io
import mmap
import pickle
import warnings
from typing import Any

try:
    import numpy as np
except ImportError:  # pragma: no cover - the tests that need it are skipped
    np = None  # type: ignore[assignment]

try:
    import _testbuffer  # type: ignore[import-not-found]
except ImportError:  # pragma: no cover - the tests that need it are skipped
    _testbuffer = None


def bytes_() -> bytes:
    return b"what is lent"


def bytearray_() -> bytearray:
    return bytearray(b"what is lent")


def array_() -> array.array[int]:
    return array.array("i", range(6))


def array_of_text() -> array.array[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return array.array("u", "what is lent")


def mmap_() -> mmap.mmap:
    return mmap.mmap(-1, 4096)


def closed_mmap() -> mmap.mmap:
    closed = mmap_()
    closed.close()
    return closed


def bytesio_buffer() -> Any:
    """The exporter behind `BytesIO.getbuffer()`, which nobody else shows."""
    return io.BytesIO(b"what is lent").getbuffer().obj


def pickle_buffer() -> pickle.PickleBuffer:
    return pickle.PickleBuffer(bytearray(b"what is lent"))


def released_pickle_buffer() -> pickle.PickleBuffer:
    released = pickle_buffer()
    released.release()
    return released


class InPython:
    """A class with `__buffer__`."""

    def __init__(self) -> None:
        self.data = bytearray(b"what is lent")

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self.data)


def view_of_two_axes() -> memoryview:
    return memoryview(bytearray(24)).cast("i", (2, 3))


def view_of_no_axis() -> memoryview[float]:
    return memoryview(bytearray(8)).cast("d", ())


def view_of_one_axis() -> memoryview:
    return memoryview(bytearray(24))


def empty_view_with_a_step() -> memoryview:
    return memoryview(bytes(24))[24:0:2]


def released_view() -> memoryview:
    released = view_of_one_axis()
    released.release()
    return released


class Pair(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int32), ("b", ctypes.c_int16), ("c", ctypes.c_int16)]


class Either(ctypes.Union):
    _fields_ = [("a", ctypes.c_int32), ("b", ctypes.c_double)]


class Bits(ctypes.Structure):
    _fields_ = [("a", ctypes.c_int32, 5), ("b", ctypes.c_int32, 27)]


class Derived(Pair):
    _fields_ = [("d", ctypes.c_int64)]


def ctypes_scalar() -> Any:
    return ctypes.c_int32(7)


def ctypes_array() -> Any:
    return (ctypes.c_int32 * 6)(*range(6))


def ctypes_array_of_two_axes() -> Any:
    return (ctypes.c_int32 * 3 * 2)()



def checked_array_one_axis() -> Any:
    return _testbuffer.ndarray(list(range(6)), shape=[6], format="i", flags=_testbuffer.ND_WRITABLE)


def checked_array_no_axis() -> Any:
    return _testbuffer.ndarray(7, shape=[], format="i", flags=_testbuffer.ND_WRITABLE)


def checked_array_with_steps() -> Any:
    return _testbuffer.ndarray(list(range(6)), shape=[3], strides=[8], format="i", flags=_testbuffer.ND_WRITABLE)


def checked_array_that_leaves_obj() -> Any:
    flags = _testbuffer.ND_GETBUF_FAIL | _testbuffer.ND_GETBUF_UNDEFINED
    return _testbuffer.ndarray(list(range(6)), shape=[6], format="i", flags=flags)


def static_array() -> Any:
    return _testbuffer.staticarray()


def static_array_of_old() -> Any:
    return _testbuffer.staticarray(legacy_mode=True)


def numpy_array() -> Any:
    return np.arange(6, dtype="i4")


def numpy_array_of_two_axes() -> Any:
    return np.arange(6, dtype="i4").reshape(2, 3)


def numpy_array_with_steps() -> Any:
    return np.arange(12, dtype="i4")[::2]


def numpy_scalar() -> Any:
    return np.float64(1.5)

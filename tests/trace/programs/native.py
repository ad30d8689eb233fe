"""What native code does that takes a buffer and never gives it back."""

import ctypes

_get = ctypes.pythonapi.PyObject_GetBuffer
_get.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
_get.restype = ctypes.c_int


def keep(exporter):
    """Acquires into memory that nobody frees."""
    memory = ctypes.pythonapi.PyMem_RawMalloc
    memory.restype, memory.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    _get(exporter, memory(128), 0)  # acquired here

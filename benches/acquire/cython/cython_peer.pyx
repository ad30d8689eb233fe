# cython: language_level=3
# An exporter as Cython's documentation shows it: __getbuffer__ and __releasebuffer__ of a cdef class.
from cpython.buffer cimport PyBUF_FORMAT, PyBUF_ND, PyBUF_STRIDES, PyBUF_WRITABLE
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cdef char *FORMAT = b"B"


cdef class Exporter:
    cdef unsigned char *data
    cdef Py_ssize_t[1] shape
    cdef Py_ssize_t[1] strides
    cdef bint readonly
    cdef readonly Py_ssize_t exports

    def __cinit__(self, bytes contents, bint readonly):
        self.data = <unsigned char *> malloc(max(1, len(contents)))
        if self.data is NULL:
            raise MemoryError
        memcpy(self.data, <const unsigned char *> contents, len(contents))
        self.shape[0] = len(contents)
        self.strides[0] = 1
        self.readonly = readonly

    def __dealloc__(self):
        free(self.data)

    def __getbuffer__(self, Py_buffer *view, int flags):
        if self.readonly and flags & PyBUF_WRITABLE:
            raise BufferError("WRITABLE was asked for, the memory is read-only")
        view.buf = self.data
        view.obj = self
        view.len = self.shape[0]
        view.itemsize = 1
        view.readonly = self.readonly
        view.ndim = 1
        view.format = FORMAT if flags & PyBUF_FORMAT == PyBUF_FORMAT else NULL
        view.shape = self.shape if flags & PyBUF_ND == PyBUF_ND else NULL
        view.strides = self.strides if flags & PyBUF_STRIDES == PyBUF_STRIDES else NULL
        view.suboffsets = NULL
        view.internal = NULL
        self.exports += 1

    def __releasebuffer__(self, Py_buffer *view):
        self.exports -= 1

# A pointer was cast from the mapping, and keeps it.
# exporter: mmap.mmap
# holder: global __main__.pointer
# error: cannot close exported pointers exist
import ctypes
import mmap

mapping = mmap.mmap(-1, 4096)
pointer = ctypes.cast(ctypes.byref(ctypes.c_char.from_buffer(mapping)), ctypes.POINTER(ctypes.c_char))  # acquired here
try:
    mapping.close()  # raised here
except BufferError as error:
    print(error)

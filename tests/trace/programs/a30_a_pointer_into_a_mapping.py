# A pointer into the mapping keeps it.
# exporter: mmap.mmap
# holder: global __main__.pointer
# error: cannot close exported pointers exist
import ctypes
import mmap

mapping = mmap.mmap(-1, 4096)
pointer = ctypes.pointer(ctypes.c_char.from_buffer(mapping))  # acquired here
try:
    mapping.close()  # raised here
except BufferError as error:
    print(error)

# An array over a mapped file: it borrows, and the mapping cannot be closed.
# exporter: mmap.mmap
# holder: numpy.ndarray | global __main__.pixels
# error: cannot close exported pointers exist
# needs: numpy
import mmap

import numpy

mapping = mmap.mmap(-1, 4096)
pixels = numpy.frombuffer(mapping, dtype="u1")  # acquired here
try:
    mapping.close()  # raised here
except BufferError as error:
    print(error)

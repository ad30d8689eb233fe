# Columns of a table lie in shared memory; closing it fails until the last is gone.
# exporter: mmap.mmap
# holder: numpy.ndarray | dict['price'] | global __main__.table
# error: cannot close exported pointers exist
# acquired in: shared_memory.py
# needs: numpy
from multiprocessing import shared_memory

import numpy

memory = shared_memory.SharedMemory(create=True, size=4096)
memory.unlink()
table = {"price": numpy.frombuffer(memory.buf, dtype="f8", count=4)}
try:
    memory.close()
except BufferError as error:
    print(error)

# What a context manager has yielded is kept, and its exit fails.
# exporter: mmap.mmap
# holder: memoryview | list | global __main__.rows
# error: cannot close exported pointers exist
import mmap
from contextlib import contextmanager


@contextmanager
def table():
    with mmap.mmap(-1, 4096) as mapping:
        yield memoryview(mapping)  # acquired here


rows = []
try:
    with table() as view:
        rows += [view[:16], view[16:32]]
        del view
except BufferError as error:
    print(error)

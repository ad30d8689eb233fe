# An object keeps a view in an attribute, and has no method that gives it back.
# exporter: mmap.mmap
# holder: memoryview | Scanner.window | global __main__.scanner
# error: cannot close exported pointers exist
import mmap


class Scanner:
    __slots__ = ("window",)

    def __init__(self, memory):
        self.window = memoryview(memory)  # acquired here


mapping = mmap.mmap(-1, 4096)
scanner = Scanner(mapping)
try:
    mapping.close()  # raised here
except BufferError as error:
    print(error)

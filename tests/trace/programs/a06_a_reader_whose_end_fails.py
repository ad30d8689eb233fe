# A reader closes its mapping in __del__, while what it gave out is still alive.
# exporter: mmap.mmap
# holder: memoryview | global __main__.image
# error: cannot close exported pointers exist
import mmap


class Reader:
    def __init__(self):
        self.mapping = mmap.mmap(-1, 4096)

    def image(self):
        return memoryview(self.mapping)[:64]  # acquired here

    def __del__(self):
        self.mapping.close()  # raised here


reader = Reader()
image = reader.image()
del reader

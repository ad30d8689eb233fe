# Closing fails, nobody is told, and the mapping stays.
# exporter: mmap.mmap
# holder: memoryview | Finder.index | global __main__.finder
# error: cannot close exported pointers exist
import mmap


class Finder:
    def __init__(self):
        self.mapping = mmap.mmap(-1, 1 << 20)
        self.index = memoryview(self.mapping)  # acquired here

    def cleanup(self):
        try:
            self.mapping.close()  # raised here
        except BufferError:
            pass


finder = Finder()
finder.cleanup()

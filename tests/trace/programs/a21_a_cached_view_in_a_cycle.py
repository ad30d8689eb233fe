# A frame caches its own view, and the view its frame: only the collector frees them.
# exporter: bytearray
# holder:
# why: garbage
import gc

gc.disable()


class Frame:
    def __init__(self):
        self.data = bytearray(1 << 16)
        self.buffer = memoryview(self.data)  # acquired here
        self.me = self


Frame()

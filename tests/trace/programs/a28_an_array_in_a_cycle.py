# Arrays in a cycle pin the store until somebody collects.
# exporter: bytearray
# holder:
# why: garbage
# needs: numpy
import gc

import numpy

gc.disable()


class Node:
    def __init__(self, data):
        self.array = numpy.frombuffer(data, dtype="u1")  # acquired here
        self.me = self


Node(bytearray(1 << 20))

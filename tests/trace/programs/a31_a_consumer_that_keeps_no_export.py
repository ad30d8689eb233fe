# The array has no export: the resize succeeds, and nothing is out that could be named.
# nothing: out
# needs: numpy
import numpy

data = bytearray(64)
array = numpy.ndarray((64,), dtype="u1", buffer=data)
data.extend(bytes(1 << 20))

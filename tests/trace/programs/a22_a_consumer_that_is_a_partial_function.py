# A callback was given the view as an argument.
# exporter: bytearray
# holder: memoryview | functools.partial | list | global __main__.callbacks
# error: Existing exports of data: object cannot be re-sized
from functools import partial

data = bytearray(4096)
callbacks = [partial(print, memoryview(data))]  # acquired here
try:
    data.clear()  # raised here
except BufferError as error:
    print(error)

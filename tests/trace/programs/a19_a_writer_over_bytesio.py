# A writer keeps the buffer of a BytesIO that it has long written.
# exporter: _io._BytesIOBuffer
# holder: memoryview | Writer.sink | global __main__.writer
# error: Existing exports of data: object cannot be re-sized
import io


class Writer:
    def __init__(self, file):
        self.sink = file.getbuffer()  # acquired here


file = io.BytesIO(b"parquet")
writer = Writer(file)
try:
    file.close()  # raised here
except BufferError as error:
    print(error)

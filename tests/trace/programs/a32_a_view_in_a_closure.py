# A function that was made in another keeps the view in a cell.
# exporter: bytearray
# holder: memoryview | view | global __main__.peek
# error: Existing exports of data: object cannot be re-sized
data = bytearray(4096)


def reader():
    view = memoryview(data)  # acquired here

    def read(position):
        return view[position]

    return read


peek = reader()
try:
    data.clear()  # raised here
except BufferError as error:
    print(error)

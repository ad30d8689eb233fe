# A generator that was not run to its end holds its locals.
# exporter: bytearray
# holder: memoryview | view | records | global __main__.pending
# error: Existing exports of data: object cannot be re-sized
data = bytearray(range(16))


def records():
    view = memoryview(data)  # acquired here
    for start in range(0, 16, 4):
        yield bytes(view[start : start + 4])


pending = records()
next(pending)
try:
    data.append(0)  # raised here
except BufferError as error:
    print(error)

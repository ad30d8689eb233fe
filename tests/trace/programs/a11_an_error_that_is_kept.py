# An error is kept for later, and with it the frame that holds the view.
# exporter: bytearray
# holder: memoryview | chunk | receive | ValueError | global __main__.last_error
# error: Existing exports of data: object cannot be re-sized
buffer = bytearray(4096)
last_error = None


def receive():
    chunk = memoryview(buffer)[:8]  # acquired here
    raise ValueError("connection lost", len(chunk))


try:
    receive()
except ValueError as error:
    last_error = error
try:
    buffer.extend(b"more")  # raised here
except BufferError as error:
    print(error)

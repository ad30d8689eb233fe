# The error that is being handled keeps the frames it went through, and their slices.
# exporter: bytearray
# holder: memoryview | check
# at: error
# error: Existing exports of data: object cannot be re-sized
data = bytearray(4096)


def check(view):
    part = view[16:]
    if part[0] == 0:
        raise ValueError("integrity")


def verify():
    try:
        check(memoryview(data))  # acquired here
    finally:
        data.clear()  # raised here


try:
    verify()
except BufferError as error:
    print(repr(error.__context__))

# The class itself holds the view.
# exporter: bytearray
# holder: memoryview | Parser.window
# error: Existing exports of data: object cannot be re-sized
class Parser:
    data = bytearray(4096)
    window = None


Parser.window = memoryview(Parser.data)  # acquired here
try:
    Parser.data.clear()  # raised here
except BufferError as error:
    print(error)

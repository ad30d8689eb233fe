# What was written is queued as a view; the writer's own buffer cannot be reused.
# exporter: bytearray
# holder: memoryview | collections.deque | Transport.queue | global __main__.transport
# error: Existing exports of data: object cannot be re-sized
from collections import deque


class Transport:
    def __init__(self):
        self.queue = deque()

    def write(self, data):
        self.queue.append(memoryview(data))  # acquired here


transport = Transport()
packet = bytearray(b"hello")
transport.write(packet)
try:
    packet.clear()  # raised here
except BufferError as error:
    print(error)

# A driver keeps a view of the reader's own buffer, and the next read fails inside asyncio.
# exporter: bytearray
# holder: memoryview | Driver.peeked | global __main__.driver
# error: Existing exports of data: object cannot be re-sized
import asyncio


class Driver:
    def peek(self, reader):
        self.peeked = memoryview(reader._buffer)  # acquired here


driver = Driver()


async def main():
    reader = asyncio.StreamReader()
    reader.feed_data(b"0123456789")
    driver.peek(reader)
    try:
        await reader.readexactly(4)
    except BufferError as error:
        print(error)


asyncio.run(main())

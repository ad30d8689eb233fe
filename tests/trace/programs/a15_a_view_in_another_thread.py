# Two threads use one buffer, and the other one holds it just now.
# exporter: bytearray
# holder: memoryview | view | send
# thread: sender
# at: error
# error: Existing exports of data: object cannot be re-sized
import threading

data = bytearray(4096)
taken, done = threading.Event(), threading.Event()


def send():
    view = memoryview(data)  # acquired here
    taken.set()
    done.wait()
    view.release()


thread = threading.Thread(target=send, name="sender")
thread.start()
taken.wait()
try:
    data.extend(b"more")  # raised here
except BufferError as error:
    print(error)
done.set()
thread.join()

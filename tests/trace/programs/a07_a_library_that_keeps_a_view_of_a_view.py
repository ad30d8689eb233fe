# A view cannot be released, because something took a buffer of it.
# exporter: memoryview
# holder: PickleBuffer | Message.source | global __main__.message
# error: memoryview has 1 exported buffer
import pickle


class Message:
    def __init__(self, buffer):
        self.source = pickle.PickleBuffer(buffer)  # acquired here


view = memoryview(bytearray(4096))
message = Message(view)
try:
    view.release()  # raised here
except BufferError as error:
    print(error)

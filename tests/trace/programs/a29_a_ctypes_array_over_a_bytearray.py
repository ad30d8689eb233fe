# A surface over a bytearray, as ctypes makes one.
# exporter: bytearray
# holder: c_char_Array | global __main__.surface
# error: Existing exports of data: object cannot be re-sized
import ctypes

pixels = bytearray(4096)
surface = (ctypes.c_char * 4096).from_buffer(pixels)  # acquired here
try:
    pixels.clear()  # raised here
except BufferError as error:
    print(error)

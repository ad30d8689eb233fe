# After a native call the bytearray can never be resized again.
# exporter: bytearray
# holder:
# why: C
# error: Existing exports of data: object cannot be re-sized
# acquired in: native.py
from native import keep

data = bytearray(b"uart")
keep(data)
try:
    data += b"more"  # raised here
except BufferError as error:
    print(error)

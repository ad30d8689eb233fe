# Native code acquires, finds the data wrong and returns without giving back.
# exporter: bytearray
# holder:
# why: C
# acquired in: native.py
# called from: parse
from native import keep


def parse(data):
    keep(data)
    raise ValueError("no icon")


try:
    parse(bytearray(b"\0\0\2\0"))
except ValueError as error:
    print(error)

# A few bytes are looked at, and the whole buffer stays.
# exporter: bytearray
# holder: memoryview | Row.key | list | global __main__.rows
# bytes: 1048576
from dataclasses import dataclass


@dataclass
class Row:
    key: memoryview


def read():
    return Row(memoryview(bytearray(1 << 20))[:8])  # acquired here


rows = [read()]

# A function of an extension takes the buffer of each call and never gives it back.
# exporter: bytearray
# holder:
# why: C
# acquired in: native.py
from native import keep

for _ in range(3):
    keep(bytearray(1 << 20))

# Three thousand calls, and every input stays.
# exporter: bytearray
# holder: memoryview | list | global __main__.inputs
# site: acquired 3000, live 3000
inputs = []


def call(data):
    inputs.append(memoryview(data))  # acquired here


for _ in range(3000):
    call(bytearray(100))
